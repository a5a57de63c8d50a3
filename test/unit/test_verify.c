/* SPDX-License-Identifier: MIT
 *
 * test_verify.c -- acre_verify: a sound heap has no breach, whatever state it is in, and each planted
 * corruption is named by the invariant it breaks.
 */
#include "base/bits.h"
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/span.h"
#include "heap/central.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/outbox.h"
#include "heap/thread.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <stdio.h>

#define NBLOCKS 400u
#define SIZE 100u

static void *blocks[NBLOCKS];
static void *large_block;
static void *huge_block;
static void *lone_block; /* of a class of which nothing else is in use */

static struct ac_heap *heap(void)
{
    return ac_heap_self;
}

static unsigned class(void)
{
    return ac_class_of_size(SIZE);
}

static struct ac_center *center(void)
{
    return ac_center_peek(heap()->shard, class());
}

static struct ac_span *span_of(const void *block)
{
    return ac_entry_span(ac_pagemap_get(block));
}

static struct ac_magazine *magazine(void)
{
    return &heap()->magazines[class()];
}

static struct ac_pageheap *pageheap(void)
{
    struct ac_pageheap *pages = (struct ac_pageheap *)(uintptr_t)ac_pageheap_hold(AC_ID_HELPER);
    ac_pageheap_let_go();
    return pages;
}

static struct ac_mapcache *mapcache(void)
{
    struct ac_mapcache *cache = (struct ac_mapcache *)(uintptr_t)ac_mapcache_hold(AC_ID_HELPER);
    ac_mapcache_let_go();
    return cache;
}

static struct ac_meta_store *meta(void)
{
    struct ac_meta_store *store = (struct ac_meta_store *)(uintptr_t)ac_meta_hold(AC_ID_HELPER);
    ac_meta_let_go();
    return store;
}

/* A chunk with free units. */
static struct ac_chunk *chunk(void)
{
    struct ac_list *list = &pageheap()->lists[__builtin_ctzll(pageheap()->nonempty) + 1];
    return AC_CONTAINER(list->next, struct ac_chunk, link);
}

static void *free_remote(void *arg)
{
    (void)arg;
    void *mine = acre_malloc(SIZE);
    for (unsigned i = 0; i < 12; i++)
        acre_free(acre_malloc(i));
    acre_free(mine);
    for (unsigned i = NBLOCKS - 10; i < NBLOCKS; i++)
        acre_free(blocks[i]);
    acre_free(blocks[NBLOCKS - 11]);
    return NULL;
}

/* Something of everything: live, cached, free and fresh blocks, several spans, runs, mappings. */
static void furnish(void)
{
    for (unsigned i = 0; i < NBLOCKS; i++)
        assert_non_null(blocks[i] = acre_malloc(SIZE));
    for (unsigned i = 0; i < NBLOCKS / 2; i += 2)
        acre_free(blocks[i]);
    large_block = acre_malloc(200000);
    acre_free(acre_malloc(300000));
    huge_block = acre_malloc((size_t)3 << 20);
    void *other = acre_malloc((size_t)2 << 20);
    lone_block = acre_malloc(3000);
    acre_free(other);
    assert_true(mapcache()->count != 0 && large_block != NULL && huge_block != NULL);
}

static void assert_sound(void)
{
    struct acre_breach b[4];
    size_t n = acre_verify(b, 4);
    for (size_t i = 0; i < n && i < 4; i++)
        fprintf(stderr, "%s: %s at %p is %llu, expected %llu\n", b[i].invariant, b[i].what, b[i].address,
                b[i].found, b[i].expected);
    assert_int_equal(n, 0);
}

static void test_verify__sound(void **state)
{
    (void)state;
    assert_sound();
    furnish();
    assert_sound();
    acre_free(large_block);
    assert_sound();
    huge_block = acre_realloc(huge_block, (size_t)5 << 20);
    assert_sound();
    for (unsigned i = 1; i < NBLOCKS; i += 2)
        acre_free(blocks[i]);
    assert_sound();
    (void)acre_trim(0);
    assert_sound();
}

static void test_verify__sound_with_threads(void **state)
{
    (void)state;
    furnish();
    unit_in_thread(free_remote, NULL); /* gone, its heap pooled */
    assert_sound();
    furnish();
    unit_in_standing_thread((void (*)(void *))(uintptr_t)free_remote, NULL); /* alive, with an outbox */
    assert_sound();
    acre_free(acre_malloc(SIZE));
    assert_sound();
}

static void *verify_without_heap(void *arg)
{
    (void)arg;
    ac_heap_self = &ac_heap_gone;
    assert_sound();
    return NULL;
}

static void test_verify__without_a_heap(void **state)
{
    (void)state;
    furnish();
    unit_in_thread(verify_without_heap, NULL);
}

static void test_verify__sound_in_a_child(void **state)
{
    (void)state;
    furnish();
    center()->lock.word = 12345; /* of a thread that the child has not */
    ac_fake_fork();
    assert_sound();
    for (unsigned i = 1; i < NBLOCKS; i += 2)
        acre_free(blocks[i]);
    assert_sound();
    furnish();
    assert_sound();
}

