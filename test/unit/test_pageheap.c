/* SPDX-License-Identifier: MIT
 *
 * test_pageheap.c -- core/pageheap.c: random work against a model of one byte a unit, with PH1 to PH4
 * checked after every step, on three page sizes. Everything that wants a test of its own is in
 * test_pageheap_edges.c.
 */
#include "base/bits.h"
#include "core/pageheap.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#define ME 5u
#define MAX_CHUNKS 256
#define MAX_RUNS 200
#define MIB ((size_t)1 << 20)

struct model_chunk {
    struct ac_chunk *chunk;
    uint8_t used[AC_CHUNK_UNITS];
    uint8_t dirty[AC_CHUNK_UNITS];
};

struct model_run {
    struct ac_run run;
    unsigned units;
    unsigned touched;
    uint64_t seed;
};

static struct {
    struct model_chunk chunks[MAX_CHUNKS];
    unsigned nchunks;
    struct model_run runs[MAX_RUNS];
    unsigned nruns;
    uint64_t seed;
} model;

static struct ac_pageheap_stats stats_now(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return stats;
}

static struct model_chunk *model_of(struct ac_chunk *chunk)
{
    for (unsigned i = 0; i < model.nchunks; i++) {
        if (model.chunks[i].chunk == chunk)
            return &model.chunks[i];
    }
    assert_true(model.nchunks < MAX_CHUNKS);
    model.chunks[model.nchunks].chunk = chunk;
    return &model.chunks[model.nchunks++];
}

static unsigned unit_of(const struct ac_chunk *chunk, uintptr_t base)
{
    return (unsigned)((base - chunk->base) / AC_UNIT_BYTES);
}

static unsigned below(unsigned n)
{
    return (unsigned)(unit_random(&model.seed) % n);
}

/* ---- invariants ---- */

static void check_chunk(const struct model_chunk *m, size_t *used, size_t *dirty)
{
    uint64_t free = 0;
    uint64_t dirt = 0;
    for (unsigned i = 0; i < m->chunk->units; i++) {
        free |= (uint64_t)(m->used[i] == 0) << i;
        dirt |= (uint64_t)m->dirty[i] << i;
    }
    assert_true(m->chunk->free == free); /* PH1 */
    assert_true(m->chunk->dirty == dirt);
    assert_int_equal(m->chunk->longest, ac_bit_longest_run(free)); /* PH3 */
    *used += m->chunk->units - (unsigned)__builtin_popcountll(free);
    *dirty += (unsigned)__builtin_popcountll(free & dirt);
}

static void check_invariants(void)
{
    size_t used = 0;
    size_t dirty = 0;
    for (unsigned i = 0; i < model.nchunks; i++)
        check_chunk(&model.chunks[i], &used, &dirty);
    struct ac_pageheap_stats stats = stats_now();
    assert_int_equal(stats.used_bytes, used * AC_UNIT_BYTES);
    assert_int_equal(stats.dirty_bytes, dirty * AC_UNIT_BYTES); /* PH4 */
    assert_true(stats.chunks >= model.nchunks);
}

/* PH2, where it is seen: in a run that is said to be zero. Also that no two runs share memory. */
static void check_contents(const struct model_run *r)
{
    for (unsigned u = 0; u < r->units; u++) {
        const char *unit = (const char *)r->run.base + u * AC_UNIT_BYTES;
        if (u < r->touched)
            assert_true(unit_is_filled(unit, 64, r->seed + u));
        else if (r->run.zero)
            assert_true(unit_is_zero(unit, 64) && unit_is_zero(unit + AC_UNIT_BYTES - 64, 64));
    }
}

static void touch(struct model_run *r, unsigned from, unsigned to)
{
    for (unsigned u = from; u < to; u++)
        unit_fill((char *)r->run.base + u * AC_UNIT_BYTES, 64, r->seed + u);
    if (to > r->touched)
        r->touched = to;
}

/* ---- steps ---- */

static bool known_chunk_fits(unsigned units)
{
    for (unsigned i = 0; i < model.nchunks; i++) {
        if (model.chunks[i].chunk->longest >= units)
            return true;
    }
    return false;
}

static void mark_taken(struct ac_chunk *chunk, uintptr_t base, unsigned units, bool zero)
{
    struct model_chunk *m = model_of(chunk);
    unsigned first = unit_of(chunk, base);
    bool clean = true;
    assert_true(first + units <= chunk->units);
    for (unsigned u = first; u < first + units; u++) {
        assert_int_equal(m->used[u], 0);
        m->used[u] = 1;
        clean = clean && m->dirty[u] == 0;
    }
    assert_int_equal(zero, clean);
}

static void step_take(void)
{
    unsigned units = below(8) == 0 ? 1 + below(AC_CHUNK_UNITS) : 1 + below(6);
    unsigned align = below(6) == 0 ? 1u << below(6) : 1;
    if (model.nruns == MAX_RUNS)
        return;
    struct model_run *r = &model.runs[model.nruns];
    size_t mapped = stats_now().mapped_bytes;
    bool fits = known_chunk_fits(units);
    assert_true(ac_pageheap_take(units, align, &r->run, ME, false));
    assert_int_equal(r->run.base % (align * AC_UNIT_BYTES), 0);
    if (fits && align == 1)
        assert_int_equal(stats_now().mapped_bytes, mapped); /* PH3: what fits is found */
    mark_taken(r->run.chunk, r->run.base, units, r->run.zero);
    r->units = units;
    r->touched = 0;
    r->seed = unit_random(&model.seed);
    model.nruns++;
    check_contents(r);
    touch(r, 0, below(units + 1));
}

