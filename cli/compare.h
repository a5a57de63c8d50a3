/* SPDX-License-Identifier: MIT
 *
 * compare.h -- one comparison: a program, the allocators it ran on, every run's cost, and what that says.
 */
#ifndef AC_CLI_COMPARE_H
#define AC_CLI_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "bindings.h"
#include "measure.h"
#include "peer.h"
#include "statistics.h"
#include "vet.h"

enum { AC_NOTES_MAX = 48, AC_NOTE_BYTES = 768 };

/* One allocator. */
struct ac_column {
    const struct ac_peer *peer;
    const char *library; /* what is preloaded; the C library for "glibc" under a program with another */
    struct ac_served served;
    struct ac_cost first;  /* the run that warms up and is looked into; not counted                  */
    struct ac_cost *costs; /* one a round                                                            */
    bool failed;           /* left out; a note says why                                              */
};

enum ac_output {
    AC_OUTPUT_NONE, /* nothing was printed                                         */
    AC_OUTPUT_SAME,
    AC_OUTPUT_VARIES, /* under one allocator already, so it cannot be compared       */
    AC_OUTPUT_DIFFERS /* between allocators, and only there                          */
};

struct ac_comparison {
    char **argv;
    const struct ac_vet *vet;
    struct ac_launch launch;
    struct ac_peers peers;
    struct ac_column columns[AC_PEERS_MAX];
    size_t ncolumns;
    size_t base; /* the first column that was not left out                 */
    size_t max_rounds;
    size_t nrounds; /* whole ones                                             */
    enum ac_output output;
    bool interrupted;
    bool found_something; /* what makes the exit status 1                           */
    char notes[AC_NOTES_MAX][AC_NOTE_BYTES];
    size_t nnotes;
    time_t date;
    double load_average;
};

/* Warms up, checks who serves, runs the rounds. False when there is nothing to compare; the notes say why. */
bool ac_compare_run(struct ac_comparison *comparison);

void ac_compare_note(struct ac_comparison *comparison, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All values of a metric in a column, one a round, and their median. `out` holds max_rounds. */
double ac_compare_values(const struct ac_comparison *comparison, size_t column, enum ac_metric metric,
                         double *out);

/* A column against the base. */
struct ac_ratio ac_compare_ratio(const struct ac_comparison *comparison, size_t column,
                                 enum ac_metric metric);

/* Whether a metric has anything to show: --load has none without a load. */
bool ac_compare_has(const struct ac_comparison *comparison, enum ac_metric metric);

/* One sentence: who has the least of it, and who is not significantly different. */
void ac_compare_verdict(const struct ac_comparison *comparison, enum ac_metric metric, char *text,
                        size_t text_bytes);

/* "python3 x.py ...", safe to print, cut to fit. */
void ac_compare_title(const struct ac_comparison *comparison, char *text, size_t text_bytes);

/* A value as it is shown, with its unit when `with_unit`. */
const char *ac_compare_format(enum ac_metric metric, double value, bool with_unit, char text[32]);

/* "2 x Intel Xeon, Linux 6.1, glibc 2.36" */
void ac_compare_machine(char *text, size_t text_bytes);

void ac_compare_print_text(const struct ac_comparison *comparison, FILE *out);
bool ac_compare_print_json(const struct ac_comparison *comparison, FILE *out);
void ac_compare_print_html(const struct ac_comparison *comparison, FILE *out);

#endif
