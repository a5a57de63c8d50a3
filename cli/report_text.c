/* SPDX-License-Identifier: MIT
 *
 * report_text.c -- the twelve lines of `acre run`; four when the program's heap could not be seen.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include "format.h"
#include "report.h"
#include "outline.h"

enum {
    TOP_CLASSES = 3,
    LABEL_COLUMNS = 14,
    PART_COLUMNS = 12,
    LINE_COLUMNS = 118,
    COMMAND_BYTES = 61,
    LINE_BYTES = 256
};

struct top_class {
    uint32_t size_bytes;
    uint64_t held_bytes;
    double full_percent;
};

__attribute__((format(printf, 3, 4))) static void put_line(const struct ac_outline *w, const char *label,
                                                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ac_outline_label(w, label, LABEL_COLUMNS);
    vfprintf(w->out, format, args);
    fputc('\n', w->out);
    va_end(args);
}

/* As much of the command as leaves the line's other columns their room. */
static void describe_command(const struct ac_run *run, size_t taken_columns, char out[COMMAND_BYTES])
{
    enum { LEAST = 24 };
    size_t room = taken_columns + LEAST < LINE_COLUMNS ? LINE_COLUMNS - taken_columns : LEAST;
    char joined[4 * COMMAND_BYTES];
    size_t used = 0;
    for (char **word = run->argv; *word && used < sizeof(joined) - 1; word++) {
        int written =
            snprintf(joined + used, sizeof(joined) - used, "%s%s", word == run->argv ? "" : " ", *word);
        used += (size_t)written;
    }
    ac_format_safely(joined, out, room + 1 < COMMAND_BYTES ? room + 1 : COMMAND_BYTES);
}

