/* SPDX-License-Identifier: MIT
 *
 * shrink.c -- delta debugging over the steps of a run; see shrink.h.
 *
 * Any failure counts as the failure. Chunks of steps are left out, halves first and single steps last, as
 * long as what remains still fails and time is left.
 */
#include "shrink.h"

#include <string.h>
#include <time.h>

enum { ATTEMPT_SECONDS = 20, THREADED_ATTEMPTS = 5 };

struct search {
    struct run run;
    struct outcome *outcome;
    struct step *steps; /* the shortest failing list so far, owned */
    struct step *trial;
    time_t deadline;
};

static time_t now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static bool is_failing(struct search *search, const struct step *steps, size_t nsteps)
{
    search->run.steps = steps;
    search->run.nsteps = nsteps;
    unsigned attempts = search->run.merged ? 1 : THREADED_ATTEMPTS;
    for (unsigned i = 0; i < attempts; i++)
        if (!run_forked(&search->run, search->outcome, ATTEMPT_SECONDS, true))
            return true;
    return false;
}

/* Everything the threads had begun, in the order of the operations' numbers. */
static size_t list_steps(const struct outcome *outcome, unsigned nthreads, struct step *out_steps)
{
    uint64_t last = 0;
    for (unsigned i = 0; i < nthreads; i++)
        last = outcome->progress[i] > last ? outcome->progress[i] : last;
    size_t n = 0;
    for (uint64_t index = 0; index <= last; index++)
        for (unsigned i = 0; i < nthreads; i++)
            if (index <= outcome->progress[i])
                out_steps[n++] = (struct step){.thread = i, .index = index};
    return n;
}

static bool without_chunk_fails(struct search *search, size_t nsteps, size_t start, size_t length)
{
    memcpy(search->trial, search->steps, start * sizeof(struct step));
    memcpy(search->trial + start, search->steps + start + length,
           (nsteps - start - length) * sizeof(struct step));
    return is_failing(search, search->trial, nsteps - length);
}

static size_t drop_chunks(struct search *search, size_t nsteps, size_t chunk)
{
    size_t start = 0;
    while (start < nsteps && now_seconds() < search->deadline) {
        size_t length = chunk < nsteps - start ? chunk : nsteps - start;
        if (length == nsteps || !without_chunk_fails(search, nsteps, start, length)) {
            start += length;
            continue;
        }
        nsteps -= length;
        memcpy(search->steps, search->trial, nsteps * sizeof(struct step));
    }
    return nsteps;
}

static size_t minimize(struct search *search, size_t nsteps)
{
    for (size_t chunk = nsteps / 2; chunk > 1; chunk /= 2)
        nsteps = drop_chunks(search, nsteps, chunk);
    for (size_t before = nsteps + 1; nsteps < before && now_seconds() < search->deadline;) {
        before = nsteps;
        nsteps = drop_chunks(search, nsteps, 1);
    }
    return nsteps;
}

bool shrink(struct run *run, struct outcome *outcome, unsigned seconds)
{
    size_t total = 0;
    for (unsigned i = 0; i < run->plan.nthreads; i++)
        total += outcome->progress[i] + 1;
    struct search search = {.run = *run, .outcome = outcome, .deadline = now_seconds() + seconds};
    search.steps = run_map(total * sizeof(struct step), false);
    search.trial = run_map(total * sizeof(struct step), false);
    size_t nsteps = list_steps(outcome, run->plan.nthreads, search.steps);
    search.run.merged = true;
    if (!is_failing(&search, search.steps, nsteps)) {
        search.run.merged = false;
        if (!is_failing(&search, search.steps, nsteps))
            return false;
    }
    nsteps = minimize(&search, nsteps);
    *run = search.run;
    run->steps = search.steps;
    run->nsteps = nsteps;
    return is_failing(&search, search.steps, nsteps);
}
