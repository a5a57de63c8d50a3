/* SPDX-License-Identifier: MIT
 *
 * test_mapcache.c -- core/mapcache.c: random work against a map of one byte a unit, the order of eviction,
 * threads. The cache never touches what it keeps, so the addresses need no memory.
 */
#include "core/config.h"
#include "core/mapcache.h"
#include "os/lock.h"
#include "os/os_fake.h"
#include "unit.h"

#include <pthread.h>

#define ME 3u
#define UNIVERSE ((uintptr_t)1 << 40)
#define NUNITS 4096u
#define U AC_UNIT_BYTES
#define NTHREADS 4u
#define ROUNDS 6000u

static uint8_t kept[NUNITS]; /* 1: in the cache */

static struct ac_mapping mapping(size_t first, size_t units)
{
    return (struct ac_mapping){UNIVERSE + first * U, units * U};
}

static size_t first_of(const struct ac_mapping *m)
{
    assert_true(m->base >= UNIVERSE && (m->base - UNIVERSE) % U == 0 && m->bytes % U == 0 && m->bytes != 0);
    return (m->base - UNIVERSE) / U;
}

/* Marks a range and asserts that all of it was the other way before. */
static void mark(const struct ac_mapping *m, uint8_t value)
{
    size_t first = first_of(m);
    assert_true(first + m->bytes / U <= NUNITS);
    for (size_t u = first; u < first + m->bytes / U; u++) {
        assert_int_equal(kept[u], !value);
        kept[u] = value;
    }
}

static size_t run_length(size_t first)
{
    size_t n = 0;
    while (first + n < NUNITS && kept[first + n] != 0)
        n++;
    return n;
}

static size_t count_kept(void)
{
    size_t n = 0;
    for (size_t u = 0; u < NUNITS; u++)
        n += kept[u];
    return n;
}

/* The shortest extent of at least `units`. */
static size_t best_fit(size_t units)
{
    size_t best = SIZE_MAX;
    for (size_t u = 0; u < NUNITS; u++) {
        size_t n = run_length(u);
        if (n >= units && n < best)
            best = n;
        u += n;
    }
    return best;
}

static void put(struct ac_mapping m)
{
    struct ac_mapping evicted;
    mark(&m, 1);
    ac_mapcache_put(m, &evicted, ME);
    if (evicted.bytes != 0)
        mark(&evicted, 0);
}

static void step_put(uint64_t *seed)
{
    size_t first = unit_random(seed) % NUNITS;
    size_t want = 1 + unit_random(seed) % 40;
    size_t n = 0;
    while (n < want && first + n < NUNITS && kept[first + n] == 0)
        n++;
    if (n != 0)
        put(mapping(first, n));
}

static void step_take(uint64_t *seed)
{
    struct ac_mapping m;
    size_t units = 1 + unit_random(seed) % 40;
    size_t expected = best_fit(units);
    assert_int_equal(ac_mapcache_take(units * U, &m, ME), expected != SIZE_MAX);
    if (expected == SIZE_MAX)
        return;
    assert_int_equal(m.bytes, units * U);
    size_t first = first_of(&m);
    assert_int_equal(run_length(first), expected);
    assert_true(first == 0 || kept[first - 1] == 0); /* from the front of its extent */
    mark(&m, 0);
}

static void step_take_at(uint64_t *seed)
{
    size_t first = unit_random(seed) % NUNITS;
    size_t units = 1 + unit_random(seed) % 4;
    while (first + 1 < NUNITS && (kept[first] == 0 || (first > 0 && kept[first - 1] != 0)))
        first++;
    struct ac_mapping m = mapping(first, units);
    bool is_front = kept[first] != 0 && (first == 0 || kept[first - 1] == 0);
    bool fits = is_front && run_length(first) >= units;
    assert_int_equal(ac_mapcache_take_at(m.base, m.bytes, ME), fits);
    if (fits)
        mark(&m, 0);
}

static void step_evict(uint64_t *seed)
{
    struct ac_mapping m;
    size_t most = 1 + unit_random(seed) % 20;
    bool any = count_kept() != 0;
    assert_int_equal(ac_mapcache_evict(most * U, &m, ME), any);
    if (!any)
        return;
    assert_true(m.bytes <= most * U);
    size_t end = first_of(&m) + m.bytes / U;
    assert_true(end == NUNITS || kept[end] == 0); /* the end of its extent */
    mark(&m, 0);
}

static void test_mapcache__random_work(void **state)
{
    uint64_t seed = 3;
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned what = (unsigned)(unit_random(&seed) % 10);
        if (what < 5)
            step_put(&seed);
        else if (what < 8)
            step_take(&seed);
        else if (what < 9)
            step_take_at(&seed);
        else
            step_evict(&seed);
        assert_int_equal(ac_mapcache_bytes(), count_kept() * U); /* MC3 */
    }
}

static void test_mapcache__empty(void **state)
{
    struct ac_mapping m;
    (void)state;
    assert_false(ac_mapcache_take(U, &m, ME));
    assert_false(ac_mapcache_take_at(UNIVERSE, U, ME));
    assert_false(ac_mapcache_evict(SIZE_MAX, &m, ME));
    assert_int_equal(ac_mapcache_bytes(), 0);
}

static void test_mapcache__neighbours_join(void **state)
{
    struct ac_mapping m;
    (void)state;
    put(mapping(10, 5));
    put(mapping(20, 5));
    assert_false(ac_mapcache_take(6 * U, &m, ME));
    put(mapping(15, 5));
    assert_true(ac_mapcache_take(15 * U, &m, ME));
    assert_int_equal(first_of(&m), 10);
    assert_int_equal(ac_mapcache_bytes(), 0);
}

