/* SPDX-License-Identifier: MIT
 *
 * sample.h -- a process at one moment: its heap by the segment, the rest by /proc.
 */
#ifndef AC_CLI_SAMPLE_H
#define AC_CLI_SAMPLE_H

#include "segment.h"

struct ac_sample {
    uint64_t time_ns;        /* CLOCK_MONOTONIC                                           */
    uint64_t age_ns;         /* of the process                                            */
    bool has_faults;         /* not of a file                                             */
    uint64_t faults;         /* page faults so far                                        */
    uint64_t taken;          /* blocks that threads have drawn from the shards so far     */
    uint64_t given;          /* blocks that threads have returned to them so far          */
    struct ac_snapshot heap; /* with rss_bytes                                      */
};

/* What of /proc/PID/stat is used. False when there is no such process (or its parent has not yet looked at
 * its end). */
bool ac_process_read(pid_t pid, uint64_t *out_age_ns, uint64_t *out_faults);

/* False when the process has ended (`why` is "" then) or its segment cannot be read. */
bool ac_sample_take(pid_t pid, const struct ac_segment *segment, struct ac_sample *out_sample, char *why);

/* What a state file holds; the process, of which it says the id, may be gone. False with `why`. */
bool ac_sample_read_file(const struct ac_segment *segment, struct ac_sample *out_sample, pid_t *out_pid,
                         char *why);

/* Blocks in use, small and large. */
uint64_t ac_sample_live_bytes(const struct ac_sample *sample);

#endif
