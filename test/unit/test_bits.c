/* SPDX-License-Identifier: MIT
 *
 * test_bits.c -- base/bits.h against plain loops over single bits.
 */
#include "base/bits.h"
#include "unit.h"

static void test_bits__is_pow2(void **state)
{
    (void)state;
    assert_false(ac_is_pow2(0));
    for (unsigned i = 0; i < 64; i++)
        assert_true(ac_is_pow2((uint64_t)1 << i));
    for (unsigned i = 2; i < 64; i++) {
        assert_false(ac_is_pow2(((uint64_t)1 << i) - 1));
        assert_false(ac_is_pow2(((uint64_t)1 << i) + 1));
    }
    assert_false(ac_is_pow2(UINT64_MAX));
}

static void test_bits__align(void **state)
{
    (void)state;
    for (uint64_t align = 1; align <= 1u << 16; align *= 2) {
        for (uint64_t n = 0; n < 3 * align && n < 4000; n++) {
            uint64_t up = (n + align - 1) / align * align;
            assert_int_equal(ac_align_up(n, align), up);
            assert_int_equal(ac_align_down(n, align), n / align * align);
        }
    }
    assert_true(ac_align_up(INT64_MAX, 4096) == (uint64_t)1 << 63);
}

static void test_bits__pow2_up(void **state)
{
    (void)state;
    assert_int_equal(ac_pow2_up(1), 1);
    for (unsigned i = 1; i < 63; i++) {
        uint64_t p = (uint64_t)1 << i;
        assert_true(ac_pow2_up(p) == p);
        assert_true(ac_pow2_up(p + 1) == 2 * p);
        assert_true(ac_pow2_up(p - 1) == (i == 1 ? 1 : p));
    }
    assert_true(ac_pow2_up((uint64_t)1 << 63) == (uint64_t)1 << 63);
}

static void test_bits__range(void **state)
{
    (void)state;
    for (unsigned start = 0; start < 64; start++) {
        for (unsigned n = 1; n <= 64 - start; n++) {
            uint64_t expected = 0;
            for (unsigned i = start; i < start + n; i++)
                expected |= (uint64_t)1 << i;
            assert_true(ac_bit_range(start, n) == expected);
        }
    }
}

static unsigned run_at(uint64_t bits, unsigned start)
{
    unsigned n = 0;
    while (start + n < 64 && (bits >> (start + n) & 1) != 0)
        n++;
    return n;
}

static void check_runs(uint64_t bits)
{
    unsigned longest = 0;
    for (unsigned start = 0; start < 64; start++) {
        unsigned n = run_at(bits, start);
        longest = n > longest ? n : longest;
    }
    assert_int_equal(ac_bit_longest_run(bits), longest);
    for (unsigned n = 1; n <= 64; n++) {
        uint64_t expected = 0;
        for (unsigned start = 0; start + n <= 64; start++)
            expected |= (uint64_t)(run_at(bits, start) >= n) << start;
        assert_true(ac_bit_runs(bits, n) == expected);
    }
}

static void test_bits__runs_and_longest(void **state)
{
    uint64_t seed = 1;
    (void)state;
    check_runs(0);
    check_runs(UINT64_MAX);
    for (unsigned start = 0; start < 64; start++) {
        check_runs((uint64_t)1 << start);
        check_runs(~((uint64_t)1 << start));
    }
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t bits = unit_random(&seed);
        if (i % 3 == 1)
            bits &= unit_random(&seed);
        if (i % 3 == 2)
            bits |= unit_random(&seed) | unit_random(&seed);
        check_runs(bits);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_bits__is_pow2),          UNIT_TEST(test_bits__align),
    UNIT_TEST(test_bits__pow2_up),          UNIT_TEST(test_bits__range),
    UNIT_TEST(test_bits__runs_and_longest),
};
UNIT_MAIN(tests)
