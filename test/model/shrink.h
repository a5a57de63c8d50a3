/* SPDX-License-Identifier: MIT
 *
 * shrink.h -- makes the list of steps of a failing run short.
 */
#ifndef AC_TEST_MODEL_SHRINK_H
#define AC_TEST_MODEL_SHRINK_H

#include "run.h"

/* Set run->steps, run->nsteps and run->merged to as few steps as still fail, tried for about `seconds`.
 * `outcome` is that of the failed run and becomes that of the shrunk one. False when the failure did not
 * come back. */
bool shrink(struct run *run, struct outcome *outcome, unsigned seconds);

#endif