static void test_verify__refused_barrier(void **state)
{
    (void)state;
    furnish();
    unit_in_standing_thread((void (*)(void *))(uintptr_t)free_remote, NULL);
    ac_fake_fail(AC_FAKE_BARRIER, 1, true);
    assert_sound();
}

static void test_verify__leaves_no_mark(void **state)
{
    (void)state;
    furnish();
    struct ac_span *span = span_of(blocks[1]);
    uint64_t before = span->free_bits[0];
    size_t used = ac_meta_used_bytes();
    assert_sound();
    assert_true(span->free_bits[0] == before);
    assert_int_equal(ac_meta_used_bytes(), used);
    assert_int_equal(heap()->lock.word, 0);
    assert_int_equal(center()->lock.word, 0);
}

static void test_verify__not_in_a_slow_path(void **state)
{
    (void)state;
    furnish();
    heap()->in_slow = 1; /* as a handler finds it */
    assert_true(acre_verify(NULL, 0) == (size_t)-1);
    heap()->in_slow = 0;
}

/* ---- planted corruptions ---- */

static struct ac_bin *bin(void)
{
    return &heap()->bins[class()];
}

static void **cached(void)
{
    assert_true(ac_magazine_count(heap(), class()) >= 2);
    return magazine()->slots;
}

static void set_free(void *block)
{
    struct ac_span *span = span_of(block);
    unsigned i = (unsigned)(((uintptr_t)block - span->base) / span->size_bytes);
    span->free_bits[i / 64] ^= (uint64_t)1 << (i % 64);
}

/* An entry of a span's second unit. */
static void stray_entry(void)
{
    ac_pagemap_set(span_of(large_block)->base + AC_UNIT_BYTES, 1, ac_entry_make(NULL, AC_FREED_SHARD, 0));
}

static void small_entry(void)
{
    struct ac_span *span = span_of(blocks[1]);
    ac_pagemap_set(span->base, 1, ac_entry_make(span, span->shard, 6 * AC_BIN_WORDS));
}

static void unknown_shard(void)
{
    uintptr_t base = span_of(large_block)->base;
    ac_pagemap_set(base, 1, ac_entry_make(NULL, 77, 0));
}

static void free_count(void)
{
    span_of(blocks[1])->nfree++;
}

static void free_bit(void)
{
    set_free(blocks[1]);
}

static void fresh_bit(void)
{
    struct ac_span *span = span_of(lone_block);
    assert_true(span->fresh < span->nobj);
    span->free_bits[(span->nobj - 1) / 64] |= (uint64_t)1 << ((span->nobj - 1) % 64);
}

static void too_fresh(void)
{
    span_of(lone_block)->fresh = 2000;
}

static void fresh_sum(void)
{
    center()->fresh++;
}

static void out_count(void)
{
    center()->out++;
}

static void span_count(void)
{
    center()->nspans--;
}

static void purged(void)
{
    center()->purged_bytes = 4096;
}

static void wrong_state(void)
{
    center()->current->state = AC_SPAN_MANY;
}

static void lost_span(void)
{
    struct ac_center *c = ac_center_peek(heap()->shard, ac_class_of_size(3000));
    c->current = NULL;
}

static void transfer_count(void)
{
    center()->ntransfer = center()->transfer_cap + 1;
}

static void cached_twice(void)
{
    cached()[0] = cached()[1];
}

static void cached_and_free(void)
{
    set_free(cached()[0]);
    struct ac_span *span = span_of(cached()[0]);
    span->nfree++;
    span->first_word = 0;
    center()->out--;
}

static void cached_elsewhere(void)
{
    cached()[0] = lone_block;
}

static void cached_interior(void)
{
    cached()[0] = (char *)cached()[0] + 16;
}

static void pad_used(void)
{
    magazine()->slots[-1] = blocks[1];
}

static void magazine_cap(void)
{
    magazine()->cap = 5000;
}

static void stock(void)
{
    magazine()->stock = 1;
}

static void bin_base(void)
{
    bin()->base += 8;
}

static void other_outbox(bool count)
{
    unit_in_standing_thread((void (*)(void *))(uintptr_t)free_remote, NULL);
    struct ac_heap *other = ac_thread_all_heaps();
    while (other == heap() || other->outbox == NULL)
        other = other->next_all;
    unsigned tag = (unsigned)heap()->shard << 8 | class() * AC_BIN_WORDS;
    struct ac_outbox_slot *slot = ac_outbox_slot(other->outbox, tag);
    assert_true(slot->tag == tag && ac_outbox_count(slot) != 0);
    if (count)
        slot->level = AC_OUTBOX_LEVELS;
    else
        slot->blocks[0] = lone_block;
}

static void outbox_tag(void)
{
    other_outbox(false);
}

static void outbox_level(void)
{
    other_outbox(true);
}

static void heap_key(void)
{
    heap()->key += 256;
}

static void heap_state(void)
{
    struct ac_heap *h = ac_thread_all_heaps();
    unit_in_thread(free_remote, NULL);
    while (ac_thread_all_heaps() == h)
        unit_in_thread(free_remote, NULL);
    ac_thread_all_heaps()->state = 7;
}

