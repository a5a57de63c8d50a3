/* SPDX-License-Identifier: MIT
 *
 * test_pagemap.c -- core/pagemap.c: window, second level, their borders, and addresses that are no
 * addresses. Entries need no memory behind their addresses, so any part of the address space can be tried.
 */
#include "core/pagemap.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#define NEAR ((uintptr_t)0x7f0000000000)
#define LEAF_BYTES ((uintptr_t)1 << 32)

static const uintptr_t garbage[] = {
    0,
    1,
    8,
    4096,
    0x5555,
    (uintptr_t)1 << 47,
    ((uintptr_t)1 << 47) + 16,
    (uintptr_t)1 << 48,
    0x00ff7f0000000000,
    0x8000000000000000,
    0x8000000000000010,
    0x80000003ffffffff,
    0x80000007ffffffff,
    0x8000000800000000,
    0xdeadbeefdeadbeef,
    0xffff800000000000,
    0xfffffffffffff000,
    UINTPTR_MAX,
    UINTPTR_MAX - 15,
};

static uint64_t get(uintptr_t addr)
{
    return ac_pagemap_get((void *)addr);
}

static void test_pagemap__entry_packs_and_unpacks(void **state)
{
    uintptr_t spans[] = {0, 64, 0x7fffffffffc0, 0xffffffffffc0};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned shard = 0; shard < 256; shard++) {
            for (unsigned bin = 0; bin < 256; bin += 5) {
                uint64_t entry = ac_entry_make((void *)spans[i], shard, bin);
                assert_ptr_equal(ac_entry_span(entry), (void *)spans[i]);
                assert_int_equal(ac_entry_shard(entry), shard);
                assert_int_equal(ac_entry_bin(entry), bin);
            }
        }
    }
}

static void check_garbage(void)
{
    for (unsigned i = 0; i < sizeof garbage / sizeof garbage[0]; i++)
        assert_int_equal(get(garbage[i]), 0);
}

static void test_pagemap__garbage_is_not_ours(void **state)
{
    (void)state;
    ac_pagemap_place_window(NEAR);
    assert_true(ac_pagemap_reserve(0x10000000, AC_UNIT_BYTES));
    check_garbage();
    ac_pagemap_place_window(0x20000000); /* clamped at address 0 */
}

static void test_pagemap__garbage_before_the_window(void **state)
{
    (void)state;
    check_garbage();
}

static void test_pagemap__window_at_the_bottom(void **state)
{
    (void)state;
    ac_pagemap_place_window(0x20000000);
    assert_int_equal(ac_window_base, 0);
    assert_true(ac_pagemap_reserve(0x20000000, AC_UNIT_BYTES));
    ac_pagemap_set(0x20000000, 1, 99);
    assert_int_equal(get(0x20000000 + AC_UNIT_BYTES - 1), 99);
    assert_int_equal(get(0x20000000 + AC_UNIT_BYTES), 0);
    check_garbage();
}

/* Sets and clears one unit at a border and looks at its neighbours' bytes. */
static void check_unit(uintptr_t unit)
{
    assert_true(ac_pagemap_reserve(unit - AC_UNIT_BYTES, 3 * AC_UNIT_BYTES));
    uint64_t entry = ac_entry_make((void *)0x1240, 7, 9);
    ac_pagemap_set(unit, 1, entry);
    assert_true(get(unit) == entry);
    assert_true(get(unit + AC_UNIT_BYTES - 1) == entry);
    assert_int_equal(get(unit - 1), 0);
    assert_int_equal(get(unit + AC_UNIT_BYTES), 0);
    ac_pagemap_set(unit, 1, 0);
    assert_int_equal(get(unit), 0);
}

