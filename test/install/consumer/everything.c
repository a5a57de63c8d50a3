/* SPDX-License-Identifier: MIT
 *
 * everything.c -- names every malloc symbol, and uses threads, getaddrinfo and dlopen: linked fully static,
 * any name that only libc's own malloc had would pull that in too, and the link would fail with two of each.
 */
#define _GNU_SOURCE
#include <acre/acre.h>
#include <dlfcn.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void free_sized(void *, size_t);
void free_aligned_sized(void *, size_t, size_t);
void cfree(void *);
void *__libc_malloc(size_t);
void __libc_free(void *);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void *__libc_valloc(size_t);
void *__libc_pvalloc(size_t);

static int faults;

/* Each block in turn must be acre's: its usable size is what acre promises for 100 bytes. */
static void expect(const char *what, void *block, size_t usable)
{
    if (block && acre_usable_size(block) == usable && malloc_usable_size(block) == usable)
        return;
    printf("%s: usable %zu, wanted %zu\n", what, acre_usable_size(block), usable);
    faults++;
}

static void family(void)
{
    void *block = malloc(100);
    expect("malloc", block, 112);
    free(block);
    expect("calloc", block = calloc(10, 10), 112);
    expect("realloc", block = realloc(block, 200), acre_good_size(200));
    expect("reallocarray", block = reallocarray(block, 10, 10), 112);
    free_sized(block, 100);
    expect("aligned_alloc", block = aligned_alloc(16, 100), 112);
    free_aligned_sized(block, 16, 100);
    expect("memalign", block = memalign(16, 100), 112);
    cfree(block);
    if (posix_memalign(&block, 16, 100) != 0)
        faults++;
    expect("posix_memalign", block, 112);
    free(block);
    block = valloc(100);
    free(block);
    block = pvalloc(100);
    free(block);
}

static void aliases(void)
{
    void *block = __libc_malloc(100);
    expect("__libc_malloc", block, 112);
    expect("__libc_realloc", block = __libc_realloc(block, 90), acre_good_size(90));
    __libc_free(block);
    expect("__libc_calloc", block = __libc_calloc(1, 100), 112);
    free(block);
    expect("__libc_memalign", block = __libc_memalign(16, 100), 112);
    free(block);
    free(__libc_valloc(1));
    free(__libc_pvalloc(1));
}

static void inspection(void)
{
    mallopt(M_ARENA_MAX, 1);
    struct mallinfo2 info = mallinfo2();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
    printf("in use %zu, %d\n", info.uordblks, narrow.uordblks);
    malloc_trim(0);
    malloc_stats();
    if (malloc_info(0, stdout) != 0)
        faults++;
}

static void *in_thread(void *arg)
{
    (void)arg;
    family();
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    family();
    aliases();
    inspection();
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, in_thread, NULL) != 0)
            return 2;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    struct addrinfo hints, *found = NULL;
    memset(&hints, 0, sizeof(hints));
    hints.ai_flags = AI_NUMERICHOST;
    if (getaddrinfo("127.0.0.1", NULL, &hints, &found) == 0)
        freeaddrinfo(found);
    void *self = dlopen(NULL, RTLD_NOW);
    printf("dlopen %s, %d faults\n", self ? "works" : "is refused", faults);
    return faults ? 1 : 0;
}