static void test_mapcache__oldest_goes_first(void **state)
{
    struct ac_mapping m;
    (void)state;
    put(mapping(30, 2));
    put(mapping(10, 2));
    put(mapping(20, 2));
    put(mapping(32, 2)); /* joins the oldest, which is young now */
    assert_true(ac_mapcache_evict(SIZE_MAX, &m, ME));
    assert_int_equal(first_of(&m), 10);
    assert_true(ac_mapcache_evict(U, &m, ME));
    assert_int_equal(first_of(&m), 21);
    assert_int_equal(m.bytes, U);
    assert_true(ac_mapcache_evict(U, &m, ME));
    assert_int_equal(first_of(&m), 20);
    assert_true(ac_mapcache_evict(SIZE_MAX, &m, ME));
    assert_int_equal(first_of(&m), 30);
    assert_int_equal(m.bytes, 4 * U);
    assert_false(ac_mapcache_evict(SIZE_MAX, &m, ME));
}

static void test_mapcache__full(void **state)
{
    struct ac_mapping evicted;
    (void)state;
    for (size_t i = 0; i < AC_MAPCACHE_EXTENTS; i++)
        put(mapping(4 + 3 * (AC_MAPCACHE_EXTENTS - i), 1));
    assert_int_equal(ac_mapcache_bytes(), AC_MAPCACHE_EXTENTS * U);
    ac_mapcache_put(mapping(3000, 1), &evicted, ME); /* above all */
    assert_int_equal(first_of(&evicted), 4 + 3 * AC_MAPCACHE_EXTENTS);
    ac_mapcache_put(mapping(1, 1), &evicted, ME); /* below all */
    assert_int_equal(first_of(&evicted), 4 + 3 * (AC_MAPCACHE_EXTENTS - 1));
    ac_mapcache_put(mapping(2, 2), &evicted, ME); /* joins: nobody has to go */
    assert_int_equal(evicted.bytes, 0);
    assert_int_equal(ac_mapcache_bytes(), (AC_MAPCACHE_EXTENTS + 2) * U);
    size_t seen = 0;
    while (ac_mapcache_evict(SIZE_MAX, &evicted, ME))
        seen += evicted.bytes;
    assert_int_equal(seen, (AC_MAPCACHE_EXTENTS + 2) * U);
}

static void test_mapcache__recover_leaves_a_sound_cache(void **state)
{
    struct ac_mapping m;
    (void)state;
    put(mapping(5, 3));
    ac_fake_fork();
    ac_mapcache_recover(ME);
    assert_true(ac_mapcache_take(3 * U, &m, ME));
}

/* ---- threads ---- */

static uint32_t owner[NUNITS]; /* 0: kept or nobody's; else the thread that has taken the unit */

static bool own(const struct ac_mapping *m, uint32_t from, uint32_t to)
{
    bool ok = true;
    for (size_t u = (m->base - UNIVERSE) / U; u < (m->base + m->bytes - UNIVERSE) / U; u++)
        ok = __atomic_exchange_n(&owner[u], to, __ATOMIC_RELAXED) == from && ok;
    return ok;
}

static void *trade(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    uint64_t seed = me;
    struct ac_mapping held[16];
    unsigned nheld = 0;
    bool ok = true;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct ac_mapping m = {0, 0};
        if (nheld < 16 && unit_random(&seed) % 2 == 0) {
            bool got = unit_random(&seed) % 4 != 0
                           ? ac_mapcache_take((1 + unit_random(&seed) % 9) * U, &m, me)
                           : ac_mapcache_evict(7 * U, &m, me);
            if (got) {
                ok = own(&m, 0, me) && ok;
                held[nheld++] = m;
            }
        } else if (nheld != 0) {
            m = held[--nheld];
            ok = own(&m, me, 0) && ok;
            ac_mapcache_put(m, &m, me);
            if (m.bytes != 0) { /* evicted: ours now */
                ok = own(&m, 0, me) && ok;
                held[nheld++] = m;
            }
        }
    }
    while (nheld != 0) {
        struct ac_mapping m = held[--nheld];
        ok = own(&m, me, 0) && ok;
        ac_mapcache_put(m, &m, me);
    }
    return ok ? arg : NULL;
}

static void test_mapcache__threads_never_share(void **state)
{
    pthread_t threads[NTHREADS];
    struct ac_mapping m;
    void *ok;
    (void)state;
    put(mapping(0, NUNITS));
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_create(&threads[i], NULL, trade, (void *)(uintptr_t)(i + ME));
    for (unsigned i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], &ok);
        assert_non_null(ok);
    }
    size_t bytes = ac_mapcache_bytes();
    size_t seen = 0;
    while (ac_mapcache_evict(SIZE_MAX, &m, ME)) {
        mark(&m, 0);
        seen += m.bytes;
    }
    assert_int_equal(seen, bytes);
    assert_int_equal(ac_mapcache_bytes(), 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_mapcache__random_work),
    UNIT_TEST(test_mapcache__empty),
    UNIT_TEST(test_mapcache__neighbours_join),
    UNIT_TEST(test_mapcache__oldest_goes_first),
    UNIT_TEST(test_mapcache__full),
    UNIT_TEST(test_mapcache__recover_leaves_a_sound_cache),
    UNIT_TEST(test_mapcache__threads_never_share),
};
UNIT_MAIN(tests)
