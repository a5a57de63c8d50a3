/* SPDX-License-Identifier: MIT
 *
 * Mappings are a budget (vm.max_map_count): a heap of 1 GiB of address space, used, half freed in
 * scattered order, trimmed and left to age, may add at most 64 mappings and one for each 8 MiB; in hardened
 * mode too, where the system has guard pages that are not mappings.
 *
 *   vma_budget [MIB]     1024 unless given
 */
#include "life/life.h"

#include <sys/mman.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

enum { MOST_BLOCKS = 1 << 21 };

static size_t count_maps(void)
{
    char text[16384];
    size_t nlines = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    for (ssize_t length; (length = read(fd, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < length; i++)
            nlines += text[i] == '\n';
    close(fd);
    return nlines;
}

int main(int argc, char **argv)
{
    size_t heap_bytes = (size_t)(argc > 1 ? atoi(argv[1]) : 1024) * LIFE_MIB;
    static void *blocks[MOST_BLOCKS];
    static char page[4096] __attribute__((aligned(4096)));
    const char *conf = getenv("ACRE_CONF");
    if (conf != NULL && strstr(conf, "hardened=1") != NULL && madvise(page, 4096, MADV_GUARD_INSTALL) != 0)
        check_skip("guard pages: %s; each is two mappings here, and there are 4096 at most", strerror(errno));
    uint64_t random = 1;
    size_t nblocks = 0, bytes = 0;
    life_deadline(60, "the budget of mappings");
    free(malloc(100));
    size_t before = count_maps(), most = before;
    for (; bytes < heap_bytes && nblocks < MOST_BLOCKS; nblocks++) {
        size_t size = life_random_size(&random, nblocks % 100 == 0 ? 8 * LIFE_MIB : 4000);
        blocks[nblocks] = malloc(size);
        CHECK(blocks[nblocks] != NULL);
        life_seal(blocks[nblocks], size < 64 ? size : 64, nblocks);
        bytes += size;
    }
    size_t full = count_maps();
    for (size_t i = 0; i < nblocks; i += 2) {
        life_free(blocks[i]);
        if (i % 65536 == 0) {
            size_t now = count_maps();
            most = now > most ? now : most;
        }
    }
    malloc_trim(0);
    size_t trimmed = count_maps();
    life_sleep_ms(2000);
    size_t aged = count_maps();
    for (size_t i = 1; i < nblocks; i += 2)
        life_free(blocks[i]);
    check_note(
        "%zu MiB in %zu blocks; mappings: %zu at first, %zu full, %zu in the frees, %zu trimmed, %zu aged",
        bytes / LIFE_MIB, nblocks, before, full, most, trimmed, aged);
    most = full > most ? full : most;
    most = trimmed > most ? trimmed : most;
    most = aged > most ? aged : most;
    life_bound("mappings added by the heap", most - before, 64 + bytes / (8 * LIFE_MIB), "mappings");
    return 0;
}
