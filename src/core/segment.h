/* SPDX-License-Identifier: MIT
 *
 * segment.h -- this process's state segment: where the engine's modules write what others may read of them.
 *
 * A module keeps its counters where it always did, and copies each into a row as it changes, by a plain
 * relaxed store under the lock that guards the counter. Rows are only written, never read back: what lies in
 * them decides nothing. Where there is no segment or no room in it the rows are static ones that nobody
 * reads, so that no writer has to ask.
 *
 * Knows:      the layout (state.h), files and mappings (os.h).
 * Does not know: what the counters mean.
 * Invariants: SM1 rows stay where they are for the life of the process, in a forked child too; SM2 a process
 *             writes to no segment but its own: a forked child gets one before it takes its first lock.
 * Threads:    ac_segment_start and ac_segment_fork run alone; rows are handed out to any thread.
 */
#ifndef AC_CORE_SEGMENT_H
#define AC_CORE_SEGMENT_H

#include "core/state.h"

#include "base/atomic.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Never NULL. */
extern struct ac_state_pages *ac_segment_pages AC_HIDDEN;
extern const uint32_t *ac_segment_bell AC_HIDDEN;
extern uint32_t ac_segment_heard AC_HIDDEN; /* the bell when it was last answered */

/* place: a path in which %p stands for the process id; "" for a memory file; "none" for no segment. */
void ac_segment_start(const char *place, unsigned max_shards);

/* In a forked child: a segment of its own in place of its parent's. Its rows are empty: each module writes
 * its own anew. */
void ac_segment_fork(const char *place, uint32_t forks);

/* The version of the library, for readers; the text is not copied. */
void ac_segment_set_library(const char *version);

/* NULL: there is none. */
struct ac_state *ac_segment_state(void);

/* Memory of it in use so far, whole pages. */
size_t ac_segment_used_bytes(void);

/* True when others find the segment as a file of that name. */
bool ac_segment_is_file(void);

/* A row that nobody has. */
struct ac_state_center *ac_segment_new_center(void);
struct ac_state_thread *ac_segment_new_thread(void);

/* A total that many threads change at once without a lock: whoever changed it calls this, and the last value
 * stays. */
void ac_segment_show_total(const size_t *total, uint64_t *row);

/* The rows of a section; NULL when there is no segment. */
void *ac_segment_rows(enum ac_state_section_id id);

/* A ring of moments, n of them. Wants a segment. */
struct ac_state_moment *ac_segment_ring(enum ac_state_section_id id, size_t *out_n);

/* After the timeline has grown. */
void ac_segment_show_used_bytes(void);

/* The profile's rows are being used from now on: until then not a byte of them is touched. */
void ac_segment_note_profile(void);

/* From now on a forked child makes no file: a sandbox may end it for that. */
void ac_segment_forbid_files(void);
bool ac_segment_may_open_files(void);

/* True when the command has asked for something since this was last true. A load or two. */
AC_INLINE bool ac_segment_is_called(void)
{
    return AC_UNLIKELY(ac_load_rlx(ac_segment_bell) != ac_load_rlx(&ac_segment_heard));
}

#endif
