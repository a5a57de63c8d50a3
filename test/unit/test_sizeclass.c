/* SPDX-License-Identifier: MIT
 *
 * test_sizeclass.c -- core/sizeclass: every size, every class, every byte of every span.
 */
#include "core/sizeclass.h"
#include "core/span.h"
#include "unit.h"

static void test_sizeclass__smallest_that_holds(void **state)
{
    (void)state;
    for (size_t size = 0; size <= AC_SMALL_MAX_BYTES; size++) {
        unsigned class = ac_class_of_size(size);
        unsigned smallest = 1;
        while (ac_sizeclass[smallest].size_bytes < size)
            smallest++;
        assert_int_equal(class, smallest);
        assert_int_equal(ac_bin_of_size(size), class * AC_BIN_WORDS);
    }
}

static void test_sizeclass__classes_rise_in_granules(void **state)
{
    (void)state;
    assert_int_equal(ac_sizeclass[0].size_bytes, 0);
    assert_int_equal(ac_sizeclass[1].size_bytes, AC_GRANULE_BYTES);
    assert_int_equal(ac_sizeclass[AC_NCLASSES - 1].size_bytes, AC_SMALL_MAX_BYTES);
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        assert_true(ac_sizeclass[c].size_bytes > ac_sizeclass[c - 1].size_bytes);
        assert_int_equal(ac_sizeclass[c].size_bytes % AC_GRANULE_BYTES, 0);
    }
}

static void test_sizeclass__waste_is_bounded(void **state)
{
    (void)state;
    for (size_t size = 1; size <= AC_SMALL_MAX_BYTES; size++) {
        size_t waste = ac_sizeclass[ac_class_of_size(size)].size_bytes - size;
        if (size <= 128)
            assert_true(waste < AC_GRANULE_BYTES);
        else
            assert_true(waste * 8 <= size);
    }
}

static void test_sizeclass__spans(void **state)
{
    (void)state;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        const struct ac_sizeclass *sc = &ac_sizeclass[c];
        size_t span_bytes = sc->span_units * AC_UNIT_BYTES;
        assert_in_range(sc->span_units, 1, AC_CHUNK_UNITS);
        assert_int_equal(sc->nobj, span_bytes / sc->size_bytes);
        assert_true((span_bytes - (size_t)sc->nobj * sc->size_bytes) * 8 <= span_bytes);
        assert_in_range(sc->batch, 1, AC_MAX_BATCH);
        assert_true(sc->batch <= (uint32_t)1 << sc->magazine_log2);
        assert_in_range(ac_span_lines(c) * AC_CACHE_LINE - sizeof(struct ac_span),
                        (size_t)(sc->nobj + 63) / 64 * 8, SIZE_MAX);
    }
}

static void test_sizeclass__index_is_exact(void **state)
{
    (void)state;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        const struct ac_sizeclass *sc = &ac_sizeclass[c];
        uint32_t span_bytes = (uint32_t)(sc->span_units * AC_UNIT_BYTES);
        for (uint32_t offset = 0; offset < span_bytes; offset++) {
            if (ac_class_index(offset, sc->recip) != offset / sc->size_bytes)
                fail_msg("class %u, offset %u", sc->size_bytes, offset);
        }
    }
}

static void test_sizeclass__aligned(void **state)
{
    (void)state;
    for (size_t align = 1; align <= AC_UNIT_BYTES; align *= 2) {
        for (size_t size = 0; size <= AC_SMALL_MAX_BYTES; size += size < 4096 ? 1 : 61) {
            unsigned smallest = 1;
            while (smallest < AC_NCLASSES && (ac_sizeclass[smallest].size_bytes < size ||
                                              ac_sizeclass[smallest].size_bytes % align != 0))
                smallest++;
            assert_int_equal(ac_class_of_aligned(size, align), smallest == AC_NCLASSES ? 0 : smallest);
        }
    }
    assert_int_equal(ac_class_of_aligned(1, 2 * AC_UNIT_BYTES), 0);
    assert_int_equal(ac_class_of_aligned(AC_SMALL_MAX_BYTES + 1, 16), 0);
    assert_int_equal(ac_class_of_aligned(SIZE_MAX, 16), 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_sizeclass__smallest_that_holds), UNIT_TEST(test_sizeclass__classes_rise_in_granules),
    UNIT_TEST(test_sizeclass__waste_is_bounded),    UNIT_TEST(test_sizeclass__spans),
    UNIT_TEST(test_sizeclass__index_is_exact),      UNIT_TEST(test_sizeclass__aligned),
};
UNIT_MAIN(tests)
