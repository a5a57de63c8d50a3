/* SPDX-License-Identifier: MIT
 *
 * perform.h -- carries out one operation of the plan on the subject and on the shadow heap.
 */
#ifndef AC_TEST_MODEL_PERFORM_H
#define AC_TEST_MODEL_PERFORM_H

#include "world.h"

/* Perform operation worker->index of the worker's thread; ends the process when something is wrong. */
void perform(struct worker *worker);

/* Free every block there is, in slots and on the way between threads. */
void perform_end(struct worker *worker);

#endif
