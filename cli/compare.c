/* SPDX-License-Identifier: MIT
 *
 * compare.c -- what a comparison's runs say: values, ratios and sentences that all its reports share.
 */
#include "compare.h"

#include <gnu/libc-version.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "format.h"

double ac_compare_values(const struct ac_comparison *comparison, size_t column, enum ac_metric metric,
                         double *out)
{
    for (size_t i = 0; i < comparison->nrounds; i++)
        out[i] = comparison->columns[column].costs[i].values[metric];
    return ac_median(out, comparison->nrounds);
}

static struct ac_ratio ratio(const struct ac_comparison *comparison, size_t a, size_t b,
                             enum ac_metric metric)
{
    double ours[AC_ROUNDS_MAX];
    double theirs[AC_ROUNDS_MAX];
    ac_compare_values(comparison, a, metric, ours);
    ac_compare_values(comparison, b, metric, theirs);
    return ac_ratio_of(ours, theirs, comparison->nrounds);
}

struct ac_ratio ac_compare_ratio(const struct ac_comparison *comparison, size_t column, enum ac_metric metric)
{
    return ratio(comparison, column, comparison->base, metric);
}

bool ac_compare_has(const struct ac_comparison *comparison, enum ac_metric metric)
{
    return metric != AC_METRIC_LOAD || comparison->launch.load;
}

static size_t least(const struct ac_comparison *comparison, enum ac_metric metric)
{
    double values[AC_ROUNDS_MAX];
    size_t best = comparison->base;
    double best_median = ac_compare_values(comparison, best, metric, values);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        double median = comparison->columns[i].failed ? 0 : ac_compare_values(comparison, i, metric, values);
        if (!comparison->columns[i].failed && median < best_median) {
            best = i;
            best_median = median;
        }
    }
    return best;
}

/* ", x, y": those that the best does not beat significantly. Returns how many it beats. */
static size_t put_equals(const struct ac_comparison *comparison, enum ac_metric metric, size_t best,
                         char *text, size_t text_bytes)
{
    size_t nbeaten = 0;
    text[0] = '\0';
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        size_t used = strlen(text);
        if (i == best || comparison->columns[i].failed)
            continue;
        if (ratio(comparison, best, i, metric).verdict == AC_VERDICT_LESS)
            nbeaten++;
        else
            snprintf(text + used, text_bytes - used, "%s%s", used ? ", " : "",
                     comparison->columns[i].peer->name);
    }
    return nbeaten;
}

void ac_compare_verdict(const struct ac_comparison *comparison, enum ac_metric metric, char *text,
                        size_t text_bytes)
{
    char equals[AC_PEERS_MAX * (AC_PEER_NAME_BYTES + 2)];
    char value[32];
    double values[AC_ROUNDS_MAX];
    const struct ac_metric_row *row = &ac_metrics[metric];
    size_t best = least(comparison, metric);
    size_t nbeaten = put_equals(comparison, metric, best, equals, sizeof(equals));
    if (comparison->nrounds < AC_ROUNDS_TO_TELL) {
        snprintf(text, text_bytes, "%s: too few runs to tell; %d or more can (-n)", row->title,
                 AC_ROUNDS_TO_TELL);
        return;
    }
    if (nbeaten == 0) {
        snprintf(text, text_bytes, "%s: no significant difference", row->title);
        return;
    }
    struct ac_ratio to_base = ac_compare_ratio(comparison, best, metric);
    ac_compare_format(metric, ac_compare_values(comparison, best, metric, values), true, value);
    int used = snprintf(text, text_bytes, "%s: %s has the least, %s", row->title,
                        comparison->columns[best].peer->name, value);
    if (to_base.verdict == AC_VERDICT_LESS && used > 0)
        used += snprintf(text + used, text_bytes - (size_t)used, ", %.2f of %s's", to_base.median,
                         comparison->columns[comparison->base].peer->name);
    if (equals[0] != '\0' && used > 0 && (size_t)used < text_bytes)
        snprintf(text + used, text_bytes - (size_t)used, "; no significant difference to %s", equals);
}

void ac_compare_title(const struct ac_comparison *comparison, char *text, size_t text_bytes)
{
    char line[1024] = "";
    for (char **word = comparison->argv; *word; word++) {
        size_t used = strlen(line);
        snprintf(line + used, sizeof(line) - used, "%s%s", used ? " " : "", *word);
    }
    ac_format_safely(line, text, text_bytes);
}

const char *ac_compare_format(enum ac_metric metric, double value, bool with_unit, char text[32])
{
    const struct ac_metric_row *row = &ac_metrics[metric];
    double shown = value / row->scale;
    int decimals = row->decimals > 0 && shown >= 100 ? row->decimals - 1 : row->decimals;
    snprintf(text, 32, "%.*f%s%s", decimals, shown, with_unit && row->unit[0] ? " " : "",
             with_unit ? row->unit : "");
    return text;
}

/* What the kernel calls the processor; "" where it does not say. */
static void processor_name(char *text, size_t text_bytes)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    text[0] = '\0';
    while (file && text[0] == '\0' && fgets(line, sizeof(line), file)) {
        const char *value = strstr(line, ": ");
        if (strncmp(line, "model name", 10) == 0 && value)
            snprintf(text, text_bytes, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
    }
    if (file)
        fclose(file);
}

void ac_compare_machine(char *text, size_t text_bytes)
{
    char processor[128];
    struct utsname machine;
    uname(&machine);
    processor_name(processor, sizeof(processor));
    snprintf(text, text_bytes, "%ld x %s, Linux %s, glibc %s", sysconf(_SC_NPROCESSORS_ONLN),
             processor[0] ? processor : machine.machine, machine.release, gnu_get_libc_version());
}
