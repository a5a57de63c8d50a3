/* SPDX-License-Identifier: MIT
 *
 * test_report.c -- report/snapshot.c against what a test knows itself, and report/text.c: both texts, to
 * the last byte of their buffer.
 */
#include "heap/thread.h"
#include "heap_check.h"
#include "os/os_fake.h"
#include "report/text.h"
#include "unit.h"

#include <acre/acre.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB ((size_t)1 << 20)

static struct ac_snapshot now(void)
{
    struct ac_snapshot snapshot;
    ac_snapshot_take(&snapshot);
    return snapshot;
}

static void keep_everything(void)
{
    acre_free(acre_malloc(1));
    assert_int_equal(acre_option_set("dirty_min", (size_t)1 << 40), 0);
}

static void test_report__an_empty_heap(void **state)
{
    (void)state;
    struct ac_snapshot s = now();
    for (unsigned i = 0; i < AC_STAT_COUNT; i++)
        assert_int_equal(s.stats[i], 0);
    assert_int_equal(ac_snapshot_live_bytes(&s), 0);
}

static void test_report__names_are_the_rows(void **state)
{
    (void)state;
    assert_string_equal(ac_stat_row[AC_STAT_small_live_bytes].name, "small_live_bytes");
    assert_string_equal(ac_stat_row[AC_STAT_COUNT - 1].name, "rss_bytes");
    for (unsigned i = 0; i < AC_STAT_COUNT; i++) {
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(ac_stat_row[i].name, ac_stat_row[k].name);
    }
}

static void test_report__live_is_what_is_out(void **state)
{
    void *blocks[300];
    (void)state;
    keep_everything();
    for (unsigned i = 0; i < 300; i++)
        blocks[i] = acre_malloc(100);
    void *large = acre_malloc(100000);
    void *huge = acre_malloc(5 * MIB);
    struct ac_snapshot s = now();
    assert_int_equal(s.stats[AC_STAT_small_live_objects], 300);
    assert_int_equal(s.stats[AC_STAT_small_live_bytes], 300 * 112);
    assert_int_equal(s.stats[AC_STAT_large_live_objects], 2);
    assert_int_equal(s.stats[AC_STAT_large_live_bytes], 102400 + 5 * MIB);
    assert_int_equal(ac_snapshot_live_bytes(&s), 300 * 112 + 102400 + 5 * MIB);
    assert_int_equal(s.stats[AC_STAT_threads], 1);
    const struct ac_state_class *row = &s.classes[ac_class_of_size(100)];
    assert_int_equal(row->size_bytes, 112);
    assert_int_equal(row->live_objects, 300);
    for (unsigned i = 0; i < 300; i++)
        acre_free(blocks[i]);
    acre_free(large);
    acre_free(huge);
    s = now();
    assert_int_equal(ac_snapshot_live_bytes(&s), 0);
    assert_int_equal(s.stats[AC_STAT_dirty_bytes], 4 * 32768 + 5 * MIB);
    assert_true(s.stats[AC_STAT_thread_cache_bytes] + s.stats[AC_STAT_transfer_cache_bytes] +
                    s.stats[AC_STAT_span_free_bytes] >=
                300 * 112);
}

/* SN1 and all counters, at many moments of random work in several threads. */
static void *work(void *arg)
{
    uint64_t seed = (uint64_t)(uintptr_t)arg;
    void *blocks[200] = {NULL};
    for (unsigned i = 0; i < 4000; i++) {
        unsigned k = (unsigned)(unit_random(&seed) % 200);
        acre_free(blocks[k]);
        blocks[k] = acre_malloc(unit_random(&seed) % (i % 20 == 0 ? 300000 : 3000));
    }
    for (unsigned k = 0; k < 200; k++)
        acre_free(blocks[k]);
    return NULL;
}

static void test_report__identity_after_random_work(void **state)
{
    (void)state;
    for (uintptr_t i = 1; i <= 10; i++) {
        work((void *)i);
        heap_check_counts(0, 0);
        unit_in_thread(work, (void *)(i + 100));
        heap_check_counts(0, 0);
    }
}

static void test_report__counters_only_grow(void **state)
{
    static const enum ac_stat counters[] = {AC_STAT_purged_bytes, AC_STAT_remote_frees, AC_STAT_refills,
                                            AC_STAT_flushes};
    uint64_t last[4] = {0};
    (void)state;
    for (uintptr_t i = 1; i <= 5; i++) {
        work((void *)i);
        (void)acre_trim(0);
        struct ac_snapshot s = now();
        for (unsigned k = 0; k < 4; k++) {
            assert_true(s.stats[counters[k]] >= last[k]);
            last[k] = s.stats[counters[k]];
        }
    }
    assert_true(last[0] > 0 && last[2] > 0 && last[3] > 0);
}

/* Every byte that went back counts, huge blocks' too. */
static void test_report__purged_counts_mappings(void **state)
{
    (void)state;
    keep_everything();
    acre_free(acre_malloc(20 * MIB));
    uint64_t before = now().stats[AC_STAT_purged_bytes];
    (void)acre_trim(0);
    assert_true(now().stats[AC_STAT_purged_bytes] - before >= 20 * MIB);
}

