/* SPDX-License-Identifier: MIT
 *
 * prof_dump.h -- the profile as text that pprof, google-pprof and jeprof read.
 *
 * Knows:      the sums of sites.
 * Does not know: symbols.
 * Invariants: none.
 * Threads:    any, in signal handlers too; no lock, so that who reads the other end of a pipe may allocate.
 *             A sum may be that of an event earlier than another's.
 */
#ifndef AC_WATCH_PROF_DUMP_H
#define AC_WATCH_PROF_DUMP_H

/* 0 or an errno; ENODATA when the profiler was never on. */
int ac_prof_dump(const char *path);

#endif
