/* SPDX-License-Identifier: MIT
 *
 * phases.c -- a server whose requests change their kind: its records are of one range of sizes for a while,
 * then of another, and a few of each kind stay.
 *
 * In each phase 40 MiB of new records replace the old ones in random order; one in 32 survives to the end and
 * keeps the memory around it from being given to another use.
 */
#include <string.h>

#include "kernel.h"

#define HELD_BYTES ((size_t)40 << 20)
#define MAX_RECORDS 1000000
#define NPHASES 6

struct record {
    unsigned char *block;
    size_t size;
};

struct table {
    struct record *record;
    size_t nrecords, bytes;
};

static size_t live_bytes, peak_bytes;

static void add(struct table *table, size_t size, unsigned char mark)
{
    if (table->nrecords == MAX_RECORDS)
        abort();
    table->record[table->nrecords].block = kernel_take(size, mark);
    memset(table->record[table->nrecords].block, mark, size);
    table->record[table->nrecords++].size = size;
    table->bytes += size;
    live_bytes += size + sizeof *table->record;
    if (live_bytes > peak_bytes)
        peak_bytes = live_bytes;
}

static uint64_t drop(struct table *table, size_t at)
{
    struct record gone = table->record[at];

    table->record[at] = table->record[--table->nrecords];
    table->bytes -= gone.size;
    live_bytes -= gone.size + sizeof gone;
    return kernel_drop(gone.block, gone.size);
}

/* New records of this phase's sizes push out the old ones, picked at random; a few go to `kept`. */
static uint64_t change(struct table *table, struct table *kept, unsigned exponent, uint64_t *seed)
{
    uint64_t sum = 0;
    struct table new = {need(calloc(MAX_RECORDS, sizeof *new.record)), 0, 0};

    while (new.bytes < HELD_BYTES) {
        size_t size = rng_size(seed, exponent, exponent + 2);

        while (table->nrecords > 0 && table->bytes + new.bytes + size > HELD_BYTES)
            sum += drop(table, rng_below(seed, table->nrecords));
        add(rng_below(seed, 32) == 0 ? kept : &new, size, (unsigned char)size);
    }
    free(table->record);
    *table = new;
    return sum;
}

int main(int argc, char **argv)
{
    static const unsigned exponents[NPHASES] = {7, 9, 6, 12, 8, 14};
    struct table table = {NULL, 0, 0}, kept = {need(calloc(MAX_RECORDS, sizeof *kept.record)), 0, 0};
    size_t nphases = kernel_work(argc, argv, 1200) / 100;
    uint64_t seed = 43, sum = 0;

    for (size_t p = 0; p < nphases; p++) {
        sum += change(&table, &kept, exponents[p % NPHASES], &seed);
        while (p % NPHASES == NPHASES - 1 && kept.nrecords > 0)
            sum += drop(&kept, rng_below(&seed, kept.nrecords));
    }
    while (table.nrecords > 0)
        sum += drop(&table, table.nrecords - 1);
    while (kept.nrecords > 0)
        sum += drop(&kept, kept.nrecords - 1);
    free(table.record);
    free(kept.record);
    kernel_live(peak_bytes);
    return kernel_done(sum);
}
