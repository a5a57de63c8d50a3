/* SPDX-License-Identifier: MIT
 *
 * The first allocation of the program comes from inside libc, from a thread, from a signal handler or from
 * a free: nothing has prepared the allocator by then. One process a case; none allocates before its case.
 */
#include "life/life.h"

#include <dlfcn.h>

extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *dso);
extern void *__dso_handle;

enum { KEYS = 500, HANDLERS = 200 };
static unsigned handlers_run;
static pthread_key_t keys[KEYS];

static void handler(void)
{
    life_free(life_block(100 + handlers_run, handlers_run));
    handlers_run++;
}

/* Registered first, so it runs last. */
static void check_handlers(void)
{
    CHECK_EQ(handlers_run, HANDLERS);
}

static void destroy_object(void *object)
{
    life_free(life_block(1000, (uintptr_t)object));
    handlers_run++;
}

/* Values of keys over 32 live in an array that libc callocs. */
static void *set_keys(void *unused)
{
    for (size_t i = 0; i < KEYS; i++) {
        CHECK_EQ(pthread_key_create(&keys[i], destroy_object), 0);
        CHECK_EQ(pthread_setspecific(keys[i], &keys[i]), 0);
    }
    return unused;
}

static void *register_thread_exits(void *unused)
{
    for (int i = 0; i < HANDLERS; i++)
        CHECK_EQ(__cxa_thread_atexit_impl(destroy_object, &keys[i], __dso_handle), 0);
    return unused;
}

static void allocate_in_handler(int signal_number)
{
    life_use_every_class((uint64_t)signal_number);
    handlers_run++;
}

static void *allocate_in_thread(void *unused)
{
    life_use_every_class(1);
    return unused;
}

static void first_is_a_free(void)
{
    errno = 77;
    free(check_escape(NULL));
    CHECK_ERRNO(77);
    CHECK_EQ(malloc_usable_size(NULL), 0);
    void *block = realloc(check_escape(NULL), 100);
    CHECK(block != NULL);
    free(block);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    life_deadline(30, "first use");
    if (strcmp(name, "setspecific") == 0) {
        set_keys(NULL);
    } else if (strcmp(name, "setspecific_thread") == 0) {
        life_join(life_thread(set_keys, NULL));
        CHECK_EQ(handlers_run, KEYS);
    } else if (strcmp(name, "atexit") == 0) {
        CHECK_EQ(atexit(check_handlers), 0);
        for (int i = 0; i < HANDLERS; i++)
            CHECK_EQ(atexit(handler), 0);
    } else if (strcmp(name, "thread_atexit") == 0) {
        life_join(life_thread(register_thread_exits, NULL));
        CHECK_EQ(handlers_run, HANDLERS);
    } else if (strcmp(name, "signal") == 0) {
        signal(SIGUSR1, allocate_in_handler);
        raise(SIGUSR1);
        CHECK_EQ(handlers_run, 1);
    } else if (strcmp(name, "thread") == 0) {
        life_join(life_thread(allocate_in_thread, NULL));
    } else if (strcmp(name, "free") == 0) {
        first_is_a_free();
    } else if (strcmp(name, "fork") == 0) {
        pid_t pid = fork();
        if (pid == 0) {
            life_use_every_class(2);
            _exit(0);
        }
        life_reap(pid);
    } else if (strcmp(name, "dlerror") == 0) {
        CHECK(dlopen("no-such-library.so", RTLD_NOW) == NULL);
        CHECK(dlerror() != NULL);
    } else {
        LIFE_FAIL("no such case");
    }
    life_use_every_class(3);
    return 0;
}
