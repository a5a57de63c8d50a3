/* SPDX-License-Identifier: MIT
 *
 * test_fmt.c -- base/fmt.c against printf, and at the end of the buffer.
 */
#include "base/fmt.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t numbers[] = {0,
                                   1,
                                   9,
                                   10,
                                   15,
                                   16,
                                   99,
                                   100,
                                   255,
                                   4096,
                                   UINT32_MAX,
                                   (uint64_t)1 << 32,
                                   INT64_MAX,
                                   UINT64_MAX,
                                   UINT64_MAX - 1,
                                   10000000000000000000u};

static void test_fmt__numbers_as_printf(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[64];
        char text[64];
        struct ac_fmt f = {text, sizeof text, 0};
        snprintf(expected, sizeof expected, "%" PRIu64 "|0x%" PRIx64, numbers[i], numbers[i]);
        ac_fmt_dec(&f, numbers[i]);
        ac_fmt_char(&f, '|');
        ac_fmt_hex(&f, numbers[i]);
        assert_int_equal(f.len, strlen(expected));
        assert_memory_equal(text, expected, f.len);
    }
}

static void test_fmt__pad_to_column(void **state)
{
    char text[32];
    struct ac_fmt f = {text, sizeof text, 0};
    (void)state;
    ac_fmt_str(&f, "ab");
    ac_fmt_pad(&f, 5);
    ac_fmt_str(&f, "c");
    ac_fmt_pad(&f, 3); /* already behind it */
    ac_fmt_str(&f, "d");
    assert_int_equal(f.len, 7);
    assert_memory_equal(text, "ab   cd", 7);
}

static void write_all(struct ac_fmt *f)
{
    ac_fmt_str(f, "text ");
    ac_fmt_dec(f, UINT64_MAX);
    ac_fmt_char(f, ' ');
    ac_fmt_hex(f, UINT64_MAX);
    ac_fmt_pad(f, 60);
    ac_fmt_char(f, '!');
}

/* FM1: whatever the capacity, the text is the same up to it and nothing is written behind. */
static void test_fmt__cut_at_any_capacity(void **state)
{
    char whole[64];
    struct ac_fmt all = {whole, sizeof whole, 0};
    (void)state;
    write_all(&all);
    assert_int_equal(all.len, 61);
    for (size_t cap = 0; cap <= all.len; cap++) {
        char text[65];
        memset(text, '#', sizeof text);
        struct ac_fmt f = {text, cap, 0};
        write_all(&f);
        assert_int_equal(f.len, cap);
        assert_memory_equal(text, whole, cap);
        for (size_t i = cap; i < sizeof text; i++)
            assert_int_equal(text[i], '#');
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_fmt__numbers_as_printf),
    UNIT_TEST(test_fmt__pad_to_column),
    UNIT_TEST(test_fmt__cut_at_any_capacity),
};
UNIT_MAIN(tests)
