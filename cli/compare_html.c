/* SPDX-License-Identifier: MIT
 *
 * compare_html.c -- a comparison as a page of its own: one file without scripts that nothing has to be
 * fetched for.
 */
#include <string.h>

#include "chart.h"
#include "compare.h"

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<style>\n"
    ":root { color-scheme: light dark; --ink: light-dark(#1c2328, #dfe5ea);\n"
    "  --soft: light-dark(#5c6770, #98a4ae); --line: light-dark(#dde2e6, #39424a);\n"
    "  --paper: light-dark(#fff, #14181b); --less: light-dark(#0a7d4b, #52d39a);\n"
    "  --more: light-dark(#b3361b, #ff8f73); }\n"
    "body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);\n"
    "  margin: 2em auto; max-width: 1500px; padding: 0 1.2em; }\n"
    "h1 { font-size: 1.5em; margin-bottom: .2em; }\n"
    "h1 code { word-break: break-word; }\n"
    "h2 { font-size: 1.1em; margin-top: 2em; }\n"
    "p { margin: .3em 0; }\n"
    ".soft { color: var(--soft); }\n"
    ".wide { overflow-x: auto; }\n"
    "table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
    "th, td { padding: .25em .8em; text-align: right; border-bottom: 1px solid var(--line);\n"
    "  white-space: nowrap; }\n"
    "th:first-child { text-align: left; }\n"
    "thead th { color: var(--soft); font-weight: 500; white-space: normal; }\n"
    "td small { color: var(--soft); }\n"
    "td.less b { color: var(--less); }\n"
    "td.more b { color: var(--more); }\n"
    "td.same b { font-weight: 400; }\n"
    ".charts { display: grid; gap: 1.6em 2.4em;\n"
    "  grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); }\n"
    "figure { margin: 0; }\n"
    "figure.time { max-width: 900px; }\n"
    "figcaption { font-weight: 600; }\n"
    "svg { width: 100%; height: auto; display: block; }\n"
    "svg text { font-size: 12px; fill: var(--soft); }\n"
    "g .name { fill: var(--ink); }\n"
    ".tick { text-anchor: middle; }\n"
    ".name { text-anchor: end; }\n"
    ".grid { stroke: var(--line); }\n"
    "circle { fill: var(--c); fill-opacity: .55; }\n"
    ".median { stroke: var(--c); stroke-width: 3; }\n"
    ".line { stroke: var(--c); stroke-width: 2; fill: none; }\n"
    ".legend span { margin-right: 1em; }\n"
    ".legend span::before { content: ''; display: inline-block; width: .8em; height: .8em;\n"
    "  border-radius: 2px; margin-right: .4em; background: var(--c); }\n"
    ".c0 { --c: #7a828a; } .c1 { --c: #b3a06b; } .c2 { --c: #0072b2; } .c3 { --c: #009e73; }\n"
    ".c4 { --c: #e69f00; } .c5 { --c: #56b4e9; } .c6 { --c: #cc79a7; } .c7 { --c: #d55e00; }\n"
    ".c8 { --c: #8a63d2; } .c9 { --c: #6b8e23; }\n"
    "</style>\n";

static void put_medians(const struct ac_comparison *comparison, FILE *out)
{
    double values[AC_ROUNDS_MAX];
    char text[32];
    fputs("<h2>Medians</h2>\n<div class=\"wide\"><table id=\"medians\"><thead><tr><th>allocator</th>", out);
    for (int metric = 0; metric < AC_NMETRICS; metric++) {
        const struct ac_metric_row *row = &ac_metrics[metric];
        if (ac_compare_has(comparison, (enum ac_metric)metric))
            fprintf(out, "<th>%s%s%s</th>", row->title, row->unit[0] ? ", " : "", row->unit);
    }
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed)
            continue;
        fputs("<tr><th>", out);
        ac_chart_put_text(comparison->columns[i].peer->name, out);
        fputs("</th>", out);
        for (int metric = 0; metric < AC_NMETRICS; metric++) {
            enum ac_metric m = (enum ac_metric)metric;
            if (ac_compare_has(comparison, m))
                fprintf(out, "<td>%s</td>",
                        ac_compare_format(m, ac_compare_values(comparison, i, m, values), false, text));
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void put_ratio(const struct ac_ratio *ratio, FILE *out)
{
    static const char *const classes[] = {[AC_VERDICT_NONE] = "none",
                                          [AC_VERDICT_FEW] = "few",
                                          [AC_VERDICT_SAME] = "same",
                                          [AC_VERDICT_LESS] = "less",
                                          [AC_VERDICT_MORE] = "more"};
    static const char *const words[] = {[AC_VERDICT_NONE] = "",
                                        [AC_VERDICT_FEW] = "?",
                                        [AC_VERDICT_SAME] = "=",
                                        [AC_VERDICT_LESS] = "&minus;",
                                        [AC_VERDICT_MORE] = "+"};
    if (ratio->verdict == AC_VERDICT_NONE)
        fputs("<td>not comparable</td>", out);
    else
        fprintf(out, "<td class=\"%s\"><b>%.2f %s</b> <small>%.2f to %.2f</small></td>",
                classes[ratio->verdict], ratio->median, words[ratio->verdict], ratio->low, ratio->high);
}

/* User and system time are judged together: the kernel tells them apart by chance where both are short. */
static bool has_ratio(const struct ac_comparison *comparison, enum ac_metric metric)
{
    return ac_compare_has(comparison, metric) && metric != AC_METRIC_USER && metric != AC_METRIC_SYSTEM;
}

static void put_ratios(const struct ac_comparison *comparison, FILE *out)
{
    fputs("<h2>Against ", out);
    ac_chart_put_text(comparison->columns[comparison->base].peer->name, out);
    fputs("</h2>\n<div class=\"wide\"><table id=\"ratios\"><thead><tr><th>allocator</th>", out);
    for (int metric = 0; metric < AC_NMETRICS; metric++) {
        if (has_ratio(comparison, (enum ac_metric)metric))
            fprintf(out, "<th>%s</th>", ac_metrics[metric].title);
    }
    fputs("</tr></thead><tbody>\n", out);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        if (comparison->columns[i].failed || i == comparison->base)
            continue;
        fputs("<tr><th>", out);
        ac_chart_put_text(comparison->columns[i].peer->name, out);
        fputs("</th>", out);
        for (int metric = 0; metric < AC_NMETRICS; metric++) {
            struct ac_ratio ratio = ac_compare_ratio(comparison, i, (enum ac_metric)metric);
            if (has_ratio(comparison, (enum ac_metric)metric))
                put_ratio(&ratio, out);
        }
        fputs("</tr>\n", out);
    }
    fputs(
        "</tbody></table></div>\n<p class=\"soft\">Medians of the ratios within rounds, with bootstrap "
        "intervals of 95 %: &minus; less, + more, = no significant difference",
        out);
    fputs(comparison->nrounds < AC_ROUNDS_TO_TELL ? ", ? too few runs to tell.</p>\n" : ".</p>\n", out);
}

