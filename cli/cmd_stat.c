/* SPDX-License-Identifier: MIT
 *
 * cmd_stat.c -- `acre stat`: the numbers of a process, a line at a time, as JSON lines, or for Prometheus.
 */
#include <inttypes.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "core/stat.h"
#include "format.h"
#include "json.h"
#include "sample.h"
#include "target.h"

enum { HEADER_EVERY = 20 };

enum style { TEXT, JSON, PROMETHEUS };

struct request {
    pid_t pid;
    double interval;
    uint64_t count; /* 0: until the process ends */
    enum style style;
    const char *state; /* a file, or NULL */
    char name[16];
};

/* ---- a line for people ---- */

struct rates {
    double taken;
    double given;
    double remote;
    double purged;
    double faults;
};

static double rate(uint64_t now, uint64_t before, double seconds)
{
    return now >= before && seconds > 0 ? (double)(now - before) / seconds : 0;
}

/* Since the sample before; in the first line since the process started. */
static struct rates rates_between(const struct ac_sample *before, const struct ac_sample *now)
{
    static const struct ac_sample none;
    const struct ac_sample *from = before ? before : &none;
    double seconds = (double)(before ? now->time_ns - before->time_ns : now->age_ns) / 1e9;
    const uint64_t *a = from->heap.stats;
    const uint64_t *b = now->heap.stats;
    return (struct rates){rate(now->taken, from->taken, seconds), rate(now->given, from->given, seconds),
                          rate(b[AC_STAT_remote_frees], a[AC_STAT_remote_frees], seconds),
                          rate(b[AC_STAT_purged_bytes], a[AC_STAT_purged_bytes], seconds),
                          rate(now->faults, from->faults, seconds)};
}

static void print_header(void)
{
    printf("%11s %11s %11s %11s %11s %7s %9s %9s %9s %11s %8s\n", "RSS", "LIVE", "CACHES", "IN SPANS",
           "DIRTY", "THREADS", "DRAWN/s", "BACK/s", "REMOTE/s", "PURGED/s", "FAULTS/s");
}

