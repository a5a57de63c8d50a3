/* SPDX-License-Identifier: MIT
 *
 * A library that interposes the functions an allocator might call while it starts, and in each of them looks
 * up the real one with dlsym (which may allocate) and allocates. An allocator that calls any of them from
 * inside malloc recurses without end or deadlocks; test interpose.c preloads it.
 */
#include "life/life.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>

unsigned interpose_calls;

static void *real(const char *name)
{
    __atomic_fetch_add(&interpose_calls, 1, __ATOMIC_RELAXED);
    life_free(life_block(48, 1));
    life_free(life_block(200 * LIFE_KIB, 2));
    void *next = dlsym(RTLD_NEXT, name);
    CHECK(next != NULL);
    return next;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    return ((void *(*)(void *, size_t, int, int, int, off_t))real("mmap"))(address, length, protection, flags,
                                                                           fd, offset);
}

int munmap(void *address, size_t length)
{
    return ((int (*)(void *, size_t))real("munmap"))(address, length);
}

int madvise(void *address, size_t length, int advice)
{
    return ((int (*)(void *, size_t, int))real("madvise"))(address, length, advice);
}

int mprotect(void *address, size_t length, int protection)
{
    return ((int (*)(void *, size_t, int))real("mprotect"))(address, length, protection);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return ((int (*)(const char *, int, ...))real("open"))(path, flags, mode);
}

char *getenv(const char *name)
{
    return ((char *(*)(const char *))real("getenv"))(name);
}

char *secure_getenv(const char *name)
{
    return ((char *(*)(const char *))real("secure_getenv"))(name);
}

long sysconf(int name)
{
    return ((long (*)(int))real("sysconf"))(name);
}

int dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *data)
{
    return ((int (*)(int (*)(struct dl_phdr_info *, size_t, void *), void *))real("dl_iterate_phdr"))(visit,
                                                                                                      data);
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    return ((int (*)(pthread_key_t *, void (*)(void *)))real("pthread_key_create"))(key, destructor);
}

/* As much as most interposers do: something of their own before anyone else. */
__attribute__((constructor(101))) static void begin(void)
{
    CHECK(getenv("PATH") != NULL);
}
