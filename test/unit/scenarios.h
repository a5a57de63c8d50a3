/* SPDX-License-Identifier: MIT
 *
 * scenarios.h -- what a program may be doing when the system refuses something. A scenario treats NULL as
 * an answer like any other, checks all contents it has written, and gives everything back.
 */
#ifndef AC_TEST_SCENARIOS_H
#define AC_TEST_SCENARIOS_H

#include <stddef.h>

struct scenario {
    const char *name;
    void (*run)(void);
};

extern const struct scenario scenarios[];
extern const size_t nscenarios;

#endif
