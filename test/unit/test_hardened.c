/* SPDX-License-Identifier: MIT
 *
 * test_hardened.c -- hardened mode: guard pages and their budget, random words, the magazine that waits and
 * mixes, canaries and records, and the quarantine of large blocks.
 */
#include "core/harden.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/fenced.h"
#include "heap/hardened.h"
#include "heap/hardmag.h"
#include "heap/large.h"
#include "heap/thread.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <sys/mman.h>

#define ME 7u
#define PAGE ((size_t)4096)
#define MIB ((size_t)1 << 20)
#define PLACES 16u
#define MAX_BLOCKS 100000u

static void start(bool markers, bool mapped)
{
    ac_fake_offer_guards(markers, mapped);
    ac_fake_set_conf("hardened=1,helper=0");
    acre_free(acre_malloc(1));
    assert_true(ac_harden_is_on());
}

static struct ac_span *span_of(const void *block)
{
    return ac_entry_span(ac_pagemap_get(block));
}

static void assert_sound(void)
{
    struct acre_breach b = {0};
    if (acre_verify(&b, 1) != 0)
        fail_msg("%s: %s is %llu, expected %llu", b.invariant, b.what, b.found, b.expected);
}

/* ---- guard pages ---- */

static struct ac_run take(unsigned units)
{
    struct ac_run run = {0};
    assert_true(ac_purge_take_run(units, 1, &run, ME));
    return run;
}

static unsigned guards_of(struct ac_run run, size_t from_page, size_t npages)
{
    return ac_fake_guards((void *)(run.base + from_page * PAGE), npages * PAGE);
}

static void fences(bool markers)
{
    size_t unit = AC_UNIT_BYTES / PAGE;
    start(markers, true);
    struct ac_run three = take(3);
    assert_int_equal(guards_of(three, 0, 3 * unit - 1), 0);
    assert_int_equal(guards_of(three, 3 * unit - 1, 1), 1);
    ac_pageheap_give(three.chunk, three.base, 3, 3, ME);
    struct ac_run one = {.base = three.base, .chunk = three.chunk, .zero = true};
    ac_harden_run(&one, 1);
    ac_harden_run(&one, 1);
    assert_int_equal(guards_of(three, 0, unit), 1); /* once, and the one behind stays */
    assert_int_equal(guards_of(three, 3 * unit - 1, 1), 1);
    three.zero = true;
    ac_harden_run(&three, 3);
    assert_int_equal(guards_of(three, 0, 3 * unit - 1), 0);
    assert_int_equal(guards_of(three, 3 * unit - 1, 1), 1);
}

static void test_hardened__fences_of_markers(void **state)
{
    (void)state;
    fences(true);
}

static void test_hardened__fences_of_mappings(void **state)
{
    (void)state;
    fences(false);
}

/* As with locked memory: the system has markers, but not for this range. */
static void test_hardened__markers_refused_later(void **state)
{
    (void)state;
    start(true, true);
    ac_fake_offer_guards(false, true);
    struct ac_run run = take(1);
    size_t last = AC_UNIT_BYTES / PAGE - 1;
    assert_int_equal(guards_of(run, last, 1), 1);
    run = (struct ac_run){.base = run.base, .chunk = run.chunk, .zero = true};
    ac_harden_run(&run, 2);
    assert_int_equal(guards_of(run, last, 1), 0);
}

static void test_hardened__no_guards_at_all(void **state)
{
    (void)state;
    start(false, false);
    struct ac_run run = take(2);
    assert_int_equal(guards_of(run, 0, 2 * AC_UNIT_BYTES / PAGE), 0);
    assert_int_equal(run.chunk->fenced, 0);
    ac_pageheap_give(run.chunk, run.base, 2, 2, ME);
    void *blocks[100];
    for (unsigned i = 0; i < 100; i++)
        assert_non_null(blocks[i] = acre_malloc(i * 3000));
    for (unsigned i = 0; i < 100; i++)
        acre_free(blocks[i]);
    assert_sound();
}

/* Without markers each guard page costs two mappings; there are 4096 at most, wherever they lie. */
static void test_hardened__budget_of_mappings(void **state)
{
    (void)state;
    enum { BUDGET = 4096 };
    start(false, true);
    unsigned n = 0;
    while (n <= 4 * BUDGET && acre_malloc(20000) != NULL && ac_fake_guards((void *)0, SIZE_MAX) < BUDGET)
        n++;
    assert_int_equal(ac_fake_guards((void *)0, SIZE_MAX), BUDGET);
    for (unsigned i = 0; i < 100; i++)
        assert_non_null(acre_malloc(i % 2 == 0 ? 20000 : 2 * MIB));
    assert_int_equal(ac_fake_guards((void *)0, SIZE_MAX), BUDGET);
    assert_false(ac_harden_guard(ac_fake_space_base(), PAGE));
    assert_sound();
}

