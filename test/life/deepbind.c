/* SPDX-License-Identifier: MIT
 *
 * Blocks that cross between two allocators: a library opened with RTLD_DEEPBIND calls libc's malloc even
 * though the program runs on another (a dlmopen'ed one calls the malloc of its own libc).
 *
 *   free       the program frees the library's blocks: they go back to libc, whose use shrinks again
 *   arena      the same with blocks of one of libc's other arenas, those of threads
 *   realloc    the program reallocates one: it works with contents kept, or the process ends with a clear
 *              line
 *   refuse     free with the option foreign_to_libc=0: the process ends with a clear line
 *   reverse    the library frees the program's block through libc: it ends by a signal or works; it never
 *              hangs
 *   dropped    without the option deepbind the flag has no effect: the library allocates with acre as well
 *   namespace  the program frees a block of a libc in another namespace: it works or ends with a clear line
 */
#include "life/life.h"

#include <dlfcn.h>

enum { BLOCKS = 300 };

static void *(*plugin_make)(size_t size, uint64_t seed);
static void (*plugin_free)(void *block);
static size_t (*plugin_used_bytes)(void);

static void load(void *handle)
{
    if (handle == NULL)
        check_note("%s", dlerror());
    CHECK(handle != NULL);
    plugin_make = (void *(*)(size_t, uint64_t))dlsym(handle, "plugin_make");
    plugin_free = (void (*)(void *))dlsym(handle, "plugin_free");
    plugin_used_bytes = (size_t(*)(void))dlsym(handle, "plugin_used_bytes");
    CHECK(plugin_make != NULL && plugin_free != NULL && plugin_used_bytes != NULL);
}

static void test_free(void)
{
    static void *blocks[BLOCKS];
    size_t used_before = plugin_used_bytes();
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = plugin_make(2000 + 10 * i, i);
    size_t used_most = plugin_used_bytes();
    errno = 77;
    for (size_t i = 0; i < BLOCKS; i++)
        life_free(blocks[i]);
    CHECK_ERRNO(77);
    size_t used_after = plugin_used_bytes();
    check_note(
        "libc's use: %zu bytes before, %zu with the library's blocks, %zu after the program freed them",
        used_before, used_most, used_after);
    CHECK_LE(used_before + 2000 * BLOCKS, used_most);
    CHECK_LE(used_after, used_before + 10000);
    void *big = plugin_make(5 * LIFE_MIB, 1); /* libc maps this one by itself */
    life_free(big);
    void *block = plugin_make(100, 1);
    plugin_free(block);
}

static void *make_in_thread(void *blocks)
{
    for (size_t i = 0; i < BLOCKS; i++)
        ((void **)blocks)[i] = plugin_make(2000 + 10 * i, i);
    return NULL;
}

static void test_arena(void)
{
    static void *blocks[BLOCKS];
    plugin_free(plugin_make(100, 1)); /* the main arena is this thread's now */
    size_t used_before = plugin_used_bytes();
    life_join(life_thread(make_in_thread, blocks));
    CHECK_LE((uintptr_t)sbrk(0), (uintptr_t)blocks[0]); /* not of the main arena */
    CHECK_LE(used_before + 2000 * BLOCKS, plugin_used_bytes());
    CHECK_LE(2000, malloc_usable_size(blocks[0]));
    for (size_t i = 0; i < BLOCKS; i++)
        life_free(blocks[i]);
    CHECK_LE(plugin_used_bytes(), used_before + 10000);
}

static void test_realloc(void)
{
    void *block = plugin_make(1000, 3);
    CHECK_LE(1000, malloc_usable_size(block));
    block = realloc(block, 4000);
    CHECK(block != NULL);
    CHECK_EQ(life_check_prefix(block, 1000), 1000);
    free(block);
}

static void free_foreign(void)
{
    life_free(plugin_make(1000, 4));
    life_use_every_class(4);
}

static void test_reverse(void)
{
    plugin_free(life_block(1000, 5));
    void *block = plugin_make(1000, 6);
    life_free(life_block(1000, 7));
    plugin_free(block);
    life_use_every_class(5);
}

/* What one side allocates the other frees and resizes; nothing of it is libc's. */
static void test_dropped(void)
{
    plugin_free(life_block(1000, 5));
    size_t before = mallinfo2().uordblks;
    void *block = plugin_make(20000, 6);
    CHECK_LE(before + 20000, mallinfo2().uordblks);
    CHECK_EQ(plugin_used_bytes(), mallinfo2().uordblks);
    life_free(block);
}

/* Runs the body in a child and returns how it ended; its stderr goes into text. */
static int outcome(void (*body)(void), char *text, size_t size)
{
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        life_child_begin();
        dup2(ends[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], text + length, size - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    int status = 0;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    check_note("outcome: %s %d, stderr: %s", WIFSIGNALED(status) ? "signal" : "exit status",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), text[0] ? text : "(nothing)\n");
    return status;
}

static void expect_line_or_success(int status, const char *text, int may_succeed)
{
    if (may_succeed && status == 0)
        return;
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGABRT);
    CHECK(strncmp(text, "acre: ", 6) == 0);
    CHECK(strstr(text, "did not allocate: 0x") != NULL);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const char *folder = getenv("ACRE_TEST_BIN");
    CHECK(folder != NULL);
    char path[4096], text[4096];
    snprintf(path, sizeof path, "%s/life.plugin_lib.so", folder);
    if (strcmp(name, "refuse") == 0 && getenv("LIFE_RERUN") == NULL) {
        setenv("ACRE_CONF", "deepbind=1,foreign_to_libc=0", 1);
        life_rerun_preloaded(argv, getenv("LD_PRELOAD"));
    }
    life_deadline(30, "blocks between two allocators");
    load(strcmp(name, "namespace") == 0 ? dlmopen(LM_ID_NEWLM, path, RTLD_NOW)
                                        : dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND));
    if (strcmp(name, "free") == 0)
        test_free();
    else if (strcmp(name, "dropped") == 0)
        test_dropped();
    else if (strcmp(name, "arena") == 0)
        test_arena();
    else if (strcmp(name, "realloc") == 0)
        expect_line_or_success(outcome(test_realloc, text, sizeof text), text, 1);
    else if (strcmp(name, "refuse") == 0)
        expect_line_or_success(outcome(free_foreign, text, sizeof text), text, 0);
    else if (strcmp(name, "namespace") == 0)
        expect_line_or_success(outcome(free_foreign, text, sizeof text), text, 1);
    else if (strcmp(name, "reverse") == 0)
        CHECK(outcome(test_reverse, text, sizeof text) == 0 || strstr(text, "check failed") == NULL);
    else
        LIFE_FAIL("case is free, dropped, arena, realloc, refuse, reverse or namespace");
    life_use_every_class(9);
    return 0;
}