static void test_pagemap__borders(void **state)
{
    (void)state;
    ac_pagemap_place_window(NEAR);
    uintptr_t end = ac_window_base + AC_WINDOW_BYTES;
    assert_true(ac_window_base <= NEAR && NEAR + ((uintptr_t)512 << 20) < end);
    assert_int_equal(ac_window_base % AC_UNIT_BYTES, 0);
    check_unit(ac_window_base);
    check_unit(ac_window_base - AC_UNIT_BYTES);
    check_unit(end - AC_UNIT_BYTES);
    check_unit(end);
    check_unit(NEAR);
    check_unit(AC_UNIT_BYTES);
    check_unit(5 * LEAF_BYTES);
    check_unit(5 * LEAF_BYTES - AC_UNIT_BYTES);
    check_unit(((uintptr_t)1 << AC_ADDRESS_BITS) - 2 * AC_UNIT_BYTES);
}

static void test_pagemap__tag_is_the_entrys(void **state)
{
    (void)state;
    ac_pagemap_place_window(NEAR);
    assert_true(ac_pagemap_reserve(NEAR, AC_CHUNK_BYTES));
    ac_pagemap_set(NEAR, 3, ac_entry_make((void *)0x40, 0xab, 0xcd));
    size_t unit = (NEAR - ac_window_base) >> AC_UNIT_SHIFT;
    assert_int_equal(ac_window_tag(unit), 0xabcd);
    assert_int_equal(ac_window_tag(unit + 2), 0xabcd);
    assert_int_equal(ac_window_tag(unit + 3), 0);
}

static void test_pagemap__one_range_over_many_leaves(void **state)
{
    (void)state;
    uintptr_t base = 10 * LEAF_BYTES - 3 * AC_UNIT_BYTES;
    uint64_t maps = ac_fake_calls(AC_FAKE_MAP);
    assert_true(ac_pagemap_reserve(base, 2 * LEAF_BYTES + 7 * AC_UNIT_BYTES));
    assert_int_equal(ac_fake_calls(AC_FAKE_MAP) - maps, 4); /* leaves 9, 10, 11, 12 */
    assert_true(ac_pagemap_reserve(base, 2 * LEAF_BYTES));
    assert_int_equal(ac_fake_calls(AC_FAKE_MAP) - maps, 4);
    ac_pagemap_set(base, 6, 5);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(get(base + i * AC_UNIT_BYTES + 17), 5);
    assert_int_equal(get(base + 6 * AC_UNIT_BYTES), 0);
    assert_in_range(ac_pagemap_used_bytes(), 4 * 4096, SIZE_MAX);
}

static void test_pagemap__no_memory(void **state)
{
    (void)state;
    ac_fake_fail(AC_FAKE_MAP, 1, true);
    assert_false(ac_pagemap_reserve(NEAR, AC_UNIT_BYTES));
    ac_pagemap_place_window(NEAR);
    assert_null(ac_window_leaf);
    assert_int_equal(get(NEAR), 0);
    ac_fake_heal();
    ac_fake_fail(AC_FAKE_MAP, 2, false);
    assert_false(ac_pagemap_reserve(3 * LEAF_BYTES - AC_UNIT_BYTES, 2 * AC_UNIT_BYTES));
    assert_true(ac_pagemap_reserve(3 * LEAF_BYTES - AC_UNIT_BYTES, 2 * AC_UNIT_BYTES));
    check_unit(3 * LEAF_BYTES);
}

/* Without a window everything works the second way. */
static void test_pagemap__no_window(void **state)
{
    (void)state;
    check_unit(NEAR);
    check_unit(LEAF_BYTES);
    check_unit(AC_UNIT_BYTES);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_pagemap__entry_packs_and_unpacks),
    UNIT_TEST(test_pagemap__garbage_is_not_ours),
    UNIT_TEST(test_pagemap__garbage_before_the_window),
    UNIT_TEST(test_pagemap__window_at_the_bottom),
    UNIT_TEST(test_pagemap__borders),
    UNIT_TEST(test_pagemap__tag_is_the_entrys),
    UNIT_TEST(test_pagemap__one_range_over_many_leaves),
    UNIT_TEST(test_pagemap__no_memory),
    UNIT_TEST(test_pagemap__no_window),
};
UNIT_MAIN(tests)
