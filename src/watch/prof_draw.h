/* SPDX-License-Identifier: MIT
 *
 * prof_draw.h -- the profiler's arithmetic: how far the next sample is, and how much a sample stands for.
 *
 * Knows:      the exponential distribution.
 * Does not know: blocks, threads.
 * Invariants: PD1 a block of s bytes is drawn with probability 1 - e^(-s / rate), whatever was before it; the
 *             weights are the inverse of that; at AC_PROF_EXACT_BYTES and below it is 1.
 * Threads:    the state of the generator is the caller's.
 */
#ifndef AC_WATCH_PROF_DRAW_H
#define AC_WATCH_PROF_DRAW_H

#include "base/compiler.h"

/* At a rate of so many bytes or fewer every block is sampled, for itself alone. */
#define AC_PROF_EXACT_BYTES 8u

/* The next of an exponential distribution with mean 1. */
double ac_prof_exponential(uint64_t *inout_random);

/* How many blocks of `bytes` there are up to the next sample, itself counted: 1 or more. */
uint64_t ac_prof_distance(uint64_t *inout_random, uint64_t rate_bytes, uint64_t bytes);

/* 1 - e^(-x), x >= 0, exact to some 1e-15 of it. */
double ac_prof_probability(double x);

/* What a sample of `bytes` stands for: objects in parts of AC_STATE_WEIGHT_ONE. */
uint64_t ac_prof_weight(uint64_t rate_bytes, uint64_t bytes);

#endif
