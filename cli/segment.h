/* SPDX-License-Identifier: MIT
 *
 * segment.h -- the state segment seen from outside: made before the program starts, or found in a process
 * that runs, hangs or is stopped, or in a file that a dead one left.
 *
 * Knows:      core/state.h. Does not trust it: whatever the program left there is checked.
 */
#ifndef AC_CLI_SEGMENT_H
#define AC_CLI_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/state.h"

enum { AC_SEGMENT_PATH_BYTES = 64, AC_SEGMENT_WHY_BYTES = 512 };

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

/* Copies the fixed part of the segment. `out_state` is always whole and within its limits; meaningful for
 * READ, TORN and FOREIGN (there only version, pid and library). */
enum ac_segment_verdict ac_segment_read(const struct ac_segment *segment, struct ac_state *out_state);

/* Finds the segment of a process. False with a sentence in `why` (of AC_SEGMENT_WHY_BYTES) that says what to
 * do. */
bool ac_segment_attach(pid_t pid, struct ac_segment *out_segment, char *why);

/* Opens a file that the option `state` named. */
bool ac_segment_open(const char *path, struct ac_segment *out_segment, char *why);

void ac_segment_close(struct ac_segment *segment);

/* True when the process has a segment that may be its own: cheap, for those who look at all processes. */
bool ac_segment_is_mapped(pid_t pid);

/* A whole segment, copied. */
struct ac_view {
    struct ac_state *state; /* the fixed part; rows follow */
    size_t bytes;
    bool torn; /* `now` and `peak` may not fit together */
};

bool ac_view_load(const struct ac_segment *segment, struct ac_view *out_view, char *why);
void ac_view_free(struct ac_view *view);

/* Row i of a section; NULL behind the last one in use. Rings: all rows, unwritten ones have time 0. */
const void *ac_view_row(const struct ac_view *view, enum ac_state_section_id id, uint32_t i);

/* The heap as it is now, summed over the rows. rss_bytes is 0: ask the system, see ac_process_rss_bytes(). */
void ac_view_sum(const struct ac_view *view, struct ac_snapshot *out_snapshot);

/* Resident memory of a process by /proc/PID/statm; 0 when it is gone. */
uint64_t ac_process_rss_bytes(pid_t pid);

/* The same descriptor, moved above the standard streams, so that it cannot take the place of a closed one. */
int ac_fd_above_streams(int fd);

#endif
