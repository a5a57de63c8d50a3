/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Problem. A page given back too early costs a fault when it is used again; given back too late it is
 * somebody else's missing memory.
 *
 * Idea. Free memory up to a bound stays: what is in use now predicts what is wanted next. Time is cut into
 * windows of an eighth of decay_ms. What exceeded the bound during a whole window was not wanted in it,
 * and of that so much is given back that half is gone after decay_ms. So a program that swings keeps what
 * it swings by, and one that has shrunk is small a few seconds later. The slow paths of the allocator
 * tick, and the helper thread when nobody runs them.
 *
 * Where there is no helper, excess lingers only up to a limit.
 *
 *      excess(t + dt) = excess(t) * 2^(-dt / half)
 *
 * Growth. When fresh memory is wanted although free memory lies about, that free memory does not fit. What
 * was in use at the peak says how much the program needs; what is resident beyond that and a slack goes
 * back before the fresh memory is touched, so that the two never add up.
 *
 * Order. Runs of the page heap first (whole chunks, long runs, single units), then kept mappings, oldest
 * first.
 */
#include "core/purge.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/config.h"
#include "core/harden.h"
#include "core/mapcache.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/segment.h"
#include "os/os.h"

#define WINDOWS_PER_HALF 8u
#define MIN_GIVE_BYTES 131072u
#define GROWTH_SHARE 8u
#define GROWTH_SLACK_BYTES ((size_t)512 << 10)
#define GROWTH_FIRST ((size_t)8 << 20)
#define LINGER_BYTES ((size_t)64 << 20)

static size_t huge_bytes;
static size_t evicted_bytes; /* kept mappings and combed pages, ever */
static uint64_t window_start_ns;
static size_t combed_bytes; /* free pages inside spans that were given back */
static size_t peak_in_use;
static size_t growth_due; /* what that has to exceed for `growth` to go up */
static uint32_t growth;
static size_t least_excess; /* seen in this window */

void ac_purge_count_huge(ptrdiff_t bytes)
{
    ac_fetch_add_rlx(&huge_bytes, (size_t)bytes);
    ac_segment_show_total(&huge_bytes, &ac_segment_pages->huge_bytes);
}

static void count_evicted(size_t bytes)
{
    ac_fetch_add_rlx(&evicted_bytes, bytes);
    ac_segment_show_total(&evicted_bytes, &ac_segment_pages->evicted_bytes);
}

void ac_purge_show(void)
{
    count_evicted(0);
    ac_purge_count_huge(0);
}

size_t ac_purge_evicted_bytes(void)
{
    return ac_load_rlx(&evicted_bytes);
}

size_t ac_purge_huge_bytes(void)
{
    return ac_load_rlx(&huge_bytes);
}

/* In runs and huge blocks. */
static size_t used_bytes(const struct ac_pageheap_stats *stats)
{
    return stats->used_bytes + ac_purge_huge_bytes();
}

static size_t dirty_bytes(const struct ac_pageheap_stats *stats)
{
    return stats->dirty_bytes + ac_mapcache_bytes();
}

size_t ac_purge_in_use_bytes(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return used_bytes(&stats);
}

size_t ac_purge_footprint_bytes(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return used_bytes(&stats) + dirty_bytes(&stats);
}

static size_t bound_bytes(const struct ac_pageheap_stats *stats)
{
    size_t eighth = used_bytes(stats) / 8;
    size_t floor = ac_option_value[AC_OPTION_dirty_min];
    return eighth > floor ? eighth : floor;
}

static size_t excess_bytes(size_t *out_dirty)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    *out_dirty = dirty_bytes(&stats);
    size_t bound = bound_bytes(&stats);
    return *out_dirty > bound ? *out_dirty - bound : 0;
}

size_t ac_purge_excess_bytes(void)
{
    size_t dirty;
    return excess_bytes(&dirty);
}

bool ac_purge_is_due(void)
{
    size_t excess = ac_purge_excess_bytes();
    if (excess < ac_load_rlx(&least_excess))
        ac_store_rlx(&least_excess, excess);
    return excess != 0;
}

/* 1 - 2^-x for x = elapsed / half, linear between the whole and half powers: within 2 % of the curve. */
size_t ac_purge_share(size_t excess, uint64_t elapsed_ns, uint64_t half_ns)
{
    if (half_ns == 0 || elapsed_ns / half_ns >= 16)
        return excess;
    size_t rest = excess >> (elapsed_ns / half_ns);
    uint64_t part_ns = elapsed_ns % half_ns;
    uint64_t mille = part_ns * 1000 / half_ns;
    size_t left = mille < 500 ? 1000 - mille * 586 / 1000 : 707 - (mille - 500) * 414 / 1000;
    return excess - rest / 1000 * left - rest % 1000 * left / 1000;
}