/* What the budget was spent on comes back with the memory: of huge blocks, of runs that grow over a guard
 * page, and of chunks. */
static void test_hardened__budget_comes_back(void **state)
{
    (void)state;
    enum { MORE_THAN_THERE_ARE = 2500, RUNS = 1000 };
    start(false, true);
    for (unsigned i = 0; i < MORE_THAN_THERE_ARE; i++) {
        char *huge = acre_malloc(2 * MIB);
        if (i % 16 == 0)
            huge = acre_realloc(huge, 3 * MIB);
        acre_free(huge);
    }
    assert_true(ac_harden_guard(ac_fake_space_base(), PAGE));
    for (unsigned round = 0; round < 2 * MORE_THAN_THERE_ARE / RUNS; round++) {
        struct ac_run runs[RUNS];
        for (unsigned i = 0; i < RUNS; i++) {
            runs[i] = take(round % 2 + 1);
            assert_int_not_equal(runs[i].chunk->fenced, 0);
        }
        for (unsigned i = 0; i < RUNS; i++)
            ac_pageheap_give(runs[i].chunk, runs[i].base, round % 2 + 1, 0, ME);
        acre_trim(0);
    }
    assert_true(ac_harden_guard(ac_fake_space_base(), PAGE));
    assert_sound();
}

static void take_written(void *arg)
{
    struct ac_run run = *(struct ac_run *)arg;
    ac_harden_run(&run, 1);
}

static void test_hardened__free_pages_are_looked_at(void **state)
{
    (void)state;
    start(true, true);
    struct ac_run run = take(1);
    run.zero = false;
    take_written(&run);
    ((char *)run.base)[AC_UNIT_BYTES - PAGE - 1] = 1;
    unit_expect_death(take_written, &run, "free pages");
    run.zero = true; /* what the system has just given is not looked at */
    take_written(&run);
}

/* ---- random words ---- */

struct words {
    unsigned forks;
    uint64_t process;
    uint64_t heap;
};

static int note_words(void *arg)
{
    struct words *words = arg;
    for (unsigned i = 0; i < words->forks; i++)
        ac_fake_fork();
    ac_fake_advance_ns(words->forks);
    acre_free(acre_malloc(300000)); /* a slow path */
    words->process = ac_harden_random();
    words->heap = ac_hardmag_next(ac_heap_mine());
    return 0;
}

/* The parent's are those of a child that does not know it is one. */
static void test_hardened__a_fork_goes_on_with_other_words(void **state)
{
    (void)state;
    struct words *words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    start(true, true);
    uint64_t secret = ac_harden_secret();
    for (unsigned i = 0; i < 3; i++) {
        words[i].forks = i;
        assert_int_equal(unit_in_child(note_words, &words[i]), 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_true(words[i].process != words[(i + 1) % 3].process);
        assert_true(words[i].heap != words[(i + 1) % 3].heap);
    }
    assert_true(ac_harden_secret() == secret);
}

/* ---- the magazine ---- */

static void test_hardened__a_freed_block_waits(void **state)
{
    enum { ROUNDS = 1000, STOCK = 16 };
    unsigned at_once = 0;
    size_t waited = 0;
    (void)state;
    start(true, true);
    void *blocks[64];
    for (unsigned round = 0; round < 40; round++) { /* the array gets its length */
        for (unsigned i = 0; i < 64; i++)
            blocks[i] = acre_malloc(100);
        for (unsigned i = 0; i < 64; i++)
            acre_free(blocks[i]);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        void *block = acre_malloc(100);
        acre_free(block);
        void *next = acre_malloc(100);
        acre_free(next);
        at_once += next == block;
        for (waited++; next != block; waited++)
            acre_free(next = acre_malloc(100));
    }
    assert_true(at_once < ROUNDS / 8); /* 1 in 16 */
    assert_in_range(waited / ROUNDS, STOCK / 2, STOCK * 2);
    assert_sound();
}

static void test_hardened__all_memory_is_had(void **state)
{
    static char *blocks[MAX_BLOCKS];
    unsigned n = 0;
    (void)state;
    start(true, true);
    acre_free(acre_malloc(1000));
    void *waiting[8];
    for (unsigned i = 0; i < 8; i++)
        waiting[i] = acre_malloc(1000);
    for (unsigned i = 0; i < 8; i++)
        acre_free(waiting[i]);
    ac_fake_fail(AC_FAKE_MAP, 1, true);
    ac_fake_fail(AC_FAKE_MAP_ALIGNED, 1, true);
    for (; n < MAX_BLOCKS && (blocks[n] = acre_malloc(1000)) != NULL; n++)
        memset(blocks[n], (int)n, 1000);
    assert_in_range(n, 8, MAX_BLOCKS - 1);
    for (unsigned i = 0; i < 8; i++) {
        bool found = false;
        for (unsigned k = 0; k < n; k++)
            found = found || blocks[k] == waiting[i];
        assert_true(found); /* also what was in quarantine */
    }
    ac_fake_heal();
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal((unsigned char)blocks[i][999], (unsigned char)i);
        acre_free(blocks[i]);
    }
    assert_sound();
}