/* What is said to be mapped and what the machine has given differ by the allocator's own records. */
static void test_report__mapped_is_what_the_machine_says(void **state)
{
    (void)state;
    acre_free(acre_malloc(1));
    size_t own = ac_fake_mapped_bytes() - now().stats[AC_STAT_mapped_bytes];
    for (uintptr_t i = 1; i <= 6; i++) {
        void *huge = acre_malloc(i * 3 * MIB);
        void *kept = acre_malloc(i * 2 * MIB);
        work((void *)i);
        huge = acre_realloc(huge, i * 4 * MIB);
        size_t more = ac_fake_mapped_bytes() - now().stats[AC_STAT_mapped_bytes] - own;
        assert_int_equal(more % AC_META_CHUNK_BYTES, 0);
        assert_true(more <= 2 * AC_META_CHUNK_BYTES);
        acre_free(huge);
        if (i % 2 == 0)
            (void)acre_trim(0);
        acre_free(kept);
    }
    assert_true(now().stats[AC_STAT_metadata_bytes] <= own + 2 * AC_META_CHUNK_BYTES);
}

/* ---- text ---- */

static char text[AC_TEXT_MAX_BYTES + 16];

static struct ac_fmt clean_buffer(size_t cap)
{
    memset(text, '#', sizeof text);
    return (struct ac_fmt){text, cap, 0};
}

/* Every number at its longest. */
static void fill_to_the_brim(struct ac_snapshot *s)
{
    memset(s, 0xff, sizeof *s);
}

static void test_report__text_fits_whatever_the_numbers(void **state)
{
    static struct ac_snapshot s;
    void (*const writers[])(const struct ac_snapshot *, const char *, struct ac_fmt *) = {ac_text_people,
                                                                                          ac_text_xml};
    (void)state;
    fill_to_the_brim(&s);
    for (unsigned i = 0; i < 2; i++) {
        struct ac_fmt f = clean_buffer(AC_TEXT_MAX_BYTES);
        writers[i](&s, "999.999.999-some.longer.name", &f);
        assert_true(f.len < AC_TEXT_MAX_BYTES);
        assert_int_equal(text[f.len - 1], '\n');
        assert_int_equal(text[f.len], '#');
        size_t whole = f.len;
        f = clean_buffer(whole / 2);
        writers[i](&s, "999.999.999-some.longer.name", &f);
        assert_int_equal(f.len, whole / 2);
        assert_int_equal(text[whole / 2], '#');
    }
}

static void test_report__people_see_every_row(void **state)
{
    (void)state;
    void *blocks[50];
    for (unsigned i = 0; i < 50; i++)
        blocks[i] = acre_malloc(500);
    struct ac_snapshot s = now();
    struct ac_fmt f = clean_buffer(AC_TEXT_MAX_BYTES);
    ac_text_people(&s, "1.2.3", &f);
    text[f.len] = '\0';
    assert_ptr_equal(strstr(text, "acre 1.2.3"), text);
    for (unsigned i = 0; i < AC_STAT_COUNT; i++) {
        const char *at = strstr(text, ac_stat_row[i].name);
        assert_non_null(at);
        assert_int_equal(strtoull(at + strlen(ac_stat_row[i].name), NULL, 10), s.stats[i]);
    }
    for (unsigned i = 0; i < 20; i++)
        acre_free(blocks[i]);
    ac_thread_flush(ac_heap_self);
    s = now();
    f = clean_buffer(AC_TEXT_MAX_BYTES);
    ac_text_people(&s, "1.2.3", &f);
    text[f.len] = '\0';
    const struct ac_state_class *row = &s.classes[ac_class_of_size(500)];
    char expected[100];
    snprintf(expected, sizeof expected, "\n  512  30  0  %llu  %u\n", (unsigned long long)row->free_objects,
             row->nspans);
    assert_true(row->free_objects >= 20);
    assert_non_null(strstr(text, expected));
}

static void test_report__xml_is_well_formed(void **state)
{
    (void)state;
    work((void *)3);
    struct ac_snapshot s = now();
    struct ac_fmt f = clean_buffer(AC_TEXT_MAX_BYTES);
    ac_text_xml(&s, "1.2.3", &f);
    text[f.len] = '\0';
    unsigned depth = 0;
    unsigned nstats = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '<')
            continue;
        const char *end = strchr(p, '>');
        assert_non_null(end);
        nstats += strncmp(p, "<stat ", 6) == 0;
        if (p[1] == '/')
            depth--;
        else if (end[-1] != '/')
            depth++;
        p = end;
    }
    assert_int_equal(depth, 0);
    assert_int_equal(nstats, AC_STAT_COUNT);
    char expected[100];
    snprintf(expected, sizeof expected, "<stat name=\"refills\" value=\"%llu\"/>",
             (unsigned long long)s.stats[AC_STAT_refills]);
    assert_non_null(strstr(text, expected));
    assert_ptr_equal(strstr(text, "<malloc version=\"1\">"), text);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_report__an_empty_heap),
    UNIT_TEST(test_report__names_are_the_rows),
    UNIT_TEST(test_report__live_is_what_is_out),
    UNIT_TEST(test_report__identity_after_random_work),
    UNIT_TEST(test_report__counters_only_grow),
    UNIT_TEST(test_report__purged_counts_mappings),
    UNIT_TEST(test_report__mapped_is_what_the_machine_says),
    UNIT_TEST(test_report__text_fits_whatever_the_numbers),
    UNIT_TEST(test_report__people_see_every_row),
    UNIT_TEST(test_report__xml_is_well_formed),
};
UNIT_MAIN(tests)