static void print_line(const struct ac_sample *before, const struct ac_sample *now)
{
    const uint64_t *s = now->heap.stats;
    struct rates r = rates_between(before, now);
    const uint64_t bytes[] = {s[AC_STAT_rss_bytes], ac_sample_live_bytes(now),
                              s[AC_STAT_thread_cache_bytes] + s[AC_STAT_transfer_cache_bytes],
                              s[AC_STAT_span_free_bytes] - s[AC_STAT_span_purged_bytes],
                              s[AC_STAT_dirty_bytes]};
    char text[AC_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
        printf("%11s ", ac_format_bytes((int64_t)bytes[i], text));
    printf("%7" PRIu64 " %9.0f %9.0f %9.0f %11s ", s[AC_STAT_threads], r.taken, r.given, r.remote,
           ac_format_bytes((int64_t)r.purged, text));
    if (now->has_faults)
        printf("%8.0f\n", r.faults);
    else
        printf("%8s\n", "-");
}

/* ---- for machines ---- */

static void print_json(const struct request *request, const struct ac_sample *now)
{
    json_t *stats = json_object();
    ac_json_set_stats(stats, &now->heap, AC_STAT_COUNT);
    json_t *root = json_pack(
        "{s:s, s:i, s:s, s:I, s:I, s:o, s:I, s:I, s:o}", "schema", "acre.stat/1", "pid", (int)request->pid,
        "name", request->name, "time_ns", (json_int_t)now->time_ns, "age_ns", (json_int_t)now->age_ns,
        "page_faults", now->has_faults ? json_integer((json_int_t)now->faults) : json_null(), "blocks_drawn",
        (json_int_t)now->taken, "blocks_returned", (json_int_t)now->given, "stats", stats);
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
}

static void print_metric(const struct request *request, const char *name, bool is_counter, const char *help,
                         uint64_t value)
{
    const char *suffix = is_counter ? "_total" : "";
    printf("# HELP acre_%s%s %s\n# TYPE acre_%s%s %s\n", name, suffix, help, name, suffix,
           is_counter ? "counter" : "gauge");
    printf("acre_%s%s{pid=\"%d\",name=\"", name, suffix, (int)request->pid);
    for (const char *c = request->name; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
    printf("\"} %" PRIu64 "\n", value);
}

static void print_prometheus(const struct request *request, const struct ac_sample *now)
{
    for (int i = 0; i < AC_STAT_COUNT; i++)
        print_metric(request, ac_stat_row[i].name, ac_stat_row[i].is_counter, ac_stat_row[i].help,
                     now->heap.stats[i]);
    print_metric(request, "blocks_drawn", true, "Blocks that threads have drawn from the shards.",
                 now->taken);
    print_metric(request, "blocks_returned", true, "Blocks that threads have returned to the shards.",
                 now->given);
    if (now->has_faults)
        print_metric(request, "page_faults", true, "Page faults of the process.", now->faults);
}

/* ---- the command ---- */

static void print(const struct request *request, uint64_t i, const struct ac_sample *before,
                  const struct ac_sample *now)
{
    if (request->style == JSON) {
        print_json(request, now);
    } else if (request->style == PROMETHEUS) {
        print_prometheus(request, now);
    } else {
        if (i % HEADER_EVERY == 0)
            print_header();
        print_line(before, now);
    }
    fflush(stdout);
}

static void rest(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

static int watch(const struct request *request, const struct ac_segment *segment)
{
    static struct ac_sample samples[2];
    char why[AC_SEGMENT_WHY_BYTES];
    for (uint64_t i = 0; request->count == 0 || i < request->count; i++) {
        struct ac_sample *now = &samples[i % 2];
        if (i != 0)
            rest(request->interval);
        if (!ac_sample_take(request->pid, segment, now, why)) {
            if (why[0] != '\0' || i == 0)
                ac_error("%s", why[0] != '\0' ? why : "the process has ended");
            return why[0] != '\0' || i == 0 ? AC_EXIT_ENVIRONMENT : AC_EXIT_DONE;
        }
        print(request, i, i == 0 ? NULL : &samples[(i + 1) % 2], now);
        if (ferror(stdout))
            return AC_EXIT_ENVIRONMENT;
    }
    return AC_EXIT_DONE;
}

static bool parse_number(const char *text, const char *flag, double least, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out >= least && *out < 1e9)
        return true;
    ac_error("%s wants a number of at least %g, not '%s'", flag, least, text);
    return false;
}

/* A file is read once: what a living process adds to it is had by its id. */
static bool state_is_alone(int argc, bool has_interval)
{
    if (argc == optind && !has_interval)
        return true;
    ac_error("--state goes with neither a process id nor --interval and --count");
    return false;
}

static int parse(int argc, char **argv, struct request *out)
{
    enum ac_flag_id flag;
    double number;
    bool has_interval = false;
    *out = (struct request){.interval = 1, .count = 1};
    while ((flag = ac_flag_next(AC_COMMAND_stat, argc, argv)) != AC_FLAGS_END) {
        if (flag == AC_FLAG_stat_interval) {
            has_interval = parse_number(optarg, "--interval", 0.01, &out->interval);
            if (!has_interval)
                return AC_EXIT_USAGE;
        } else if (flag == AC_FLAG_stat_count) {
            if (!parse_number(optarg, "--count", 1, &number))
                return AC_EXIT_USAGE;
            out->count = (uint64_t)number;
            has_interval = has_interval || out->count > 1;
        } else if (flag == AC_FLAG_stat_json) {
            out->style = JSON;
        } else if (flag == AC_FLAG_stat_prom) {
            out->style = PROMETHEUS;
        } else if (flag == AC_FLAG_stat_state) {
            out->state = optarg;
        }
    }
    if (has_interval && out->count == 1)
        out->count = 0;
    if (out->style == PROMETHEUS && out->count != 1) {
        ac_error("--prom prints once: who scrapes asks again; leave --interval and --count away");
        return AC_EXIT_USAGE;
    }
    if (out->state)
        return state_is_alone(argc, has_interval) ? -1 : AC_EXIT_USAGE;
    out->pid = ac_target_only_pid(argv + optind, "stat");
    return out->pid < 0 ? AC_EXIT_USAGE : -1;
}

static int show_file(struct request *request)
{
    static struct ac_sample sample;
    struct ac_segment segment;
    char why[AC_SEGMENT_WHY_BYTES];
    bool ok = ac_segment_open(request->state, &segment, why);
    if (ok) {
        ok = ac_sample_read_file(&segment, &sample, &request->pid, why);
        ac_segment_close(&segment);
    }
    if (!ok) {
        ac_error("%s", why);
        return AC_EXIT_ENVIRONMENT;
    }
    snprintf(request->name, sizeof(request->name), "(state file)"); /* the id may be another's by now */
    print(request, 0, NULL, &sample);
    return ferror(stdout) ? AC_EXIT_ENVIRONMENT : AC_EXIT_DONE;
}

int ac_cmd_stat(int argc, char **argv)
{
    struct request request;
    struct ac_segment segment;
    char why[AC_SEGMENT_WHY_BYTES];
    int status = parse(argc, argv, &request);
    if (status >= 0)
        return status;
    if (request.state)
        return show_file(&request);
    if (!ac_segment_attach(request.pid, &segment, why)) {
        ac_error("%s", why);
        return AC_EXIT_ENVIRONMENT;
    }
    ac_process_name(request.pid, request.name);
    status = watch(&request, &segment);
    ac_segment_close(&segment);
    return status;
}
