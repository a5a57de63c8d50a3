/* SPDX-License-Identifier: MIT
 *
 * 64 copies of libacre.so.1 under different names are opened in one process: each takes its initial-exec
 * TLS from the small surplus of static TLS that libc keeps for late comers, and each is an allocator of
 * its own. The copies are used from two threads, also from one that was there before they were opened.
 */
#include "life/life.h"

#include <dlfcn.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { COPIES = 64 };

struct copy {
    void *(*malloc)(size_t size);
    void *(*realloc)(void *block, size_t size);
    void (*free)(void *block);
    void *block;
};

static struct copy copies[COPIES];
static pthread_barrier_t opened;

static void copy_file(const char *from, const char *to)
{
    struct stat status;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    CHECK(in >= 0 && out >= 0);
    CHECK_EQ(fstat(in, &status), 0);
    CHECK_EQ(sendfile(out, in, NULL, (size_t)status.st_size), status.st_size);
    close(in);
    close(out);
}

static void open_copy(struct copy *copy, const char *library, const char *folder, int n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/life.copy-%d-%d.so", folder, (int)getpid(), n);
    copy_file(library, path);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        check_note("copy %d: %s", n, dlerror());
    unlink(path);
    CHECK(handle != NULL);
    copy->malloc = (void *(*)(size_t))dlsym(handle, "acre_malloc");
    copy->realloc = (void *(*)(void *, size_t))dlsym(handle, "acre_realloc");
    copy->free = (void (*)(void *))dlsym(handle, "acre_free");
    CHECK(copy->malloc != NULL && copy->realloc != NULL && copy->free != NULL);
    CHECK(n == 0 || copy->malloc != copies[0].malloc);
}

static void use_copies(uint64_t seed)
{
    for (size_t i = 0; i < COPIES; i++) {
        void *block = copies[i].malloc(100 + i * 1000);
        CHECK(block != NULL);
        life_seal(block, 100 + i * 1000, seed);
        block = copies[i].realloc(block, 200 + i * 1000);
        CHECK(block != NULL);
        life_check_prefix(block, 100 + i * 1000);
        copies[i].free(block);
    }
}

static void *early_thread(void *unused)
{
    pthread_barrier_wait(&opened);
    use_copies(1);
    for (size_t i = 0; i < COPIES; i++) {
        life_check_seal(copies[i].block);
        copies[i].free(copies[i].block);
    }
    return unused;
}

static void *late_thread(void *unused)
{
    use_copies(2);
    return unused;
}

int main(void)
{
    const char *build = getenv("ACRE_TEST_BUILD");
    const char *folder = getenv("ACRE_TEST_BIN");
    CHECK(build != NULL && folder != NULL);
    char library[4096];
    snprintf(library, sizeof library, "%s/libacre.so.1", build);
    life_deadline(60, "64 copies of the library");
    CHECK_EQ(pthread_barrier_init(&opened, NULL, 2), 0);
    pthread_t early = life_thread(early_thread, NULL);
    for (int n = 0; n < COPIES; n++) {
        open_copy(&copies[n], library, folder, n);
        copies[n].block = copies[n].malloc(3000);
        CHECK(copies[n].block != NULL);
        life_seal(copies[n].block, 3000, (uint64_t)n);
    }
    pthread_barrier_wait(&opened);
    life_join(early);
    life_join(life_thread(late_thread, NULL));
    use_copies(3);
    return 0;
}
