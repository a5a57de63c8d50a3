/* SPDX-License-Identifier: MIT
 *
 * chart.c -- charts of a comparison as inline SVG.
 */
#include "chart.h"

#include <math.h>
#include <string.h>

enum {
    WIDTH = 720,
    LEFT = 110,
    RIGHT = 30,
    ROW = 24,
    AXIS = 30,
    LINES_HEIGHT = 300,
    NTICKS_WANTED = 6,
    NCOLOURS = 10
};

/* Where values lie on a line of the picture. */
struct axis {
    double from;
    double to;
    double step;
    int nsteps;
    double start; /* in the picture */
    double length;
};

void ac_chart_put_text(const char *text, FILE *out)
{
    static const char marked[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (; *text != '\0'; text++) {
        const char *at = strchr(marked, *text);
        if (at)
            fputs(names[at - marked], out);
        else
            fputc(*text, out);
    }
}

/* 1, 2 or 5 times a power of ten, so that about the wanted number of steps fit. */
static double nice_step(double range)
{
    double raw = range / NTICKS_WANTED;
    double power = pow(10, floor(log10(raw)));
    double digit = raw / power;
    return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
}

/* From 0, unless all values lie in the upper half: then differences would not be seen. */
static struct axis make_axis(double least, double most, double start, double length)
{
    struct axis axis = {0, most > 0 ? most : 1, 1, 0, start, length};
    if (least > most / 2 && most > least)
        axis.from = least - (most - least) / 2;
    else if (least > most / 2)
        axis.from = least * 0.9;
    axis.step = nice_step(axis.to - axis.from);
    axis.from = floor(axis.from / axis.step + 1e-9) * axis.step;
    axis.nsteps = (int)ceil((axis.to - axis.from) / axis.step - 1e-9);
    axis.to = axis.from + axis.nsteps * axis.step;
    return axis;
}

static double place(const struct axis *axis, double value)
{
    return axis->start + axis->length * (value - axis->from) / (axis->to - axis->from);
}

/* As many decimals as the steps have. */
static int tick_decimals(const struct axis *axis)
{
    double decimals = -floor(log10(axis->step) + 1e-9);
    return decimals > 0 ? (int)decimals : 0;
}

static void begin(FILE *out, const char *figure_class, double height, const char *title, const char *unit)
{
    fprintf(out, "<figure%s><figcaption>", figure_class);
    ac_chart_put_text(title, out);
    fprintf(out, "%s%s</figcaption>\n<svg viewBox=\"0 0 %d %.0f\" role=\"img\">\n", unit[0] ? ", " : "", unit,
            WIDTH, height);
}

static void end(FILE *out)
{
    fputs("</svg></figure>\n", out);
}

static void put_x_axis(const struct axis *axis, double height, FILE *out)
{
    int decimals = tick_decimals(axis);
    for (int i = 0; i <= axis->nsteps; i++) {
        double value = axis->from + i * axis->step;
        double x = place(axis, value);
        fprintf(out,
                "<path class=\"grid\" d=\"M%.1f 0V%.1f\"/>"
                "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">%.*f</text>\n",
                x, height, x, height + 18, decimals, value);
    }
}

static void find_range(const struct ac_comparison *comparison, enum ac_metric metric, double *out_least,
                       double *out_most)
{
    double values[AC_ROUNDS_MAX];
    *out_least = INFINITY;
    *out_most = 0;
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed)
            continue;
        ac_compare_values(comparison, i, metric, values);
        for (size_t j = 0; j < comparison->nrounds; j++) {
            *out_least = fmin(*out_least, values[j] / ac_metrics[metric].scale);
            *out_most = fmax(*out_most, values[j] / ac_metrics[metric].scale);
        }
    }
}

static void put_row(const struct ac_comparison *comparison, size_t column, enum ac_metric metric,
                    const struct axis *axis, double y, FILE *out)
{
    double values[AC_ROUNDS_MAX];
    char text[32];
    double scale = ac_metrics[metric].scale;
    double median = ac_compare_values(comparison, column, metric, values);
    double x = place(axis, median / scale);
    fprintf(out, "<g class=\"c%zu\"><text class=\"name\" x=\"%d\" y=\"%.1f\">", column % NCOLOURS, LEFT - 8,
            y + 4);
    ac_chart_put_text(comparison->columns[column].peer->name, out);
    fputs("</text>\n", out);
    for (size_t j = 0; j < comparison->nrounds; j++)
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"><title>run %zu: %s</title></circle>\n",
                place(axis, values[j] / scale), y, j + 1, ac_compare_format(metric, values[j], true, text));
    fprintf(out, "<path class=\"median\" d=\"M%.1f %.1fv16\"><title>median: %s</title></path></g>\n", x,
            y - 8, ac_compare_format(metric, median, true, text));
}

