/* SPDX-License-Identifier: MIT
 *
 * test_segment.c -- a reader of the state segment beside threads that write it: under TSan every access of
 * both must be atomic, and what a reader takes for whole is.
 */
#include "api/publish.h"
#include "base/atomic.h"
#include "core/stat.h"
#include "core/state.h"
#include "heap/heap.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <pthread.h>
#include <sched.h>

enum { NOWNERS = 3, NBLOCKS = 60, MOMENTS = 5, WHOLE = 50, BIT_OF_A_SECOND = 20000000 };

static union {
    struct ac_state s;
    char bytes[AC_STATE_MAX_BYTES];
    uint64_t words[AC_STATE_MAX_BYTES / sizeof(uint64_t)];
} file;

static uint32_t stop;

static size_t some_size(uint64_t *seed)
{
    uint64_t r = unit_random(seed);
    return r % 50 == 0 ? 100000 + r / 64 % (3u << 20) : 16 + r / 64 % 3000;
}

static void *own(void *arg)
{
    void *blocks[NBLOCKS] = {NULL};
    uint64_t seed = (uintptr_t)arg;
    ac_fake_thread_begin();
    while (ac_load_rlx(&stop) == 0) {
        for (unsigned i = 0; i < 200; i++) {
            void **block = &blocks[unit_random(&seed) % NBLOCKS];
            acre_free(*block);
            *block = acre_malloc(some_size(&seed));
        }
        ac_fake_thread_pass();
    }
    for (unsigned i = 0; i < NBLOCKS; i++)
        acre_free(blocks[i]);
    ac_fake_thread_end();
    return NULL;
}

/* As the helper does. */
static void *tick(void *unused)
{
    ac_fake_thread_begin();
    while (ac_load_rlx(&stop) == 0) {
        ac_publish_tick(AC_ID_HELPER);
        ac_fake_thread_pass();
    }
    ac_fake_thread_end();
    return unused;
}

/* Words as another process loads them. */
static uint64_t read_words(size_t offset_bytes, uint64_t *out, size_t n)
{
    uint64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        last = ac_load_rlx(&file.words[offset_bytes / sizeof(uint64_t) + i]);
        if (out != NULL)
            out[i] = last;
    }
    return last;
}

/* ST2. False when it was being written. */
static bool read_snapshot(struct ac_snapshot *out, size_t offset_bytes)
{
    uint32_t seq = ac_load_acq(&file.s.seq);
    read_words(offset_bytes, (uint64_t *)out, sizeof *out / sizeof(uint64_t));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return seq % 2 == 0 && ac_load_rlx(&file.s.seq) == seq;
}

static void check_snapshot(const struct ac_snapshot *snapshot, uint64_t *inout_last_ns)
{
    uint64_t small = 0;
    for (unsigned c = 1; c < file.s.nclasses; c++)
        small += snapshot->classes[c].live_objects * snapshot->classes[c].size_bytes;
    assert_int_equal(small, snapshot->stats[AC_STAT_small_live_bytes]);
    assert_true(snapshot->time_ns >= *inout_last_ns);
    *inout_last_ns = snapshot->time_ns;
}

static void test_segment__readers_beside_writers(void **state)
{
    static struct ac_snapshot snapshot;
    pthread_t threads[NOWNERS + 1];
    uint64_t last_now_ns = 0;
    uint64_t last_peak_ns = 0;
    unsigned nwhole = 0;
    (void)state;
    ac_fake_set_conf("state=/there,shards=2,helper=0");
    ac_fake_set_file("/there", &file, sizeof file);
    acre_free(acre_malloc(1));
    ac_publish_start();
    for (unsigned i = 0; i < NOWNERS; i++)
        pthread_create(&threads[i], NULL, own, (void *)(uintptr_t)(i + 1));
    pthread_create(&threads[NOWNERS], NULL, tick, NULL);
    while (nwhole < WHOLE || ac_load_acq(&file.s.moments[0]) < MOMENTS) {
        ac_fake_advance_ns(BIT_OF_A_SECOND);
        read_words(0, NULL, offsetof(struct ac_state, now) / sizeof(uint64_t));
        for (unsigned i = 0; i < file.s.nsections; i++) {
            const struct ac_state_section *section = &file.s.sections[i];
            uint64_t nrows = section->nrows < 64 ? section->nrows : 64;
            read_words(section->offset_bytes, NULL, nrows * section->row_bytes / sizeof(uint64_t));
        }
        if (read_snapshot(&snapshot, offsetof(struct ac_state, now)) && ++nwhole != 0)
            check_snapshot(&snapshot, &last_now_ns);
        sched_yield();
        if (read_snapshot(&snapshot, offsetof(struct ac_state, peak)))
            check_snapshot(&snapshot, &last_peak_ns);
    }
    ac_store_rlx(&stop, 1u);
    for (unsigned i = 0; i < NOWNERS + 1; i++)
        pthread_join(threads[i], NULL);
    assert_true(last_now_ns > 0 && last_peak_ns > 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_segment__readers_beside_writers),
};
UNIT_MAIN(tests)
