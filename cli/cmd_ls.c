/* SPDX-License-Identifier: MIT
 *
 * cmd_ls.c -- `acre ls`: the processes that run on acre, the biggest first.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "core/stat.h"
#include "format.h"
#include "sample.h"
#include "target.h"

struct row {
    pid_t pid;
    uint64_t rss_bytes;
    uint64_t live_bytes;
    uint64_t age_ns;
    uint64_t threads;
    char name[16];
    char version[32];
};

struct table {
    struct row *rows;
    size_t nrows;
};

/* False when the process is not on acre, or not to be looked into. */
static bool look_at(pid_t pid, struct row *out)
{
    static struct ac_sample sample;
    struct ac_segment segment;
    struct ac_state head;
    char why[AC_SEGMENT_WHY_BYTES];
    if (!ac_segment_is_mapped(pid) || !ac_segment_attach(pid, &segment, why))
        return false;
    bool ok = ac_sample_take(pid, &segment, &sample, why);
    if (ok) {
        ac_segment_read(&segment, &head);
        *out = (struct row){pid,
                            sample.heap.stats[AC_STAT_rss_bytes],
                            ac_sample_live_bytes(&sample),
                            sample.age_ns,
                            sample.heap.stats[AC_STAT_threads],
                            "",
                            ""};
        ac_process_name(pid, out->name);
        snprintf(out->version, sizeof(out->version), "%.31s", head.library);
    }
    ac_segment_close(&segment);
    return ok;
}

static int by_rss(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    return (x->rss_bytes < y->rss_bytes) - (x->rss_bytes > y->rss_bytes);
}

static bool collect(struct table *out)
{
    size_t room = 0;
    DIR *dir = opendir("/proc");
    *out = (struct table){NULL, 0};
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        if (out->nrows == room) {
            room = room == 0 ? 64 : 2 * room;
            struct row *more = realloc(out->rows, room * sizeof(*more));
            if (!more)
                break;
            out->rows = more;
        }
        out->nrows += look_at((pid_t)atoi(entry->d_name), &out->rows[out->nrows]);
    }
    if (dir)
        closedir(dir);
    if (out->nrows != 0)
        qsort(out->rows, out->nrows, sizeof(*out->rows), by_rss);
    return dir != NULL;
}

static void print_text(const struct table *table)
{
    char rss[AC_TEXT_BYTES];
    char live[AC_TEXT_BYTES];
    char age[AC_TEXT_BYTES];
    printf("%7s %-15s %11s %11s %7s %12s  %s\n", "PID", "NAME", "RSS", "LIVE", "THREADS", "UP", "ACRE");
    for (size_t i = 0; i < table->nrows; i++) {
        const struct row *row = &table->rows[i];
        printf("%7d %-15s %11s %11s %7u %12s  %s\n", (int)row->pid, row->name,
               ac_format_bytes((int64_t)row->rss_bytes, rss), ac_format_bytes((int64_t)row->live_bytes, live),
               (unsigned)row->threads, ac_format_duration(row->age_ns, age), row->version);
    }
}

static void print_json(const struct table *table)
{
    json_t *list = json_array();
    for (size_t i = 0; i < table->nrows; i++) {
        const struct row *row = &table->rows[i];
        json_array_append_new(list,
                              json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:s}", "pid", (int)row->pid, "name",
                                        row->name, "rss_bytes", (json_int_t)row->rss_bytes, "live_bytes",
                                        (json_int_t)row->live_bytes, "threads", (json_int_t)row->threads,
                                        "age_ns", (json_int_t)row->age_ns, "version", row->version));
    }
    json_t *root = json_pack("{s:s, s:o}", "schema", "acre.ls/1", "processes", list);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

int ac_cmd_ls(int argc, char **argv)
{
    struct table table;
    enum ac_flag_id flag;
    bool as_json = false;
    while ((flag = ac_flag_next(AC_COMMAND_ls, argc, argv)) != AC_FLAGS_END)
        as_json = flag == AC_FLAG_ls_json;
    if (!collect(&table)) {
        ac_error("cannot list processes: /proc: %s", strerror(errno));
        return AC_EXIT_ENVIRONMENT;
    }
    if (as_json)
        print_json(&table);
    else
        print_text(&table);
    if (table.nrows == 0)
        ac_error("no process on acre that you may look into; `acre run -- PROGRAM` starts one");
    free(table.rows);
    return AC_EXIT_DONE;
}
