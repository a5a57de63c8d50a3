/* SPDX-License-Identifier: MIT
 *
 * visit_classes.c -- acre_visit_classes: every class once and in order, until the visitor has had enough; the
 * numbers are those of acre_stats_get and of what was allocated.
 */
#include <acre/acre.h>
#include <stdlib.h>

#include "support/check.h"

enum { BLOCKS = 1000, SMALL_MAX = 32768, STOP = 42 };

struct tally {
    size_t visits;
    size_t stop_after;
    size_t last_size;
    unsigned long long live, live_bytes, free_bytes;
    size_t wanted_size;
    struct acre_class wanted;
};

static int visit(void *context, const struct acre_class *c)
{
    struct tally *tally = context;
    CHECK_CASE("class of %zu", c->size);
    CHECK(c->size > tally->last_size);
    CHECK_LE(c->size, c->span_size);
    CHECK_EQ(acre_good_size(c->size), c->size);
    CHECK_EQ(acre_good_size(tally->last_size + 1), c->size); /* none was left out */
    CHECK_LE((c->live + c->cached + c->free) * c->size, c->spans * c->span_size);
    tally->last_size = c->size;
    tally->live += c->live;
    tally->live_bytes += c->live * c->size;
    tally->free_bytes += (c->cached + c->free) * c->size;
    if (c->size == tally->wanted_size)
        tally->wanted = *c;
    free(check_escape(malloc(c->size))); /* which is allowed */
    return ++tally->visits == tally->stop_after ? STOP : 0;
}

static struct tally visit_all(size_t wanted_size)
{
    struct tally tally = {.wanted_size = wanted_size};
    CHECK_EQ(acre_visit_classes(visit, &tally), 0);
    CHECK_EQ(tally.last_size, SMALL_MAX);
    CHECK_EQ(tally.wanted.size, wanted_size);
    return tally;
}

static void sums_are_the_statistics(void)
{
    struct acre_stats stats = {.size = sizeof stats};
    visit_all(16); /* the visitor's blocks fill caches */
    CHECK_EQ(acre_stats_get(&stats), 0);
    struct tally tally = visit_all(16);
    CHECK_CASE("%s", "sums");
    CHECK_EQ(tally.live, stats.small_live_objects);
    CHECK_EQ(tally.live_bytes, stats.small_live_bytes);
    CHECK_EQ(tally.free_bytes, stats.thread_cache_bytes + stats.transfer_cache_bytes + stats.span_free_bytes);
}

static void blocks_are_in_their_class(size_t size)
{
    void *blocks[BLOCKS];
    struct tally before = visit_all(acre_good_size(size));
    for (size_t i = 0; i < BLOCKS; i++)
        CHECK(blocks[i] = malloc(size));
    struct tally during = visit_all(acre_good_size(size));
    CHECK_EQ(during.wanted.live, before.wanted.live + BLOCKS);
    CHECK_EQ(during.live, before.live + BLOCKS);
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    struct tally after = visit_all(acre_good_size(size));
    CHECK_EQ(after.wanted.live, before.wanted.live);
    CHECK(after.wanted.cached + after.wanted.free > 0);
}

static void stops_when_told(void)
{
    struct tally tally = {.stop_after = 3};
    CHECK_EQ(acre_visit_classes(visit, &tally), STOP);
    CHECK_EQ(tally.visits, 3);
}

int main(void)
{
    free(check_escape(malloc(1)));
    sums_are_the_statistics();
    blocks_are_in_their_class(1);
    blocks_are_in_their_class(100);
    blocks_are_in_their_class(SMALL_MAX);
    stops_when_told();
    return 0;
}
