/* SPDX-License-Identifier: MIT
 *
 * The program runs with interposers of mmap, munmap, madvise, mprotect, open, getenv, sysconf,
 * dl_iterate_phdr and pthread_key_create that call dlsym and malloc, preloaded before and behind the
 * allocator.
 */
#include "life/life.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>

static int visit(struct dl_phdr_info *info, size_t size, void *count)
{
    (void)info;
    (void)size;
    life_free(life_block(100, 3));
    ++*(int *)count;
    return 0;
}

static void *use_all(void *unused)
{
    static struct life_pool pools[2];
    static int next;
    struct life_pool *pool = &pools[__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)];
    life_use_every_class(1);
    life_churn(pool, 20000, 300 * LIFE_KIB);
    life_pool_free(pool);
    int nobjects = 0;
    dl_iterate_phdr(visit, &nobjects);
    CHECK_LE(3, nobjects);
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED);
    CHECK_EQ(mprotect(map, 4096, PROT_READ), 0);
    CHECK_EQ(madvise(map, 4096, MADV_DONTNEED), 0);
    CHECK_EQ(munmap(map, 4096), 0);
    int fd = open("/dev/null", O_RDONLY);
    CHECK(fd >= 0);
    close(fd);
    malloc_trim(0);
    return unused;
}

int main(int argc, char **argv)
{
    const char *order = argc > 1 ? argv[1] : "";
    const char *acre = getenv("ACRE_TEST_PRELOAD");
    const char *folder = getenv("ACRE_TEST_BIN");
    CHECK(acre != NULL && folder != NULL);
    char preload[4096];
    if (strcmp(order, "before") == 0)
        snprintf(preload, sizeof preload, "%s/life.interpose_lib.so %s", folder, acre);
    else if (strcmp(order, "behind") == 0)
        snprintf(preload, sizeof preload, "%s %s/life.interpose_lib.so", acre, folder);
    else
        LIFE_FAIL("case is before or behind");
    life_rerun_preloaded(argv, preload);
    life_deadline(60, "a program under interposers");
    unsigned *calls = (unsigned *)dlsym(RTLD_DEFAULT, "interpose_calls");
    CHECK(calls != NULL);
    use_all(NULL);
    life_join(life_thread(use_all, NULL));
    check_note("the interposers ran %u times", *calls);
    CHECK_LE(10, *calls);
    return 0;
}
