/* SPDX-License-Identifier: MIT
 *
 * top_page.c -- the pages of `acre top`.
 */
#include "top_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

enum { HEAD_SPARK_COLUMNS = 30, NOTE_BYTES = 256, CHART_COLUMNS = 60, CHART_ROWS = 10 };

/* ---- bars ---- */

static const char *bar(uint64_t eighths, bool utf8)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    return utf8 ? blocks[eighths] : ascii[eighths];
}

static uint64_t highest_of(const uint64_t *values, size_t nvalues)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < nvalues; i++)
        highest = values[i] > highest ? values[i] : highest;
    return highest;
}

void ac_top_spark(const uint64_t *values, size_t nvalues, size_t columns, bool utf8, char *out,
                  size_t out_bytes)
{
    size_t first = nvalues > columns ? nvalues - columns : 0;
    uint64_t highest = highest_of(values + first, nvalues - first);
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = first; i < nvalues && used + 4 < out_bytes; i++) {
        uint64_t eighths = highest == 0 ? 0 : (uint64_t)(8.0 * (double)values[i] / (double)highest + 0.5);
        used += (size_t)snprintf(out + used, out_bytes - used, "%s", bar(eighths, utf8));
    }
}

/* ---- head ---- */

static void moments_of(const struct ac_look *look, bool live, uint64_t out[AC_LOOK_MOMENTS])
{
    for (size_t i = 0; i < look->nmoments; i++)
        out[i] = live ? look->moments[i].live_bytes : look->moments[i].held_bytes;
}

static double per_second(uint64_t now, uint64_t before, uint64_t ns)
{
    return ns == 0 || now < before ? 0 : (double)(now - before) * 1e9 / (double)ns;
}

static void add_head(const struct ac_look *look, const struct ac_top_page *page, struct ac_lines *out)
{
    char text[4][AC_TEXT_BYTES];
    char program[AC_WHY_PROGRAM_BYTES];
    char spark[4 * HEAD_SPARK_COLUMNS];
    uint64_t held[AC_LOOK_MOMENTS];
    const struct ac_identity *id = &look->why.identity;
    uint64_t up_ns = look->time_ns > look->start_ns ? look->time_ns - look->start_ns : 0;
    ac_format_safely(look->why.program, program, sizeof(program));
    moments_of(look, false, held);
    ac_top_spark(held, look->nmoments, HEAD_SPARK_COLUMNS, page->utf8, spark, sizeof(spark));
    ac_lines_add(out, AC_LINE_BOLD, "acre top  pid %d %s  up %s  %" PRIu64 " thread%s%s  acre %s",
                 (int)look->why.pid, program, ac_format_duration(up_ns, text[0]), look->why.nthreads,
                 look->why.nthreads == 1 ? "" : "s", look->why.stopped ? "  stopped" : "", look->why.library);
    ac_lines_add(out, AC_LINE_PLAIN, "RSS %s  live %s in %s blocks  unexplained %.1f %%  %s",
                 ac_format_bytes((int64_t)id->rss_bytes, text[1]),
                 ac_format_bytes((int64_t)id->live_bytes, text[2]),
                 ac_format_count(id->live_objects, text[3]), ac_identity_gap_percent(id), spark);
    ac_lines_add(out, AC_LINE_PLAIN, "%s", "");
}

/* ---- views ---- */

static void add_parts(const struct ac_look *look, struct ac_lines *out)
{
    char text[AC_TEXT_BYTES];
    char note[NOTE_BYTES];
    const struct ac_identity *id = &look->why.identity;
    ac_lines_add(out, AC_LINE_HEAD, "%-22s %11s %7s  %s", "PART", "RESIDENT", "SHARE", "WHAT IT IS");
    for (int i = 0; i < AC_NPARTS; i++) {
        if (id->parts[i] == 0 && i != AC_PART_unexplained)
            continue;
        ac_why_note(&look->why, (enum ac_part)i, note, sizeof(note));
        ac_lines_add(out, AC_LINE_PLAIN, "%-22s %11s %5.1f %%  %s", ac_part_labels[i],
                     ac_format_bytes(id->parts[i], text), ac_percent(id->parts[i], id->rss_bytes), note);
    }
}

static bool is_listed(const struct ac_top_page *page, size_t i)
{
    return i >= page->skip && i - page->skip < page->rows;
}

/* As slabtop shows slabs. */
static void add_classes(const struct ac_look *look, const struct ac_top_page *page, struct ac_lines *out)
{
    struct ac_why_class classes[AC_STATE_MAX_CLASSES];
    char text[4][AC_TEXT_BYTES];
    size_t n = ac_why_classes(&look->why.counters, AC_WHY_BY_HELD, classes, AC_STATE_MAX_CLASSES);
    ac_lines_add(out, AC_LINE_HEAD, "%8s %13s %6s %7s %11s %11s %11s", "CLASS", "LIVE BLOCKS", "USE", "SPANS",
                 "LIVE", "CACHED", "FREE");
    for (size_t i = 0; i < n; i++) {
        const struct ac_why_class *c = &classes[i];
        if (is_listed(page, i))
            ac_lines_add(out, AC_LINE_PLAIN, "%8" PRIu32 " %13s %4.0f %% %7" PRIu32 " %11s %11s %11s",
                         c->size_bytes, ac_format_count(c->live_bytes / c->size_bytes, text[0]),
                         c->full_percent, c->nspans, ac_format_bytes((int64_t)c->live_bytes, text[1]),
                         ac_format_bytes((int64_t)c->cached_bytes, text[2]),
                         ac_format_bytes((int64_t)c->free_bytes, text[3]));
    }
}

