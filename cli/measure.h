/* SPDX-License-Identifier: MIT
 *
 * measure.h -- one run of a program, with all its descendants, and what it cost.
 *
 * Knows:      processes, resident memory over time, a server's readiness, load and end.
 * Does not know: allocators; what the figures are compared with.
 */
#ifndef AC_CLI_MEASURE_H
#define AC_CLI_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ac_metric {
    AC_METRIC_WALL,
    AC_METRIC_LOAD, /* of the --load command; 0 without one                              */
    AC_METRIC_CPU,  /* user and system together                                          */
    AC_METRIC_USER,
    AC_METRIC_SYSTEM,
    AC_METRIC_PEAK,     /* of the process of the tree that had most                       */
    AC_METRIC_SUM,      /* peak of the whole tree's sum                                   */
    AC_METRIC_INTEGRAL, /* the sum over time                                              */
    AC_METRIC_FAULTS,
    AC_METRIC_SWITCHES,
    AC_NMETRICS
};

struct ac_metric_row {
    const char *key; /* in JSON                                                        */
    const char *title;
    const char *unit; /* as shown                                                       */
    double scale;     /* shown = value / scale                                          */
    int decimals;
    const char *less; /* what a lower value is called: faster, smaller, fewer           */
    const char *more;
};

extern const struct ac_metric_row ac_metrics[AC_NMETRICS];

enum { AC_SERIES_POINTS = 512, AC_MEASURE_WHY_BYTES = 512 };

/* Resident memory of the tree over time; when the points are used up, every other one goes. */
struct ac_series {
    uint64_t step_ns;
    size_t npoints;
    uint32_t kib[AC_SERIES_POINTS];
};

struct ac_launch {
    const char *path;
    char **argv;
    char **environment;
    int input_fd; /* a regular file, read from input_offset by each run; -1: /dev/null    */
    int64_t input_offset;
    const char *until; /* sh command that succeeds when the server is ready, or NULL          */
    const char *load;  /* sh command that drives it, or NULL                                  */
};

struct ac_cost {
    double values[AC_NMETRICS]; /* seconds, bytes, byte seconds, counts                    */
    int status;                 /* of the program; 128 + N when signal N ended it          */
    uint64_t output_hash;       /* of standard output                                      */
    uint64_t output_bytes;
    size_t nleft; /* processes left behind, which were ended                 */
    struct ac_series series;
    char why[AC_MEASURE_WHY_BYTES]; /* why the run does not count, or ""; and last words   */
};

/* From begin to end the signals that would end this process are taken by ac_measure(). */
void ac_measure_begin(void);
void ac_measure_end(void);

/* Runs the program to its end, or a server until its load is done. False with `why` when the run does not
 * count. Standard output and error are the runs' own; signals are passed on. */
bool ac_measure(const struct ac_launch *launch, struct ac_cost *out_cost);

/* Whether a signal asked this process to stop during ac_measure(). */
bool ac_measure_interrupted(void);

#endif