static size_t evict_mappings(size_t want_bytes, uint32_t me)
{
    struct ac_mapping m;
    size_t given = 0;
    size_t granule = ac_mapcache_granule();
    while (given < want_bytes && ac_mapcache_evict(ac_align_up(want_bytes - given, granule), &m, me)) {
        ac_mapping_unmap(m);
        given += m.bytes;
    }
    count_evicted(given);
    return given;
}

static size_t give_back(size_t dirty, size_t want_bytes, uint32_t me)
{
    size_t kept_mappings = ac_mapcache_bytes();
    size_t in_runs = dirty > kept_mappings ? dirty - kept_mappings : 0;
    size_t from_runs = want_bytes < in_runs ? want_bytes : in_runs;
    size_t given = from_runs != 0 ? ac_pageheap_purge(in_runs - from_runs, me) : 0;
    if (given < want_bytes)
        given += evict_mappings(want_bytes - given, me);
    return given;
}

/* How much excess may wait for a tick that may never come. */
static size_t linger_bytes(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    size_t quarter = used_bytes(&stats) / 4;
    return quarter > LINGER_BYTES ? quarter : LINGER_BYTES;
}

void ac_purge_tick(uint32_t me, bool others_tick)
{
    size_t dirty;
    size_t excess = excess_bytes(&dirty);
    uint64_t half_ns = (uint64_t)ac_option_value[AC_OPTION_decay_ms] * 1000000u;
    size_t linger = half_ns == 0 ? 0 : others_tick ? excess : linger_bytes();
    if (excess > linger)
        give_back(dirty, excess - linger, me);
    uint64_t now = ac_os_now_ns();
    uint64_t start = ac_load_rlx(&window_start_ns);
    if (now - start < half_ns / WINDOWS_PER_HALF || !ac_cas_acq(&window_start_ns, &start, now))
        return;
    size_t unused = ac_load_rlx(&least_excess);
    ac_store_rlx(&least_excess, excess);
    if (start == 0 || half_ns == 0)
        return;
    size_t share = ac_purge_share(unused, now - start, half_ns);
    if (share < MIN_GIVE_BYTES)
        share = unused; /* the last of it goes in one piece */
    if (share != 0)
        give_back(dirty, share, me);
}

size_t ac_purge_all(size_t keep_bytes, uint32_t me)
{
    size_t dirty;
    excess_bytes(&dirty);
    return dirty > keep_bytes ? give_back(dirty, dirty - keep_bytes, me) : 0;
}

AC_COLD bool ac_purge_make_room(uint32_t me)
{
    size_t given = ac_purge_all(0, me);
    return ac_pageheap_release(me) + given != 0;
}

uint32_t ac_purge_growth(void)
{
    return ac_load_rlx(&growth);
}

void ac_purge_count_combed(ptrdiff_t bytes)
{
    ac_fetch_add_rlx(&combed_bytes, (size_t)bytes);
    if (bytes > 0)
        count_evicted((size_t)bytes);
}

static size_t raise_peak(size_t in_use)
{
    size_t peak = ac_load_rlx(&peak_in_use);
    if (in_use <= peak)
        return peak;
    ac_store_rlx(&peak_in_use, in_use);
    if (in_use > GROWTH_FIRST && in_use > ac_load_rlx(&growth_due)) {
        ac_store_rlx(&growth_due, in_use + in_use / GROWTH_SHARE);
        ac_count_add(&growth, 1);
    }
    return in_use;
}

/* The program has shown with its peak what it needs; what lies free beyond that, and a bit, does not fit
 * what it asks for. */
void ac_purge_before_growth(size_t bytes, uint32_t me)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    size_t in_use = used_bytes(&stats) - ac_load_rlx(&combed_bytes) + bytes;
    size_t dirty = dirty_bytes(&stats);
    size_t peak = raise_peak(in_use);
    size_t slack = peak / GROWTH_SHARE > GROWTH_SLACK_BYTES ? peak / GROWTH_SHARE : GROWTH_SLACK_BYTES;
    if (dirty != 0 && in_use + dirty > peak + slack) {
        size_t want = in_use + dirty - peak - slack / 2;
        give_back(dirty, want < dirty ? want : dirty, me);
    }
}

bool ac_purge_take_run(unsigned units, unsigned align_units, struct ac_run *out_run, uint32_t me)
{
    if (AC_LIKELY(ac_pageheap_take(units, align_units, out_run, me, false))) {
        if (out_run->fresh)
            ac_purge_before_growth(0, me);
    } else if (!ac_purge_make_room(me) || !ac_pageheap_take(units, align_units, out_run, me, false)) {
        return false;
    }
    ac_harden_run(out_run, units);
    return true;
}