/* ---- canaries and records ---- */

static void free_it(void *block)
{
    acre_free(block);
}

static void overflow(size_t size, size_t align, size_t by, const char *text)
{
    char *block = align != 0 ? acre_aligned_alloc(align, size) : acre_malloc(size);
    assert_non_null(block);
    assert_int_equal(acre_usable_size(block), size);
    char was = block[size + by - 1];
    block[size + by - 1] = (char)~was;
    unit_expect_death(free_it, block, text);
    block[size + by - 1] = was;
    acre_free(block);
}

static void test_hardened__every_byte_of_slack(void **state)
{
    static const size_t sizes[] = {1,    15,    16,    100,   1000,   1025,
                                   5000, 28000, 28671, 30001, 100001, 3 * MIB + 1};
    (void)state;
    start(true, true);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = acre_malloc(sizes[i]);
        struct ac_span *span = span_of(block);
        size_t slack = (span->kind == AC_SPAN_SMALL ? span->size_bytes : span->bytes) - sizes[i];
        acre_free(block);
        assert_true(slack != 0);
        for (size_t by = 1; by <= slack && by <= 64; by++)
            overflow(sizes[i], 0, by, "past the end");
    }
    for (size_t align = 32; align <= 4096; align *= 2)
        overflow(100, align, 1, "past the end");
}

/* The size of an aligned block lies in the block: one that cannot be is an overflow too. */
static void test_hardened__size_of_an_aligned_block(void **state)
{
    (void)state;
    start(true, true);
    char *block = acre_aligned_alloc(64, 100);
    volatile char *volatile field = block + span_of(block)->size_bytes - 2;
    field[1] = (char)~field[1];
    unit_expect_death(free_it, block, "past the end");
    field[1] = (char)~field[1];
    acre_free(block);
}

static void test_hardened__classes_end_before_the_guard_page(void **state)
{
    (void)state;
    start(true, true);
    assert_int_not_equal(ac_hardened_class(AC_HARDENED_SMALL_MAX - 1, 0), 0);
    assert_int_equal(ac_hardened_class(AC_HARDENED_SMALL_MAX, 0), 0);
    assert_int_equal(ac_hardened_class(AC_HARDENED_SMALL_MAX - 2, 32), 0);
    assert_int_equal(ac_hardened_class(SIZE_MAX, 0), 0);
    assert_int_equal(ac_hardened_class(100, MIB), 0);
}

static char *stays(const char *before, char *now)
{
    assert_ptr_equal(now, before);
    return now;
}

static void test_hardened__resize_where_it_is(void **state)
{
    (void)state;
    start(true, true);
    for (size_t align = 16; align <= 64; align *= 2) {
        char *block = acre_aligned_alloc(align, 900);
        size_t end = span_of(block)->size_bytes;
        memset(block, 1, 900);
        assert_ptr_equal(acre_realloc(block, 899), block);
        assert_int_equal(block[898], 1);
        block = stays(block, acre_realloc(block, 901));
        assert_int_equal(block[899] | block[900], 0); /* no canary is left in what has become the program's */
        assert_int_equal(acre_usable_size(block), 901);
        assert_true(acre_usable_size(block) < end);
        acre_free(block);
    }
    char *large = acre_malloc(100001);
    large = stays(large, acre_realloc(large, 100002));
    assert_int_equal(large[100001], 0);
    acre_free(large);
    assert_sound();
}

/* ---- large blocks ---- */

static void *taken[2 * PLACES];

