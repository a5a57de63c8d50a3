/* SPDX-License-Identifier: MIT
 *
 * sum.h -- the statistics that follow from the counters of the engine, wherever those were read.
 *
 * Knows:      what each row of stat.def is the sum of.
 * Does not know: whether the counters are the process's own or another's, read from its state segment: the
 *             acre command is built with this file too.
 * Invariants: none.
 * Threads:    pure functions.
 */
#ifndef AC_REPORT_SUM_H
#define AC_REPORT_SUM_H

#include "core/stat.h"
#include "core/state.h"

/* Blocks of a class, over all shards and threads. */
struct ac_class_sum {
    uint64_t out;
    uint64_t fresh;
    uint64_t nspans;
    uint64_t transfer;
    uint64_t purged_bytes;
    uint64_t cached; /* in magazines and outboxes */
};

/* Add a class to the statistics and fill in its row. */
void ac_sum_class(const struct ac_class_sum *sum, const struct ac_state_class_facts *facts,
                  struct ac_state_class *out_row, uint64_t *inout_stats);

/* The statistics of pages. */
void ac_sum_pages(const struct ac_state_pages *pages, uint32_t unit_bytes, uint64_t *out_stats);

#endif