static void give_units(struct model_run *r, unsigned from, unsigned touched)
{
    struct model_chunk *m = model_of(r->run.chunk);
    unsigned first = unit_of(r->run.chunk, r->run.base) + from;
    for (unsigned u = 0; u < r->units - from; u++) {
        m->used[first + u] = 0;
        m->dirty[first + u] |= u < touched;
    }
    ac_pageheap_give(r->run.chunk, r->run.base + from * AC_UNIT_BYTES, r->units - from, touched, ME);
    r->units = from;
    if (r->touched > from)
        r->touched = from;
}

static void step_give(void)
{
    if (model.nruns == 0)
        return;
    unsigned i = below(model.nruns);
    struct model_run *r = &model.runs[i];
    check_contents(r);
    if (r->units > 1 && below(4) == 0) { /* the tail only, as when a large block shrinks */
        unsigned from = 1 + below(r->units - 1);
        give_units(r, from, r->units - from);
        return;
    }
    give_units(r, 0, r->touched);
    *r = model.runs[--model.nruns];
}

static void step_extend(void)
{
    bool zero;
    if (model.nruns == 0)
        return;
    struct model_run *r = &model.runs[below(model.nruns)];
    struct model_chunk *m = model_of(r->run.chunk);
    unsigned more = 1 + below(5);
    unsigned end = unit_of(r->run.chunk, r->run.base) + r->units;
    bool free = end + more <= r->run.chunk->units;
    for (unsigned u = end; free && u < end + more; u++)
        free = m->used[u] == 0;
    assert_int_equal(ac_pageheap_extend(r->run.chunk, r->run.base, r->units, more, ME, &zero), free);
    if (!free)
        return;
    mark_taken(r->run.chunk, r->run.base + r->units * AC_UNIT_BYTES, more, zero);
    r->run.zero = r->run.zero && zero;
    r->units += more;
    touch(r, 0, r->units);
}

/* Only free dirty units may become clean, and as many as the result says. */
static size_t step_purge(size_t keep_bytes)
{
    size_t cleaned = 0;
    size_t given = ac_pageheap_purge(keep_bytes, ME);
    for (unsigned i = 0; i < model.nchunks; i++) {
        struct model_chunk *m = &model.chunks[i];
        for (unsigned u = 0; u < m->chunk->units; u++) {
            bool dirty = (m->chunk->dirty >> u & 1) != 0;
            if (m->dirty[u] != 0 && !dirty) {
                assert_int_equal(m->used[u], 0);
                assert_true(unit_is_zero((char *)m->chunk->base + u * AC_UNIT_BYTES, AC_UNIT_BYTES));
                cleaned++;
            }
            m->dirty[u] = dirty;
        }
    }
    assert_int_equal(given, cleaned * AC_UNIT_BYTES);
    return given;
}

static void random_work(unsigned nsteps)
{
    for (unsigned i = 0; i < nsteps; i++) {
        unsigned what = below(100);
        if (what < 45)
            step_take();
        else if (what < 85)
            step_give();
        else if (what < 97)
            step_extend();
        else
            step_purge(below(16) * MIB / 2);
        check_invariants();
    }
}

static void give_everything(void)
{
    while (model.nruns != 0) {
        struct model_run *r = &model.runs[--model.nruns];
        give_units(r, 0, r->touched);
    }
    check_invariants();
}

static void test_pageheap__random_work(void **state)
{
    (void)state;
    for (model.seed = 1; model.nchunks < 8; model.seed++)
        random_work(3000);
    give_everything();
    step_purge(0);
    check_invariants();
    assert_int_equal(stats_now().dirty_bytes, 0);
    assert_int_equal(stats_now().used_bytes, 0);
}

static void work_with_pages(size_t page_bytes)
{
    ac_os_pretend_page_size(page_bytes);
    model.seed = page_bytes;
    random_work(6000);
    give_everything();
    step_purge(0);
    check_invariants();
}

static void test_pageheap__pages_of_16k(void **state)
{
    (void)state;
    work_with_pages(16384);
    assert_int_equal(stats_now().dirty_bytes, 0);
}

/* A page is two units: what is dirty with a clean or used other half stays. */
static void test_pageheap__pages_of_64k(void **state)
{
    (void)state;
    work_with_pages(65536);
    for (unsigned i = 0; i < model.nchunks; i++) {
        uint64_t both = model.chunks[i].chunk->free & model.chunks[i].chunk->dirty;
        assert_int_equal(both & both >> 1 & 0x5555555555555555u, 0);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_pageheap__random_work),
    UNIT_TEST(test_pageheap__pages_of_16k),
    UNIT_TEST(test_pageheap__pages_of_64k),
};
UNIT_MAIN(tests)