static void test_hardened__large_blocks_wait_for_others(void **state)
{
    (void)state;
    start(true, true);
    size_t held = ac_fenced_units();
    for (unsigned i = 0; i < 2 * PLACES; i++)
        assert_non_null(taken[i] = acre_malloc(60000));
    for (unsigned i = 0; i < PLACES; i++)
        acre_free(taken[i]);
    size_t full = ac_fenced_units();
    assert_true(full >= held + 2 * PLACES);
    for (unsigned i = PLACES; i < 2 * PLACES; i++)
        acre_free(taken[i]);
    assert_int_equal(ac_fenced_units(), full);
    assert_sound();
    acre_free(acre_malloc(MIB)); /* too long to be kept */
    assert_int_equal(ac_fenced_units(), full);
    assert_true(ac_large_drain(ME));
    assert_int_equal(ac_fenced_units(), 0);
    assert_false(ac_large_drain(ME));
    assert_sound();
}

static void test_hardened__huge_blocks_are_without_access(void **state)
{
    (void)state;
    start(true, true);
    char *block = acre_malloc(3 * MIB);
    assert_true(ac_fake_guards(block - PAGE, PAGE) != 0 && ac_fake_guards(block + 3 * MIB, PAGE) != 0);
    assert_int_equal(ac_fake_guards(block, 3 * MIB), 0);
    size_t mapped = ac_fake_mapped_bytes();
    acre_free(block);
    assert_int_equal(ac_fake_guards(block, 3 * MIB), 1);
    assert_true(ac_fake_mapped_bytes() == mapped);
    char *longest = acre_malloc(65 * MIB);
    mapped = ac_fake_mapped_bytes();
    acre_free(longest);
    assert_true(ac_fake_mapped_bytes() + 65 * MIB <= mapped); /* over 64 MiB: given back at once */
    ac_fake_offer_guards(true, false);
    block = acre_malloc(3 * MIB);
    mapped = ac_fake_mapped_bytes();
    acre_free(block);
    assert_true(ac_fake_mapped_bytes() + 3 * MIB <= mapped); /* it could not be made inaccessible */
    assert_sound();
}

/* Longer and shorter, while the system moves pages, refuses to, and loses the addresses to another thread. */
static void move_huge(size_t from, size_t to, bool refused, bool lost)
{
    char *block = acre_malloc(from);
    size_t least = from < to ? from : to;
    size_t mapped = ac_fake_mapped_bytes();
    unit_fill(block, from, 5);
    char last = block[least - 1];
    if (refused)
        ac_fake_fail(AC_FAKE_MOVE, 1, false);
    if (lost)
        ac_fake_fail(AC_FAKE_MAP, 1, false);
    struct ac_span *span = span_of(block);
    char *moved = ac_large_move(span, to);
    ac_fake_heal();
    assert_true((moved == NULL) == lost);
    if (lost) {
        assert_true(span_of(block) == span && unit_is_filled(block, from, 5));
        assert_int_equal(ac_fake_mapped_bytes(), mapped + least); /* what is another's now */
        acre_free(block);
        return;
    }
    assert_true(moved[0] == 5 || moved[least - 1] == last);
    assert_int_equal(span->base, (uintptr_t)moved);
    ac_hardened_hand_out(moved, to, 0);
    acre_free(moved);
    assert_sound();
}

static void test_hardened__huge_blocks_move(void **state)
{
    (void)state;
    start(true, true);
    for (unsigned how = 0; how < 3; how++) {
        move_huge(2 * MIB, 5 * MIB, how >= 1, how == 2);
        move_huge(5 * MIB, 2 * MIB, how >= 1, how == 2);
    }
    assert_sound();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_hardened__fences_of_markers),
    UNIT_TEST(test_hardened__fences_of_mappings),
    UNIT_TEST(test_hardened__markers_refused_later),
    UNIT_TEST(test_hardened__no_guards_at_all),
    UNIT_TEST(test_hardened__budget_of_mappings),
    UNIT_TEST(test_hardened__budget_comes_back),
    UNIT_TEST(test_hardened__free_pages_are_looked_at),
    UNIT_TEST(test_hardened__a_fork_goes_on_with_other_words),
    UNIT_TEST(test_hardened__a_freed_block_waits),
    UNIT_TEST(test_hardened__all_memory_is_had),
    UNIT_TEST(test_hardened__every_byte_of_slack),
    UNIT_TEST(test_hardened__size_of_an_aligned_block),
    UNIT_TEST(test_hardened__classes_end_before_the_guard_page),
    UNIT_TEST(test_hardened__resize_where_it_is),
    UNIT_TEST(test_hardened__large_blocks_wait_for_others),
    UNIT_TEST(test_hardened__huge_blocks_are_without_access),
    UNIT_TEST(test_hardened__huge_blocks_move),
};

UNIT_MAIN(tests)
