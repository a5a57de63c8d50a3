/* SPDX-License-Identifier: MIT
 *
 * report.h -- what `acre run` says when the program has ended: twelve lines of text, or JSON.
 *
 * The identity: resident memory at the peak = live blocks + free blocks in spans + thread caches + transfer
 *               caches +
 * free pages not returned + metadata + the rest, which is not the heap's.
 */
#ifndef AC_CLI_REPORT_H
#define AC_CLI_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "child.h"
#include "core/stat.h"
#include "library.h"
#include "segment.h"
#include "vet.h"

struct ac_run {
    char **argv; /* of the program, ends with NULL */
    const char *conf;
    const struct ac_library *library;
    const struct ac_vet *vet;
    struct ac_outcome outcome;
    enum ac_segment_verdict verdict;
    struct ac_state state;
};

/* Whether the numbers in `state` may be shown. */
bool ac_run_is_measured(const struct ac_run *run);

enum ac_service {
    AC_SERVICE_PROVEN,  /* the numbers show memory taken from acre                     */
    AC_SERVICE_REFUSED, /* the program ran to its end and took none                    */
    AC_SERVICE_UNKNOWN  /* nothing was published, or only before the program had begun */
};

/* Whether the program took its memory from acre, by the published numbers. */
enum ac_service ac_run_service(const struct ac_run *run);

/* The snapshot at the highest memory use; the last one when no peak was published. */
const struct ac_snapshot *ac_run_peak(const struct ac_run *run);

/* Why nothing is known of the program's heap; "" when ac_run_is_measured(). */
void ac_run_why_not(const struct ac_run *run, char *text, size_t text_bytes);

/* A statistic of a snapshot; 0 when the library is too old to have it. */
uint64_t ac_run_stat(const struct ac_run *run, const struct ac_snapshot *snapshot, enum ac_stat i);

/* Resident bytes of a snapshot that are none of the heap's; negative when parts of live blocks were never
 * touched. */
int64_t ac_run_rest_bytes(const struct ac_run *run, const struct ac_snapshot *snapshot);

/* The one thing to try next that the numbers suggest; one line without its end. */
void ac_run_advice(const struct ac_run *run, char *text, size_t text_bytes);

/* Writes the report. False when the file could not be written. */
bool ac_report_text(const struct ac_run *run, FILE *out);
bool ac_report_json(const struct ac_run *run, FILE *out);

#endif
