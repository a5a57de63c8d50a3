/* SPDX-License-Identifier: MIT
 *
 * claims.c -- the bits of claims.h: a table of leaves, each for 4 GiB of addresses.
 */
#include "claims.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    GRANULE_BITS = 4,
    LEAF_BITS = 32,    /* bytes of address space under one leaf, as a power of two */
    ADDRESS_BITS = 47, /* user addresses on x86-64 and common aarch64 */
    WORD_GRANULES = 64
};

static const size_t leaf_bytes = ((size_t)1 << (LEAF_BITS - GRANULE_BITS)) / 8;

static uint64_t *leaves[(size_t)1 << (ADDRESS_BITS - LEAF_BITS)];

static uint64_t *get_leaf(uintptr_t address)
{
    uint64_t **place = &leaves[address >> LEAF_BITS];
    uint64_t *leaf = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (leaf)
        return leaf;
    uint64_t *fresh =
        mmap(NULL, leaf_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh == MAP_FAILED)
        abort();
    if (__atomic_compare_exchange_n(place, &leaf, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    munmap(fresh, leaf_bytes);
    return leaf;
}

/* Set or clear the bits of one word; true when all of them were as they had to be. */
static bool change_word(uintptr_t granule, uint64_t mask, bool live)
{
    uintptr_t address = granule << GRANULE_BITS;
    size_t in_leaf = granule & (((size_t)1 << (LEAF_BITS - GRANULE_BITS)) - 1);
    uint64_t *word = &get_leaf(address)[in_leaf / WORD_GRANULES];
    if (live)
        return (__atomic_fetch_or(word, mask, __ATOMIC_RELAXED) & mask) == 0;
    return (__atomic_fetch_and(word, ~mask, __ATOMIC_RELAXED) & mask) == mask;
}

static bool change(const void *start, size_t bytes, bool live)
{
    uintptr_t granule = (uintptr_t)start >> GRANULE_BITS;
    uintptr_t end = ((uintptr_t)start + bytes + (1 << GRANULE_BITS) - 1) >> GRANULE_BITS;
    if (end < granule || end >> (ADDRESS_BITS - GRANULE_BITS) != 0)
        return false;
    while (granule < end) {
        uintptr_t first_bit = granule % WORD_GRANULES;
        uintptr_t nbits =
            end - granule < WORD_GRANULES - first_bit ? end - granule : WORD_GRANULES - first_bit;
        uint64_t mask = (nbits == WORD_GRANULES ? ~UINT64_C(0) : (UINT64_C(1) << nbits) - 1) << first_bit;
        if (!change_word(granule, mask, live))
            return false;
        granule += nbits;
    }
    return true;
}

bool claims_add(const void *start, size_t bytes)
{
    return change(start, bytes, true);
}

bool claims_remove(const void *start, size_t bytes)
{
    return change(start, bytes, false);
}
