/* SPDX-License-Identifier: MIT
 *
 * test_publish.c -- api/publish.c: the state segment is claimed once, filled in, kept up to date and left
 * alone by forks.
 */
#include "api/publish.h"
#include "core/sizeclass.h"
#include "heap/heap.h"
#include "heap/thread.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "report/snapshot.h"
#include "unit.h"

#include <acre/acre.h>

#define SECOND ((uint64_t)1000000000)

static union {
    struct ac_state s;
    char bytes[AC_STATE_MAX_BYTES];
} segment_file;
#define segment segment_file.s

static void start(void)
{
    ac_fake_set_conf("state=/there");
    ac_fake_set_file("/there", &segment, sizeof segment_file);
    acre_free(acre_malloc(1));
    ac_publish_start();
}

static void test_publish__claims_and_fills(void **state)
{
    (void)state;
    start();
    assert_memory_equal(segment.magic, AC_STATE_MAGIC, 8);
    assert_int_equal(segment.version, AC_STATE_VERSION);
    assert_int_equal(segment.size_bytes, sizeof segment);
    assert_int_equal(segment.pid, ac_os_pid());
    assert_int_equal(segment.nstats, AC_STAT_COUNT);
    assert_int_equal(segment.nclasses, AC_NCLASSES);
    assert_int_equal(segment.page_size_bytes, ac_os_page_size());
    assert_string_equal(segment.library, ACRE_VERSION_STRING);
    assert_int_equal(segment.seq % 2, 0);
    assert_int_equal(segment.exited, 0);
    assert_true(segment.now.stats[AC_STAT_rss_bytes] > 0);
}

static void test_publish__ticks(void **state)
{
    (void)state;
    start();
    void *block = acre_malloc(3 << 20);
    ac_fake_advance_ns(SECOND);
    ac_publish_tick(AC_ID_HELPER);
    assert_int_equal(segment.now.stats[AC_STAT_large_live_bytes], 3 << 20);
    assert_int_equal(segment.now.time_ns, ac_os_now_ns());
    for (unsigned i = 0; i < 2000; i++)
        ac_publish_tick(AC_ID_HELPER);
    uint32_t seq = segment.seq;
    for (unsigned i = 0; i < 2000; i++)
        ac_publish_tick(AC_ID_HELPER); /* too soon */
    assert_int_equal(segment.seq, seq);
    memset(block, 1, 3 << 20);
    ac_fake_advance_ns(SECOND);
    ac_publish_tick(AC_ID_HELPER);
    acre_free(block);
    (void)acre_trim(0);
    ac_fake_advance_ns(SECOND);
    ac_publish_tick(AC_ID_HELPER);
    assert_int_equal(segment.now.stats[AC_STAT_large_live_bytes], 0);
    assert_int_equal(segment.peak.stats[AC_STAT_large_live_bytes], 3 << 20); /* the peak stays */
    ac_publish_exit();
    assert_int_equal(segment.exited, 1);
    assert_int_equal(segment.seq % 2, 0);
}

static void test_publish__anothers_segment_is_left_alone(void **state)
{
    static struct ac_state before;
    (void)state;
    segment.pid = 4242;
    before = segment;
    start();
    ac_fake_advance_ns(SECOND);
    ac_publish_tick(AC_ID_HELPER);
    ac_publish_exit();
    assert_memory_equal(&segment, &before, sizeof segment);
}

static void test_publish__without_a_file(void **state)
{
    (void)state;
    ac_fake_set_conf("state=/elsewhere");
    ac_fake_set_file("/there", &segment, sizeof segment_file);
    acre_free(acre_malloc(1));
    ac_publish_start();
    ac_publish_tick(AC_ID_HELPER);
    ac_publish_exit();
    assert_true(unit_is_zero(&segment, sizeof segment));
}

static void test_publish__too_small_a_file(void **state)
{
    (void)state;
    ac_fake_set_conf("state=/there");
    ac_fake_set_file("/there", &segment, sizeof segment - 1);
    acre_free(acre_malloc(1));
    ac_publish_start();
    assert_true(unit_is_zero(&segment, sizeof segment));
}

/* The machine lays the child's segment where its parent's was. */
static void test_publish__a_child_starts_anew(void **state)
{
    (void)state;
    start();
    void *block = acre_malloc(100000);
    ac_fake_fork();
    ac_publish_exit(); /* of a child that took no slow path: not its business */
    assert_int_equal(segment.pid, ac_os_pid() - 1);
    assert_int_equal(segment.exited, 0);
    acre_free(acre_malloc(50000));
    assert_int_equal(segment.pid, ac_os_pid());
    assert_int_equal(segment.forks, 1);
    assert_memory_equal(segment.magic, AC_STATE_MAGIC, 8);
    assert_int_equal(segment.pages.large_live_objects, 1);
    assert_true(segment.pages.large_live_bytes >= 100000);
    acre_free(block);
    assert_int_equal(segment.pages.large_live_objects, 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_publish__claims_and_fills),
    UNIT_TEST(test_publish__ticks),
    UNIT_TEST(test_publish__anothers_segment_is_left_alone),
    UNIT_TEST(test_publish__without_a_file),
    UNIT_TEST(test_publish__too_small_a_file),
    UNIT_TEST(test_publish__a_child_starts_anew),
};
UNIT_MAIN(tests)
