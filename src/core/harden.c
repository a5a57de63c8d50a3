/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Guard pages. The last page of every run is one. Most runs are of one unit and come and go, so the guard
 * page stays when a run is freed, and its unit is marked in the chunk (`fenced`); the next run that ends
 * there needs no system call, one that goes on beyond has it removed. Where the kernel has guard markers
 * (MADV_GUARD_INSTALL, Linux 6.13) they cost no mapping. Elsewhere a guard page is a mapping without
 * access, two more entries in the table of 65530 that a process may have; so only MAX_SPLITS are made.
 *
 * Free memory is zero. Whoever frees clears; so a write to freed memory shows when the memory is used again.
 * Small blocks are looked at one by one as they are handed out; a run that held data before is looked at as a
 * whole. Memory that the system gave, or was given back to it, is zero without a look.
 */
#include "core/harden.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/fault.h"
#include "core/pageheap.h"
#include "os/os.h"

#include <string.h>

#define MAX_SPLITS 8192u
#define SPLITS_PER_GUARD 2u
/* Guard pages are worth it while they are an eighth of a unit at most. */
#define FENCE_SHARE 8u
/* Addresses that x86-64 and arm64 with 48 bits both have, well clear of both ends. */
#define REGION_FIRST ((uintptr_t)1 << 44)
#define REGION_SPAN ((uintptr_t)5 << 44)

/* Huge blocks lie side by side for so long. */
#define CLUSTER_BYTES ((size_t)64 << 20)

static uint64_t counter;
static uintptr_t region;
static bool has_markers;
static bool any_mapped; /* guard pages that are mappings */
static uint32_t splits;

/* libc takes its own secrets from the same 16 bytes; they cannot be had back from this one. */
void ac_harden_start(void)
{
    uint64_t seed[2];
    if (!ac_harden_is_on())
        return;
    ac_os_entropy(seed);
    uint64_t secret = ac_mix(seed[0] + AC_MIX_STEP);
    secret = ac_mix(secret ^ seed[1] ^ (ac_os_now_ns() << 20));
    secret = ac_mix(secret ^ (uintptr_t)&seed);
    ac_option_value[AC_OPTION_SECRET] = secret | 1;
    size_t page = ac_os_page_size();
    void *probe = ac_os_map(0, page);
    has_markers = probe != NULL && ac_os_guard(probe, page);
    if (probe != NULL)
        ac_os_unmap(probe, page);
}

void ac_harden_seal(void)
{
    if (ac_harden_is_on() && ((uintptr_t)ac_option_value & (ac_os_page_size() - 1)) == 0)
        ac_os_read_only(ac_option_value, sizeof ac_option_value);
}

uint64_t ac_harden_random(void)
{
    uint64_t n = ac_fetch_add_rlx(&counter, AC_MIX_STEP);
    return ac_mix(ac_mix(n ^ ac_harden_secret()) + ac_harden_secret());
}

/* The secret stays: what is inherited was made with it, and it keeps two children of one moment from being
 * guessed from each other. */
void ac_harden_fork(void)
{
    if (ac_harden_is_on())
        ac_fetch_add_rlx(&counter, ac_mix(ac_os_exact_ns()));
}

uintptr_t ac_harden_place(size_t bytes)
{
    if (region == 0) {
        region = ac_align_down(REGION_FIRST + ac_harden_random() % REGION_SPAN, AC_CHUNK_BYTES);
        return region;
    }
    if (bytes > AC_WINDOW_BYTES / 4)
        return 0;
    /* Inside the window of the page map that is laid around the region. */
    size_t room = (AC_WINDOW_BYTES / 2 - bytes) / AC_CHUNK_BYTES;
    return region - ac_harden_random() % room * AC_CHUNK_BYTES;
}

uintptr_t ac_harden_place_huge(size_t bytes, size_t align)
{
    static uintptr_t last; /* the lowest address given out of the present cluster */
    uintptr_t below = ac_load_rlx(&last);
    uintptr_t at;
    if (bytes + align > CLUSTER_BYTES / 4)
        return ac_harden_place(bytes);
    do {
        uintptr_t floor = ac_align_down(below - 1, CLUSTER_BYTES);
        at = ac_align_down(below - bytes, align);
        if (below == 0 || at < floor)
            at = ac_align_down((ac_harden_place(CLUSTER_BYTES) | (CLUSTER_BYTES - 1)) + 1 - bytes, align);
    } while (!ac_cas_acq(&last, &below, at));
    return at;
}

size_t ac_harden_fence_bytes(void)
{
    size_t page = ac_os_page_size();
    return ac_harden_is_on() && page * FENCE_SHARE <= AC_UNIT_BYTES ? page : 0;
}

bool ac_harden_guard(uintptr_t addr, size_t bytes)
{
    if (has_markers && ac_os_guard((void *)addr, bytes))
        return true;
    if (ac_load_rlx(&splits) >= MAX_SPLITS)
        return false;
    ac_store_rlx(&any_mapped, true);
    ac_fetch_add_rlx(&splits, SPLITS_PER_GUARD);
    if (ac_os_no_access((void *)addr, bytes))
        return true;
    ac_fetch_add_rlx(&splits, -SPLITS_PER_GUARD);
    return false;
}

/* Where the system has markers nobody knows which of them were refused: those stay counted. */
void ac_harden_forget_guards(unsigned n)
{
    if (!has_markers)
        ac_fetch_add_rlx(&splits, -(n * SPLITS_PER_GUARD));
}

/* A guard page that is no marker goes by being mapped anew. The system may have refused markers for one run
 * and not for another (locked memory). */
static void unguard_units(const struct ac_run *run, uint64_t bits, size_t fence)
{
    uintptr_t chunk = run->chunk->base;
    uintptr_t end = chunk + (64 - (size_t)__builtin_clzll(bits)) * AC_UNIT_BYTES;
    if (has_markers)
        ac_os_unguard((void *)run->base, end - run->base);
    ac_harden_forget_guards((unsigned)__builtin_popcountll(bits));
    for (; any_mapped && bits != 0; bits &= bits - 1)
        ac_os_map_again((void *)(chunk + ((size_t)__builtin_ctzll(bits) + 1) * AC_UNIT_BYTES - fence), fence);
}

static void fence_run(const struct ac_run *run, size_t units, size_t fence)
{
    struct ac_chunk *chunk = run->chunk;
    unsigned first = (unsigned)((run->base - chunk->base) >> AC_UNIT_SHIFT);
    uint64_t last = (uint64_t)1 << (first + units - 1);
    uint64_t inner = ac_bit_range(first, (unsigned)units) & ~last;
    uint64_t fenced = ac_load_rlx(&chunk->fenced);
    if ((fenced & inner) != 0) {
        unguard_units(run, fenced & inner, fence);
        ac_fetch_and_rlx(&chunk->fenced, ~inner);
    }
    if ((fenced & last) == 0 && ac_harden_guard(run->base + units * AC_UNIT_BYTES - fence, fence))
        ac_fetch_or_rlx(&chunk->fenced, last);
}

static AC_COLD const void *first_written(const char *at)
{
    while (*at == 0)
        at++;
    return at;
}

void ac_harden_run(const struct ac_run *run, size_t units)
{
    size_t fence = ac_harden_fence_bytes();
    if (!ac_harden_is_on())
        return;
    if (fence != 0)
        fence_run(run, units, fence);
    if (!run->zero && !ac_harden_is_zero((void *)run->base, units * AC_UNIT_BYTES - fence))
        ac_fault_raise(AC_FAULT_WRITE_AFTER_FREE, first_written((void *)run->base), 0, "free pages");
}
