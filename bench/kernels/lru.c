/* SPDX-License-Identifier: MIT
 *
 * lru.c -- a cache of 48 MiB that drops its oldest entries while the sizes of new ones move from phase to
 * phase.
 *
 * Memory freed in one size must serve another: the peak shows how much of it stays behind. An index of
 * small nodes, one an entry, lives as long as the entry and pins the pages it shares.
 */
#include <string.h>

#include "kernel.h"

#define LIMIT_BYTES ((size_t)48 << 20)
#define NPHASES 6

struct entry {
    struct entry *newer;
    unsigned char *value;
    size_t size;
};

static struct entry *oldest, *newest;
static size_t used_bytes, nentries, peak_entries;

static uint64_t evict(void)
{
    struct entry *entry = oldest;
    uint64_t sum;

    used_bytes -= entry->size;
    nentries--;
    oldest = entry->newer;
    if (oldest == NULL)
        newest = NULL;
    sum = kernel_drop(entry->value, entry->size);
    free(entry);
    return sum;
}

static void insert(size_t size, unsigned char mark)
{
    struct entry *entry = need(malloc(sizeof *entry));

    entry->newer = NULL;
    entry->size = size;
    entry->value = kernel_take(size, mark);
    memset(entry->value, mark, size);
    if (newest != NULL)
        newest->newer = entry;
    else
        oldest = entry;
    newest = entry;
    used_bytes += size;
    if (++nentries > peak_entries)
        peak_entries = nentries;
}

int main(int argc, char **argv)
{
    static const struct {
        unsigned min_exponent, max_exponent;
    } phase[NPHASES] = {
        {4, 7}, {7, 9}, {5, 12}, {10, 13}, {4, 6}, {12, 16},
    };
    size_t phase_bytes = kernel_work(argc, argv, (size_t)96 << 20);
    uint64_t seed = 13, sum = 0;

    for (size_t p = 0; p < NPHASES; p++) {
        for (size_t done = 0, i = 0; done < phase_bytes; i++) {
            size_t size = rng_size(&seed, phase[p].min_exponent, phase[p].max_exponent);

            while (used_bytes + size > LIMIT_BYTES)
                sum += evict();
            insert(size, (unsigned char)i);
            done += size;
        }
    }
    while (oldest != NULL)
        sum += evict();
    kernel_live(LIMIT_BYTES + peak_entries * sizeof *oldest);
    return kernel_done(sum);
}
