/* SPDX-License-Identifier: MIT
 *
 * test_verify_crimes.c -- acre_verify names each planted corruption by the invariant it breaks.
 */
#include "furnished.h"

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

static const struct unit_test tests[] = {UNIT_TEST(test_verify__names_every_crime)};
UNIT_MAIN(tests)