void ac_chart_runs(const struct ac_comparison *comparison, enum ac_metric metric, FILE *out)
{
    double least;
    double most;
    size_t nrows = 0;
    for (size_t i = 0; i < comparison->ncolumns; i++)
        nrows += !comparison->columns[i].failed;
    find_range(comparison, metric, &least, &most);
    struct axis axis = make_axis(least, most, LEFT, WIDTH - LEFT - RIGHT);
    double height = (double)nrows * ROW;
    begin(out, "", height + AXIS, ac_metrics[metric].title, ac_metrics[metric].unit);
    put_x_axis(&axis, height, out);
    double y = ROW / 2.0;
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed)
            continue;
        put_row(comparison, i, metric, &axis, y, out);
        y += ROW;
    }
    end(out);
}

/* The run whose wall time is nearest to the median. */
static const struct ac_cost *middle_run(const struct ac_comparison *comparison, size_t column)
{
    double values[AC_ROUNDS_MAX];
    double median = ac_compare_values(comparison, column, AC_METRIC_WALL, values);
    size_t nearest = 0;
    for (size_t j = 1; j < comparison->nrounds; j++) {
        if (fabs(values[j] - median) < fabs(values[nearest] - median))
            nearest = j;
    }
    return &comparison->columns[column].costs[nearest];
}

static void put_line(const struct ac_comparison *comparison, size_t column, const struct axis *x,
                     const struct axis *y, FILE *out)
{
    const struct ac_series *series = &middle_run(comparison, column)->series;
    fprintf(out, "<g class=\"c%zu\"><path class=\"line\" d=\"", column % NCOLOURS);
    for (size_t i = 0; i < series->npoints; i++)
        fprintf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', place(x, (double)(i * series->step_ns) / 1e9),
                place(y, series->kib[i] / 1024.0));
    fputs("\"><title>", out);
    ac_chart_put_text(comparison->columns[column].peer->name, out);
    fputs("</title></path></g>\n", out);
}

static void put_y_axis(const struct axis *axis, FILE *out)
{
    int decimals = tick_decimals(axis);
    for (int i = 0; i <= axis->nsteps; i++) {
        double value = axis->from + i * axis->step;
        double y = place(axis, value);
        fprintf(
            out,
            "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"name\" x=\"%d\" y=\"%.1f\">%.*f</text>\n",
            LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, decimals, value);
    }
}

static void put_legend(const struct ac_comparison *comparison, FILE *out)
{
    fputs("<p class=\"legend\">", out);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed)
            continue;
        fprintf(out, "<span class=\"c%zu\">", i % NCOLOURS);
        ac_chart_put_text(comparison->columns[i].peer->name, out);
        fputs("</span> ", out);
    }
    fputs("</p>\n", out);
}

void ac_chart_memory(const struct ac_comparison *comparison, FILE *out)
{
    double longest_s = 0;
    double most_mib = 0;
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed)
            continue;
        const struct ac_series *series = &middle_run(comparison, i)->series;
        longest_s = fmax(longest_s, (double)(series->npoints * series->step_ns) / 1e9);
        for (size_t j = 0; j < series->npoints; j++)
            most_mib = fmax(most_mib, series->kib[j] / 1024.0);
    }
    struct axis x = make_axis(0, longest_s, LEFT, WIDTH - LEFT - RIGHT);
    struct axis y = make_axis(0, most_mib, LINES_HEIGHT, -(LINES_HEIGHT - 10));
    put_legend(comparison, out);
    begin(out, " class=\"time\"", LINES_HEIGHT + AXIS, "resident memory of all processes, MiB, over seconds",
          "");
    put_x_axis(&x, LINES_HEIGHT, out);
    put_y_axis(&y, out);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (!comparison->columns[i].failed)
            put_line(comparison, i, &x, &y, out);
    }
    end(out);
}
