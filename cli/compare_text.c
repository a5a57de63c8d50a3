/* SPDX-License-Identifier: MIT
 *
 * compare_text.c -- a comparison as two tables and a few sentences.
 */
#include <string.h>

#include "compare.h"

enum { NAME_COLUMNS = 14 };

static const enum ac_metric compared[] = {AC_METRIC_WALL, AC_METRIC_LOAD, AC_METRIC_CPU, AC_METRIC_PEAK,
                                          AC_METRIC_INTEGRAL};
enum { NCOMPARED = sizeof(compared) / sizeof(compared[0]) };

static const char *const heads[AC_NMETRICS] = {
    [AC_METRIC_WALL] = "wall s",      [AC_METRIC_LOAD] = "load s",      [AC_METRIC_CPU] = "cpu s",
    [AC_METRIC_USER] = "user s",      [AC_METRIC_SYSTEM] = "system s",  [AC_METRIC_PEAK] = "peak MiB",
    [AC_METRIC_SUM] = "all MiB",      [AC_METRIC_INTEGRAL] = "MiB x s", [AC_METRIC_FAULTS] = "faults",
    [AC_METRIC_SWITCHES] = "switches"};

static void print_values(const struct ac_comparison *comparison, FILE *out)
{
    double values[AC_ROUNDS_MAX];
    char text[32];
    fprintf(out, "%-*s", NAME_COLUMNS, "median");
    for (int metric = 0; metric < AC_NMETRICS; metric++) {
        if (metric != AC_METRIC_CPU && ac_compare_has(comparison, (enum ac_metric)metric))
            fprintf(out, " %9s", heads[metric]);
    }
    fputc('\n', out);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed)
            continue;
        fprintf(out, "%-*s", NAME_COLUMNS, comparison->columns[i].peer->name);
        for (int metric = 0; metric < AC_NMETRICS; metric++) {
            enum ac_metric m = (enum ac_metric)metric;
            if (m != AC_METRIC_CPU && ac_compare_has(comparison, m))
                fprintf(out, " %9s",
                        ac_compare_format(m, ac_compare_values(comparison, i, m, values), false, text));
        }
        fputc('\n', out);
    }
}

static void print_ratio(const struct ac_ratio *ratio, FILE *out)
{
    static const char marks[] = {[AC_VERDICT_NONE] = ' ',
                                 [AC_VERDICT_FEW] = '?',
                                 [AC_VERDICT_SAME] = '=',
                                 [AC_VERDICT_LESS] = '-',
                                 [AC_VERDICT_MORE] = '+'};
    char text[64];
    if (ratio->verdict == AC_VERDICT_NONE)
        snprintf(text, sizeof(text), "not comparable");
    else
        snprintf(text, sizeof(text), "%.2f (%.2f to %.2f) %c", ratio->median, ratio->low, ratio->high,
                 marks[ratio->verdict]);
    fprintf(out, "  %-21s", text);
}

static void print_ratios(const struct ac_comparison *comparison, FILE *out)
{
    char head[64];
    snprintf(head, sizeof(head), "to %s", comparison->columns[comparison->base].peer->name);
    fprintf(out, "\n%-*s", NAME_COLUMNS, head);
    for (size_t j = 0; j < NCOMPARED; j++) {
        if (ac_compare_has(comparison, compared[j]))
            fprintf(out, "  %-21s", ac_metrics[compared[j]].title);
    }
    fputc('\n', out);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed || i == comparison->base)
            continue;
        fprintf(out, "%-*s", NAME_COLUMNS, comparison->columns[i].peer->name);
        for (size_t j = 0; j < NCOMPARED; j++) {
            struct ac_ratio ratio = ac_compare_ratio(comparison, i, compared[j]);
            if (ac_compare_has(comparison, compared[j]))
                print_ratio(&ratio, out);
        }
        fputc('\n', out);
    }
}

void ac_compare_print_text(const struct ac_comparison *comparison, FILE *out)
{
    char text[1024];
    ac_compare_title(comparison, text, 100);
    fprintf(out, "acre compare  %s: %zu runs under each, in turns\n", text, comparison->nrounds);
    ac_compare_machine(text, sizeof(text));
    fprintf(out, "machine       %s\n\n", text);
    print_values(comparison, out);
    print_ratios(comparison, out);
    fputs(
        "\nMedians of the ratios within rounds, 95 % intervals: - less, + more, = no significant difference",
        out);
    fputs(comparison->nrounds < AC_ROUNDS_TO_TELL ? ", ? too few runs to tell.\n\n" : ".\n\n", out);
    for (size_t j = 0; j < NCOMPARED; j++) {
        if (!ac_compare_has(comparison, compared[j]))
            continue;
        ac_compare_verdict(comparison, compared[j], text, sizeof(text));
        fprintf(out, "%s\n", text);
    }
    for (size_t i = 0; i < comparison->nnotes; i++)
        fprintf(out, "note: %s\n", comparison->notes[i]);
}
