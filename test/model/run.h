/* SPDX-License-Identifier: MIT
 *
 * run.h -- a run of the model: in a forked child, by its threads, over all of its steps or a list of them.
 */
#ifndef AC_TEST_MODEL_RUN_H
#define AC_TEST_MODEL_RUN_H

#include "world.h"

/* One operation of one thread. */
struct step {
    unsigned thread;
    uint64_t index;
};

struct run {
    struct plan plan;
    uint64_t nops; /* of each thread */
    uint64_t
        verify_every; /* steps between two looks at the allocator's books; every one when there is a list */
    unsigned rounds;  /* the threads end and new ones take over this many times */

    const struct step *steps; /* NULL: everything, by the two above */
    size_t nsteps;
    bool merged; /* all steps in one thread, in the order given */
};

/* Memory for `bytes`, zeroed, also seen by forked children when `shared`; ends the program when there is
 * none. */
void *run_map(size_t bytes, bool shared);

/* Run in a child, which is killed after `seconds` (0: never). True: it went well; else
 * `out_outcome->message` says what happened. `quiet`: nothing the child prints is shown. */
bool run_forked(const struct run *run, struct outcome *out_outcome, unsigned seconds, bool quiet);

/* Run in this process, for a debugger: a failure ends it. */
void run_here(const struct run *run, struct outcome *outcome);

#endif