static void describe_end(const struct ac_run *run, char *out, size_t out_bytes)
{
    int status = run->outcome.wait_status;
    if (WIFSIGNALED(status))
        snprintf(out, out_bytes, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(out, out_bytes, "exit %d", WEXITSTATUS(status));
}

static void describe_server(const struct ac_run *run, char *out, size_t out_bytes)
{
    char refills[AC_TEXT_BYTES];
    char version[sizeof(run->state.library)];
    static const char *const words[] = {[AC_SERVICE_PROVEN] = "served by",
                                        [AC_SERVICE_REFUSED] = "NOT using",
                                        [AC_SERVICE_UNKNOWN] = "started on"};
    ac_format_safely(run->state.library, version, sizeof(version));
    if (!ac_run_is_measured(run))
        snprintf(out, out_bytes, "not seen on acre");
    else
        snprintf(out, out_bytes, "%s acre %s: pid %" PRIu32 ", %s refills", words[ac_run_service(run)],
                 version, run->state.pid,
                 ac_format_count(ac_run_stat(run, &run->state.now, AC_STAT_refills), refills));
}

static uint64_t timeval_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

static void put_head(const struct ac_outline *w, const struct ac_run *run)
{
    char command[COMMAND_BYTES];
    char end[64];
    char server[96];
    char wall[AC_TEXT_BYTES];
    char user[AC_TEXT_BYTES];
    char system[AC_TEXT_BYTES];
    describe_end(run, end, sizeof(end));
    describe_server(run, server, sizeof(server));
    describe_command(run, LABEL_COLUMNS + strlen(": ; ") + strlen(end) + strlen(server), command);
    put_line(w, "acre run", "%s: %s; %s", command, end, server);
    put_line(w, "time", "%s wall, %s user, %s system", ac_format_duration(run->outcome.wall_ns, wall),
             ac_format_duration(timeval_ns(run->outcome.usage.ru_utime), user),
             ac_format_duration(timeval_ns(run->outcome.usage.ru_stime), system));
}

static void put_peak(const struct ac_outline *w, const struct ac_run *run)
{
    char rss[AC_TEXT_BYTES];
    char minor[AC_TEXT_BYTES];
    char major[AC_TEXT_BYTES];
    char below[AC_TEXT_BYTES];
    char note[2 * AC_TEXT_BYTES] = "";
    const struct rusage *usage = &run->outcome.usage;
    if (ac_run_is_measured(run)) {
        ac_format_bytes((int64_t)ac_run_stat(run, ac_run_peak(run), AC_STAT_rss_bytes), below);
        snprintf(note, sizeof(note), "; of the %s acre saw:", below);
    }
    put_line(w, "peak memory", "%s, %s page faults (%s from disk)%s",
             ac_format_bytes(usage->ru_maxrss * 1024, rss),
             ac_format_count((uint64_t)(usage->ru_minflt + usage->ru_majflt), minor),
             ac_format_count((uint64_t)usage->ru_majflt, major), note);
}

static void put_live(const struct ac_outline *w, const struct ac_run *run, uint64_t rss)
{
    char counts[2][AC_TEXT_BYTES];
    char bytes[2][AC_TEXT_BYTES];
    char note[LINE_BYTES];
    const struct ac_snapshot *peak = ac_run_peak(run);
    uint64_t small = ac_run_stat(run, peak, AC_STAT_small_live_bytes);
    uint64_t large = ac_run_stat(run, peak, AC_STAT_large_live_bytes);
    snprintf(note, sizeof(note), "%s small blocks %s, %s large %s",
             ac_format_count(ac_run_stat(run, peak, AC_STAT_small_live_objects), counts[0]),
             ac_format_bytes((int64_t)small, bytes[0]),
             ac_format_count(ac_run_stat(run, peak, AC_STAT_large_live_objects), counts[1]),
             ac_format_bytes((int64_t)large, bytes[1]));
    ac_outline_part(w, false, "live", (int64_t)(small + large), rss, note);
}

static void put_caches(const struct ac_outline *w, const struct ac_run *run, uint64_t rss)
{
    char bytes[2][AC_TEXT_BYTES];
    char note[LINE_BYTES];
    const struct ac_snapshot *peak = ac_run_peak(run);
    uint64_t thread = ac_run_stat(run, peak, AC_STAT_thread_cache_bytes);
    uint64_t transfer = ac_run_stat(run, peak, AC_STAT_transfer_cache_bytes);
    uint64_t nthreads = ac_run_stat(run, peak, AC_STAT_threads);
    snprintf(note, sizeof(note), "%" PRIu64 " thread%s %s, transfer caches %s", nthreads,
             nthreads == 1 ? "" : "s", ac_format_bytes((int64_t)thread, bytes[0]),
             ac_format_bytes((int64_t)transfer, bytes[1]));
    ac_outline_part(w, false, "caches", (int64_t)(thread + transfer), rss, note);
}

/* The lines between the peak and the exit; they add up to the resident memory acre saw. */
static void put_identity(const struct ac_outline *w, const struct ac_run *run)
{
    const struct ac_snapshot *peak = ac_run_peak(run);
    uint64_t rss = ac_run_stat(run, peak, AC_STAT_rss_bytes);
    int64_t rest = ac_run_rest_bytes(run, peak);
    char bytes[AC_TEXT_BYTES];
    char note[LINE_BYTES];
    put_live(w, run, rss);
    uint64_t free_bytes = ac_run_stat(run, peak, AC_STAT_span_free_bytes);
    free_bytes -= ac_run_stat(run, peak, AC_STAT_span_purged_bytes);
    ac_outline_part(w, false, "free blocks", (int64_t)free_bytes, rss,
                    "in spans that other blocks keep in use");
    put_caches(w, run, rss);
    snprintf(note, sizeof(note), "not yet returned; %s returned by the end",
             ac_format_bytes((int64_t)ac_run_stat(run, &run->state.now, AC_STAT_purged_bytes), bytes));
    ac_outline_part(w, false, "free pages", (int64_t)ac_run_stat(run, peak, AC_STAT_dirty_bytes), rss, note);
    ac_outline_part(w, false, "metadata", (int64_t)ac_run_stat(run, peak, AC_STAT_metadata_bytes), rss,
                    "acre's own");
    ac_outline_part(w, true, "the rest", rest, rss,
                    rest >= 0 ? "not the heap's: program, libraries, stacks"
                              : "parts of live blocks were never touched");
}

static void put_at_exit(const struct ac_outline *w, const struct ac_run *run)
{
    const struct ac_snapshot *now = &run->state.now;
    char live[AC_TEXT_BYTES];
    char rss[AC_TEXT_BYTES];
    char count[AC_TEXT_BYTES];
    char ago[AC_TEXT_BYTES];
    char when[80] = "";
    uint64_t end_ns = run->outcome.start_ns + run->outcome.wall_ns;
    if (run->verdict == AC_SEGMENT_TORN)
        snprintf(when, sizeof(when), "; it died while publishing, so numbers may not agree");
    else if (!run->state.exited)
        snprintf(when, sizeof(when), "; last seen %s before the end",
                 ac_format_duration(end_ns > now->time_ns ? end_ns - now->time_ns : 0, ago));
    put_line(w, "at exit", "%s live in %s blocks, %s resident%s",
             ac_format_bytes((int64_t)(ac_run_stat(run, now, AC_STAT_small_live_bytes) +
                                       ac_run_stat(run, now, AC_STAT_large_live_bytes)),
                             live),
             ac_format_count(ac_run_stat(run, now, AC_STAT_small_live_objects) +
                                 ac_run_stat(run, now, AC_STAT_large_live_objects),
                             count),
             ac_format_bytes((int64_t)ac_run_stat(run, now, AC_STAT_rss_bytes), rss), when);
}

/* Keeps the biggest classes, biggest first. */
static void consider_class(struct top_class top[TOP_CLASSES], const struct ac_state_class *row)
{
    uint64_t blocks = row->live_objects + row->cached_objects + row->free_objects;
    struct top_class entry = {row->size_bytes, blocks * row->size_bytes,
                              ac_percent((int64_t)row->live_objects, blocks)};
    for (size_t i = 0; i < TOP_CLASSES && entry.held_bytes > 0; i++) {
        if (entry.held_bytes > top[i].held_bytes) {
            struct top_class smaller = top[i];
            top[i] = entry;
            entry = smaller;
        }
    }
}

static void put_top_classes(const struct ac_outline *w, const struct ac_run *run)
{
    struct top_class top[TOP_CLASSES] = {{0, 0, 0}};
    char text[LINE_BYTES] = "no small blocks at the peak";
    size_t used = 0;
    for (uint32_t i = 0; i < run->state.nclasses; i++)
        consider_class(top, &ac_run_peak(run)->classes[i]);
    for (size_t i = 0; i < TOP_CLASSES && top[i].held_bytes > 0; i++) {
        char held[AC_TEXT_BYTES];
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRIu32 " B: %s, %.0f %% full",
                                 i > 0 ? "; " : "", top[i].size_bytes,
                                 ac_format_bytes((int64_t)top[i].held_bytes, held), top[i].full_percent);
    }
    put_line(w, "top classes", "%s", text);
}

bool ac_report_text(const struct ac_run *run, FILE *out)
{
    struct ac_outline w = ac_outline_on(out, PART_COLUMNS);
    char text[LINE_BYTES];
    put_head(&w, run);
    put_peak(&w, run);
    if (ac_run_is_measured(run)) {
        put_identity(&w, run);
        put_at_exit(&w, run);
        put_top_classes(&w, run);
        ac_run_advice(run, text, sizeof(text));
        put_line(&w, "next", "%s", text);
    } else {
        ac_run_why_not(run, text, sizeof(text));
        put_line(&w, "no heap data", "%s", text);
    }
    return fflush(out) == 0 && !ferror(out);
}
