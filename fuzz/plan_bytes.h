/* SPDX-License-Identifier: MIT
 *
 * plan_bytes.h -- which bytes the operations come from.
 */
#ifndef AC_FUZZ_PLAN_BYTES_H
#define AC_FUZZ_PLAN_BYTES_H

#include "plan.h"

enum { OP_BYTES = 6 };

/* The bytes stay the caller's. */
void plan_bytes_set(const unsigned char *bytes, size_t n);

#endif
