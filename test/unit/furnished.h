/* SPDX-License-Identifier: MIT
 *
 * furnished.h -- a heap with something of everything in it, and the ways to its parts, for the tests of the
 * whole-heap checker.
 */
#ifndef AC_TEST_FURNISHED_H
#define AC_TEST_FURNISHED_H

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

static void *blocks[NBLOCKS] __attribute__((unused));
static void *large_block __attribute__((unused));
static void *huge_block __attribute__((unused));
static void *lone_block __attribute__((unused)); /* of a class of which nothing else is in use */

__attribute__((unused)) static struct ac_heap *heap(void)
{
    return ac_heap_self;
}

__attribute__((unused)) static unsigned class(void)
{
    return ac_class_of_size(SIZE);
}

__attribute__((unused)) static struct ac_center *center(void)
{
    return ac_center_peek(heap()->shard, class());
}

__attribute__((unused)) static struct ac_span *span_of(const void *block)
{
    return ac_entry_span(ac_pagemap_get(block));
}

__attribute__((unused)) static struct ac_magazine *magazine(void)
{
    return &heap()->magazines[class()];
}

__attribute__((unused)) static struct ac_pageheap *pageheap(void)
{
    struct ac_pageheap *pages = (struct ac_pageheap *)(uintptr_t)ac_pageheap_hold(AC_ID_HELPER);
    ac_pageheap_let_go();
    return pages;
}

__attribute__((unused)) static struct ac_mapcache *mapcache(void)
{
    struct ac_mapcache *cache = (struct ac_mapcache *)(uintptr_t)ac_mapcache_hold(AC_ID_HELPER);
    ac_mapcache_let_go();
    return cache;
}

__attribute__((unused)) static struct ac_meta_store *meta(void)
{
    struct ac_meta_store *store = (struct ac_meta_store *)(uintptr_t)ac_meta_hold(AC_ID_HELPER);
    ac_meta_let_go();
    return store;
}

/* A chunk with free units. */
__attribute__((unused)) static struct ac_chunk *chunk(void)
{
    struct ac_list *list = &pageheap()->lists[__builtin_ctzll(pageheap()->nonempty) + 1];
    return AC_CONTAINER(list->next, struct ac_chunk, link);
}

__attribute__((unused)) static void *free_remote(void *arg)
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
__attribute__((unused)) static void furnish(void)
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

__attribute__((unused)) static void assert_sound(void)
{
    struct acre_breach b[4];
    size_t n = acre_verify(b, 4);
    for (size_t i = 0; i < n && i < 4; i++)
        fprintf(stderr, "%s: %s at %p is %llu, expected %llu\n", b[i].invariant, b[i].what, b[i].address,
                b[i].found, b[i].expected);
    assert_int_equal(n, 0);
}

#endif