static const struct ac_look_thread *thread_before(const struct ac_look *before, uint32_t tid)
{
    for (size_t i = 0; before && i < before->nthreads; i++) {
        if (before->threads[i].tid == tid)
            return &before->threads[i];
    }
    return NULL;
}

static void add_threads(const struct ac_look *look, const struct ac_look *before,
                        const struct ac_top_page *page, struct ac_lines *out)
{
    char text[2][AC_TEXT_BYTES];
    uint64_t ns = before && look->time_ns > before->time_ns ? look->time_ns - before->time_ns : 0;
    ac_lines_add(out, AC_LINE_HEAD, "%8s %-15s %5s %11s %10s %10s %10s  %s", "THREAD", "NAME", "SHARD",
                 "KEEPS", "REFILLS/s", "FLUSHES/s", "REMOTE/s", "IDLE");
    for (size_t i = 0; i < look->nthreads; i++) {
        const struct ac_look_thread *t = &look->threads[i];
        const struct ac_look_thread *old = thread_before(before, t->tid);
        char name[sizeof(t->name)];
        if (!is_listed(page, i))
            continue;
        ac_format_safely(t->name, name, sizeof(name));
        ac_lines_add(out, AC_LINE_PLAIN, "%8" PRIu32 " %-15s %5" PRIu32 " %11s %10.0f %10.0f %10.0f  %s",
                     t->tid, name, t->shard, ac_format_bytes((int64_t)t->kept_bytes, text[0]),
                     old ? per_second(t->refills, old->refills, ns) : 0,
                     old ? per_second(t->flushes, old->flushes, ns) : 0,
                     old ? per_second(t->remote_frees, old->remote_frees, ns) : 0,
                     ac_format_duration(t->idle_ns, text[1]));
    }
}

/* One row of the chart: what of each column reaches into it. */
static void add_chart_row(const uint64_t *values, size_t n, uint64_t highest, unsigned row, bool utf8,
                          const char *label, struct ac_lines *out)
{
    char bars[4 * CHART_COLUMNS + 1];
    size_t used = 0;
    bars[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        double height = highest == 0 ? 0 : 8.0 * CHART_ROWS * (double)values[i] / (double)highest;
        double in_row = height - 8.0 * row;
        uint64_t eighths = in_row <= 0 ? 0 : in_row >= 8 ? 8 : (uint64_t)(in_row + 0.5);
        used += (size_t)snprintf(bars + used, sizeof(bars) - used, "%s", bar(eighths, utf8));
    }
    ac_lines_add(out, AC_LINE_PLAIN, "%11s |%s", label, bars);
}

static void add_timeline(const struct ac_look *look, const struct ac_top_page *page, struct ac_lines *out)
{
    uint64_t live[AC_LOOK_MOMENTS];
    char text[AC_TEXT_BYTES];
    size_t n = look->nmoments < CHART_COLUMNS ? look->nmoments : CHART_COLUMNS;
    moments_of(look, true, live);
    const uint64_t *last = live + (look->nmoments - n);
    uint64_t highest = highest_of(last, n);
    ac_lines_add(out, AC_LINE_HEAD, "LIVE BYTES, LAST %zu OF %zu SECONDS THAT WERE WRITTEN DOWN", n,
                 look->nmoments);
    for (unsigned row = CHART_ROWS; row-- > 0;)
        add_chart_row(last, n, highest, row, page->utf8,
                      row == CHART_ROWS - 1 ? ac_format_bytes((int64_t)highest, text)
                      : row == 0            ? "0"
                                            : "",
                      out);
}

void ac_top_page_make(const struct ac_look *look, const struct ac_look *before,
                      const struct ac_top_page *page, struct ac_lines *out)
{
    out->n = 0;
    add_head(look, page, out);
    bool all = page->view == AC_TOP_ALL;
    if (all || page->view == AC_TOP_PARTS)
        add_parts(look, out);
    if (all)
        ac_lines_add(out, AC_LINE_PLAIN, "%s", "");
    if (all || page->view == AC_TOP_CLASSES)
        add_classes(look, page, out);
    if (all)
        ac_lines_add(out, AC_LINE_PLAIN, "%s", "");
    if (all || page->view == AC_TOP_THREADS)
        add_threads(look, before, page, out);
    if (all)
        ac_lines_add(out, AC_LINE_PLAIN, "%s", "");
    if (all || page->view == AC_TOP_TIMELINE)
        add_timeline(look, page, out);
}
