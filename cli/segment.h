/* SPDX-License-Identifier: MIT
 *
 * segment.h -- the state segment seen from outside: made before the program starts, read when it has ended.
 *
 * Knows:      report/state.h. Does not trust it: whatever the program left there is checked.
 */
#ifndef AC_CLI_SEGMENT_H
#define AC_CLI_SEGMENT_H

#include <stdbool.h>

#include "report/state.h"

enum { AC_SEGMENT_PATH_BYTES = 64 };

enum ac_segment_verdict {
    AC_SEGMENT_READ,    /* `state` is good                                                              */
    AC_SEGMENT_TORN,    /* the same, but its writer died while writing: the numbers may not fit together */
    AC_SEGMENT_EMPTY,   /* no process ever claimed it                                                   */
    AC_SEGMENT_CLAIMED, /* claimed, but nothing was published                                           */
    AC_SEGMENT_FOREIGN  /* of another version                                                           */
};

struct ac_segment {
    int fd;
    char path[AC_SEGMENT_PATH_BYTES]; /* under which other processes of the user open it */
};

/* Makes an empty segment that can neither grow nor shrink. False with errno. */
bool ac_segment_create(struct ac_segment *out_segment);

/* Copies the segment. `out_state` is always whole and within its limits; meaningful for READ, TORN and
 * FOREIGN (there only version, pid and library). */
enum ac_segment_verdict ac_segment_read(const struct ac_segment *segment, struct ac_state *out_state);

/* The same descriptor, moved above the standard streams, so that it cannot take the place of a closed one. */
int ac_fd_above_streams(int fd);

#endif