static void chunk_longest(void)
{
    chunk()->longest--;
}

static void chunk_both(void)
{
    struct ac_span *span = span_of(large_block);
    span->chunk->free |= (uint64_t)1 << ((span->base - span->chunk->base) >> AC_UNIT_SHIFT);
}

static void list_bits(void)
{
    pageheap()->nonempty ^= (uint64_t)1 << 40;
}

static void dirty_count(void)
{
    pageheap()->dirty_units++;
}

static void used_count(void)
{
    pageheap()->used_units++;
}

static void list_link(void)
{
    chunk()->link.next->prev = &pageheap()->lists[0];
}

static void extent_sum(void)
{
    mapcache()->bytes += AC_UNIT_BYTES;
}

static void extent_empty(void)
{
    mapcache()->extents[0].m.bytes = 0;
}

static void extent_owned(void)
{
    ac_pagemap_set(mapcache()->extents[0].m.base, 1, ac_entry_make(span_of(huge_block), 0, 0));
}

static void meta_record(void)
{
    ac_meta_put((char *)ac_meta_get(1, AC_ID_HELPER) + 8, 1, AC_ID_HELPER);
}

static void meta_cycle(void)
{
    struct ac_meta_free *record = ac_meta_get(1, AC_ID_HELPER);
    record->next = record;
    meta()->free[1] = record;
}

static void meta_bump(void)
{
    meta()->bump += 8;
}

static void large_state(void)
{
    span_of(large_block)->state = AC_SPAN_FREED;
}

static void large_bytes(void)
{
    span_of(large_block)->bytes += 1;
}

static void huge_units(void)
{
    span_of(huge_block)->units += 1;
}

static void option(void)
{
    ac_option_value[AC_OPTION_helper] = 2;
}

static void shut_again(void)
{
    struct ac_list *list = &center()->partial[1];
    ac_list_init(list);
    struct ac_span *span = span_of(blocks[1]);
    ac_list_push(list, &span->link);
}

static const struct crime {
    void (*commit)(void);
    const char *invariant;
} crimes[] = {
    {stray_entry, "SP1"},     {small_entry, "SP1"},      {unknown_shard, "PM2"},
    {free_count, "SP2"},      {free_bit, "SP2"},         {fresh_bit, "SP3"},
    {too_fresh, "SP3"},       {fresh_sum, "SP4"},        {out_count, "CE2"},
    {span_count, "CE2"},      {purged, "CO2"},           {wrong_state, "SP2"},
    {lost_span, "SP2"},       {transfer_count, "CE1"},   {cached_twice, "CE1"},
    {cached_and_free, "HP1"}, {cached_elsewhere, "HP1"}, {cached_interior, "HP1"},
    {pad_used, "HP2"},        {magazine_cap, "HP3"},     {stock, "MA1"},
    {bin_base, "HP2"},        {outbox_tag, "OB1"},       {outbox_level, "OB2"},
    {heap_key, "TH1"},        {heap_state, "TH1"},       {chunk_longest, "PH3"},
    {chunk_both, "PH1"},      {list_bits, "PH3"},        {dirty_count, "PH4"},
    {used_count, "PH1"},      {list_link, "LI1"},        {extent_sum, "MC3"},
    {extent_empty, "MC2"},    {extent_owned, "MC1"},     {meta_record, "ME2"},
    {meta_cycle, "ME2"},      {meta_bump, "ME1"},        {large_state, "LA1"},
    {large_bytes, "LA1"},     {huge_units, "LA1"},       {option, "OP1"},
    {shut_again, "SP2"},
};

/* In a child, since the heap is beyond repair: 0 when a breach with the name was found. */
static int commit(void *arg)
{
    const struct crime *crime = arg;
    struct acre_breach found[16];
    furnish();
    assert_sound();
    crime->commit();
    size_t n = acre_verify(found, 16);
    for (size_t i = 0; i < n && i < 16; i++) {
        if (strcmp(found[i].invariant, crime->invariant) == 0)
            return 0;
    }
    fprintf(stderr, "%zu breaches, the first %s: %s\n", n, n != 0 ? found[0].invariant : "",
            n != 0 ? found[0].what : "");
    return 1;
}

static void test_verify__names_every_crime(void **state)
{
    unsigned nmissed = 0;
    (void)state;
    for (unsigned i = 0; i < sizeof crimes / sizeof crimes[0]; i++) {
        struct crime crime = crimes[i];
        int result = unit_in_child(commit, &crime);
        if (result != 0)
            fprintf(stderr, "crime %u (%s): %d\n", i, crime.invariant, result);
        nmissed += result != 0;
    }
    assert_int_equal(nmissed, 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_verify__sound),
    UNIT_TEST(test_verify__sound_with_threads),
    UNIT_TEST(test_verify__without_a_heap),
    UNIT_TEST(test_verify__sound_in_a_child),
    UNIT_TEST(test_verify__refused_barrier),
    UNIT_TEST(test_verify__leaves_no_mark),
    UNIT_TEST(test_verify__not_in_a_slow_path),
    UNIT_TEST(test_verify__names_every_crime),
};
UNIT_MAIN(tests)
