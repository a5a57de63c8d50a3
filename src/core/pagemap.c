/* SPDX-License-Identifier: MIT */
#include "core/pagemap.h"

#include "base/atomic.h"
#include "core/addresses.h"
#include "os/os.h"

#define LEAF_SHIFT 32
#define LEAF_UNITS ((size_t)1 << (LEAF_SHIFT - AC_UNIT_SHIFT))
#define ROOT_LEAVES ((size_t)1 << (AC_ADDRESS_BITS - LEAF_SHIFT))

/* Before the window is placed every user address is outside it. */
uintptr_t ac_window_base = (uintptr_t)1 << 63;
uint64_t *ac_window_leaf;

static uint64_t *root[ROOT_LEAVES];
static size_t leaf_count;
/* All addresses that entries were ever reserved for lie in between. */
static uintptr_t lowest = UINTPTR_MAX;
static uintptr_t highest;

static uint64_t *entry_of(uintptr_t addr)
{
    size_t unit = (addr - ac_window_base) >> AC_UNIT_SHIFT;
    if (addr >> AC_ADDRESS_BITS != 0)
        return NULL;
    if (unit < AC_WINDOW_UNITS)
        return &ac_window_leaf[unit];
    uint64_t *leaf = ac_load_acq(&root[addr >> LEAF_SHIFT]);
    return leaf == NULL ? NULL : &leaf[(addr >> AC_UNIT_SHIFT) & (LEAF_UNITS - 1)];
}

uint64_t ac_pagemap_get_far(const void *addr)
{
    uint64_t *entry = entry_of((uintptr_t)addr);
    return entry == NULL ? 0 : ac_load_rlx(entry);
}

static bool reserve_one(uintptr_t addr)
{
    if (ac_load_acq(&root[addr >> LEAF_SHIFT]) != NULL)
        return true;
    uint64_t *leaf = ac_os_map(0, LEAF_UNITS * sizeof *leaf);
    uint64_t *none = NULL;
    if (leaf == NULL)
        return false;
    if (ac_cas_rel(&root[addr >> LEAF_SHIFT], &none, leaf)) {
        ac_fetch_add_rlx(&leaf_count, 1);
        ac_addresses_add_own(leaf, LEAF_UNITS * sizeof *leaf);
    } else {
        ac_os_unmap(leaf, LEAF_UNITS * sizeof *leaf);
    }
    return true;
}

static void widen(uintptr_t from, uintptr_t to)
{
    uintptr_t low = ac_load_rlx(&lowest);
    uintptr_t high = ac_load_rlx(&highest);
    while (from < low && !ac_cas_rel(&lowest, &low, from))
        continue;
    while (to > high && !ac_cas_rel(&highest, &high, to))
        continue;
}

/* A range that is not all in the window gets a leaf for each 4 GiB it touches. */
bool ac_pagemap_reserve(uintptr_t addr, size_t bytes)
{
    widen(addr, addr + bytes);
    size_t first = (addr - ac_window_base) >> AC_UNIT_SHIFT;
    size_t last = (addr + bytes - 1 - ac_window_base) >> AC_UNIT_SHIFT;
    if (first < AC_WINDOW_UNITS && last < AC_WINDOW_UNITS)
        return true;
    if ((addr + bytes - 1) >> AC_ADDRESS_BITS != 0)
        return false;
    for (uintptr_t slot = addr >> LEAF_SHIFT; slot <= (addr + bytes - 1) >> LEAF_SHIFT; slot++) {
        if (!reserve_one(slot << LEAF_SHIFT))
            return false;
    }
    return true;
}

void ac_pagemap_set(uintptr_t addr, size_t units, uint64_t entry)
{
    for (size_t i = 0; i < units; i++)
        ac_store_rlx(entry_of(addr + i * AC_UNIT_BYTES), entry);
}

/* Mappings grow downwards, so most of the window lies below. */
void ac_pagemap_place_window(uintptr_t near)
{
    uintptr_t above = (uintptr_t)1 << 30;
    uintptr_t base = near + above > AC_WINDOW_BYTES ? near + above - AC_WINDOW_BYTES : 0;
    uint64_t *leaf = ac_os_map(0, AC_WINDOW_UNITS * sizeof *leaf);
    if (leaf == NULL)
        return;
    ac_os_avoid_huge_pages(leaf, AC_WINDOW_UNITS * sizeof *leaf);
    ac_addresses_add_own(leaf, AC_WINDOW_UNITS * sizeof *leaf);
    ac_window_leaf = leaf;
    ac_store_rel(&ac_window_base, base & ~(uintptr_t)(AC_CHUNK_BYTES - 1));
}

/* Where the next leaf, or the window, begins. */
static uintptr_t next_leaf(uintptr_t addr)
{
    uintptr_t next = ((addr >> LEAF_SHIFT) + 1) << LEAF_SHIFT;
    return addr < ac_window_base && ac_window_base < next ? ac_window_base : next;
}

bool ac_pagemap_next(uintptr_t *addr, uint64_t *out_entry)
{
    uintptr_t low = ac_load_rlx(&lowest);
    uintptr_t end = ac_load_rlx(&highest);
    uintptr_t at = (*addr > low ? *addr : low) & ~(AC_UNIT_BYTES - 1);
    while (at < end) {
        const uint64_t *entry = entry_of(at);
        if (entry == NULL) {
            at = next_leaf(at);
            continue;
        }
        *out_entry = ac_load_rlx(entry);
        if (*out_entry != 0) {
            *addr = at;
            return true;
        }
        at += AC_UNIT_BYTES;
    }
    return false;
}

/* Upper bound by units in use would need a walk; leaves are touched in proportion to the heap. */
size_t ac_pagemap_used_bytes(void)
{
    return ac_load_rlx(&leaf_count) * ac_os_page_size();
}