static void put_sentences(const struct ac_comparison *comparison, FILE *out)
{
    static const enum ac_metric told[] = {AC_METRIC_WALL, AC_METRIC_LOAD, AC_METRIC_CPU, AC_METRIC_PEAK,
                                          AC_METRIC_INTEGRAL};
    char text[1024];
    fputs("<ul id=\"verdicts\">\n", out);
    for (size_t j = 0; j < sizeof(told) / sizeof(told[0]); j++) {
        if (!ac_compare_has(comparison, told[j]))
            continue;
        ac_compare_verdict(comparison, told[j], text, sizeof(text));
        fputs("<li>", out);
        ac_chart_put_text(text, out);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
    for (size_t i = 0; i < comparison->nnotes; i++) {
        fputs("<p class=\"note\">Note: ", out);
        ac_chart_put_text(comparison->notes[i], out);
        fputs("</p>\n", out);
    }
}

static void put_allocators(const struct ac_comparison *comparison, FILE *out)
{
    fputs(
        "<h2>Allocators</h2>\n<div class=\"wide\"><table id=\"allocators\"><thead><tr><th>allocator</th>"
        "<th>version</th><th>library</th><th>calls bound to it</th><th>elsewhere</th></tr></thead><tbody>\n",
        out);
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        const struct ac_column *column = &comparison->columns[i];
        const char *const cells[] = {column->peer->version,
                                     column->library[0] ? column->library : "the C library's own"};
        fputs("<tr><th>", out);
        ac_chart_put_text(column->peer->name, out);
        fputs("</th>", out);
        for (size_t j = 0; j < 2; j++) {
            fputs("<td>", out);
            ac_chart_put_text(cells[j], out);
            fputs("</td>", out);
        }
        fprintf(out, "<td>%zu</td><td>%zu</td></tr>\n", column->served.nbound, column->served.nelsewhere);
    }
    fputs("</tbody></table></div>\n", out);
}

void ac_compare_print_html(const struct ac_comparison *comparison, FILE *out)
{
    static const enum ac_metric drawn[] = {AC_METRIC_WALL,  AC_METRIC_LOAD, AC_METRIC_CPU,
                                           AC_METRIC_PEAK,  AC_METRIC_SUM,  AC_METRIC_INTEGRAL,
                                           AC_METRIC_FAULTS};
    char title[1024];
    char text[512];
    char date[64];
    ac_compare_title(comparison, title, sizeof(title));
    ac_compare_machine(text, sizeof(text));
    strftime(date, sizeof(date), "%Y-%m-%d %H:%M", localtime(&comparison->date));
    fputs(head, out);
    fputs("<title>acre compare: ", out);
    ac_chart_put_text(title, out);
    fputs("</title></head><body>\n<h1>acre compare <code>", out);
    ac_chart_put_text(title, out);
    fprintf(out, "</code></h1>\n<p class=\"soft\">%zu runs under each, in turns; %s; ", comparison->nrounds,
            date);
    ac_chart_put_text(text, out);
    fputs("</p>\n", out);
    put_sentences(comparison, out);
    put_ratios(comparison, out);
    fputs("<h2>Every run</h2>\n<div class=\"charts\">\n", out);
    for (size_t j = 0; j < sizeof(drawn) / sizeof(drawn[0]); j++) {
        if (ac_compare_has(comparison, drawn[j]))
            ac_chart_runs(comparison, drawn[j], out);
    }
    fputs("</div>\n<h2>Memory over time</h2>\n", out);
    ac_chart_memory(comparison, out);
    put_medians(comparison, out);
    put_allocators(comparison, out);
    fputs("</body></html>\n", out);
}
