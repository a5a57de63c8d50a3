/* SPDX-License-Identifier: MIT
 *
 * test_meta.c -- core/meta.c: records are zero, aligned, apart from each other, used again, and survive a
 * short system.
 */
#include "core/config.h"
#include "core/meta.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#define ME 3u
#define NRECORDS 600

struct record {
    unsigned char *at;
    unsigned lines;
    uint64_t seed;
};

static void test_meta__zero_and_aligned(void **state)
{
    (void)state;
    for (unsigned lines = 1; lines <= AC_META_MAX_LINES; lines++) {
        for (unsigned again = 0; again < 3; again++) {
            unsigned char *p = ac_meta_get(lines, ME);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % AC_CACHE_LINE, 0);
            assert_true(unit_is_zero(p, (size_t)lines * AC_CACHE_LINE));
            memset(p, 0xff, (size_t)lines * AC_CACHE_LINE);
            ac_meta_put(p, lines, ME);
        }
    }
}

static void test_meta__put_is_used_again(void **state)
{
    (void)state;
    void *a = ac_meta_get(3, ME);
    void *b = ac_meta_get(3, ME);
    ac_meta_put(a, 3, ME);
    ac_meta_put(b, 3, ME);
    assert_true(ac_meta_get(2, ME) != b);
    assert_ptr_equal(ac_meta_get(3, ME), b);
    assert_ptr_equal(ac_meta_try_get(3, ME), a);
    size_t used = ac_meta_used_bytes();
    assert_non_null(ac_meta_get(3, ME));
    assert_int_equal(ac_meta_used_bytes() - used, 3 * AC_CACHE_LINE);
}

static void test_meta__random_work(void **state)
{
    static struct record records[NRECORDS];
    uint64_t seed = 11;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct record *r = &records[unit_random(&seed) % NRECORDS];
        if (r->at != NULL) {
            assert_true(unit_is_filled(r->at, (size_t)r->lines * AC_CACHE_LINE, r->seed));
            ac_meta_put(r->at, r->lines, ME);
            r->at = NULL;
            continue;
        }
        r->lines = 1 + (unsigned)(unit_random(&seed) % AC_META_MAX_LINES);
        r->seed = unit_random(&seed);
        r->at = ac_meta_get(r->lines, ME);
        assert_true(unit_is_zero(r->at, (size_t)r->lines * AC_CACHE_LINE));
        unit_fill(r->at, (size_t)r->lines * AC_CACHE_LINE, r->seed);
    }
    assert_true(ac_fake_mapped_bytes() <= 4 * AC_META_CHUNK_BYTES);
}

static void test_meta__large_records(void **state)
{
    (void)state;
    unsigned char *p = ac_meta_get_bytes(3 * AC_META_CHUNK_BYTES + 1, ME);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % AC_CACHE_LINE, 0);
    p[3 * AC_META_CHUNK_BYTES] = 1;
    unsigned char *q = ac_meta_get_bytes(100, ME);
    assert_true(q >= p + 3 * AC_META_CHUNK_BYTES + 1 || q + 100 <= p);
    assert_true(unit_is_zero(q, 100));
}

/* When a whole piece is refused, smaller ones are asked for, down to what is needed. */
static void test_meta__growth_by_halving(void **state)
{
    (void)state;
    for (unsigned refused = 1; refused <= 8; refused++) {
        ac_fake_limit_bytes(ac_fake_mapped_bytes() + (AC_META_CHUNK_BYTES >> refused));
        uint64_t refusals = ac_fake_calls(AC_FAKE_MAP);
        assert_non_null(ac_meta_get_bytes(AC_META_CHUNK_BYTES >> refused, ME));
        assert_int_equal(ac_fake_calls(AC_FAKE_MAP) - refusals, refused + 1);
    }
    ac_fake_limit_bytes(ac_fake_mapped_bytes());
    assert_null(ac_meta_get_bytes(4096, ME));
    assert_null(ac_meta_get(AC_META_MAX_LINES, ME));
    ac_fake_limit_bytes(0);
    assert_non_null(ac_meta_get(AC_META_MAX_LINES, ME));
}

static void test_meta__refused_then_healed(void **state)
{
    (void)state;
    ac_fake_fail(AC_FAKE_MAP, 1, true);
    assert_null(ac_meta_get(1, ME));
    assert_null(ac_meta_try_get(1, ME));
    assert_null(ac_meta_get_bytes(1, ME));
    assert_int_equal(ac_meta_used_bytes(), 0);
    ac_fake_heal();
    assert_non_null(ac_meta_get(1, ME));
}

static void test_meta__page_sizes(void **state)
{
    (void)state;
    for (size_t page = 16384; page <= 65536; page *= 4) {
        ac_os_pretend_page_size(page);
        for (size_t bytes = 1; bytes < 3 * AC_META_CHUNK_BYTES; bytes = bytes * 2 + 1)
            assert_non_null(ac_meta_get_bytes(bytes, ME));
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_meta__zero_and_aligned),  UNIT_TEST(test_meta__put_is_used_again),
    UNIT_TEST(test_meta__random_work),       UNIT_TEST(test_meta__large_records),
    UNIT_TEST(test_meta__growth_by_halving), UNIT_TEST(test_meta__refused_then_healed),
    UNIT_TEST(test_meta__page_sizes),
};
UNIT_MAIN(tests)
