/* SPDX-License-Identifier: MIT
 *
 * report_json.c -- everything `acre run` knows, as JSON, schema acre.run/1. Keys of statistics are the names
 * of the rows of core/stat.def; every size is in bytes, every time in nanoseconds.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "report.h"

/* Arguments may be any bytes, JSON is UTF-8: what is not gets '?' for every byte beyond ASCII. */
static json_t *text_value(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    char *ascii = strdup(text);
    if (!ascii)
        return json_null();
    for (char *byte = ascii; *byte; byte++) {
        if ((unsigned char)*byte >= 0x80)
            *byte = '?';
    }
    value = json_string(ascii);
    free(ascii);
    return value;
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

static uint64_t timeval_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

static json_t *program_value(const struct ac_run *run)
{
    json_t *argv = json_array();
    for (char **word = run->argv; *word; word++)
        json_array_append_new(argv, text_value(*word));
    json_t *program = json_object();
    json_object_set_new(program, "argv", argv);
    json_object_set_new(program, "path", text_value(run->vet->path));
    json_object_set_new(program, "executable", text_value(run->vet->target));
    json_object_set_new(program, "other_allocator", text_value(run->vet->elf.allocator));
    set_number(program, "pid", (uint64_t)run->outcome.pid);
    return program;
}

static json_t *end_value(const struct ac_run *run)
{
    int status = run->outcome.wait_status;
    json_t *end = json_object();
    set_number(end, "status", (uint64_t)ac_outcome_status(&run->outcome));
    set_number(end, "signal", WIFSIGNALED(status) ? (uint64_t)WTERMSIG(status) : 0);
    return end;
}

static json_t *usage_value(const struct ac_run *run)
{
    const struct rusage *usage = &run->outcome.usage;
    json_t *value = json_object();
    set_number(value, "wall_ns", run->outcome.wall_ns);
    set_number(value, "user_ns", timeval_ns(usage->ru_utime));
    set_number(value, "system_ns", timeval_ns(usage->ru_stime));
    set_number(value, "max_rss_bytes", (uint64_t)usage->ru_maxrss * 1024);
    set_number(value, "minor_faults", (uint64_t)usage->ru_minflt);
    set_number(value, "major_faults", (uint64_t)usage->ru_majflt);
    set_number(value, "voluntary_switches", (uint64_t)usage->ru_nvcsw);
    set_number(value, "involuntary_switches", (uint64_t)usage->ru_nivcsw);
    return value;
}

static json_t *library_value(const struct ac_run *run)
{
    const char *conf = getenv("ACRE_CONF");
    json_t *library = json_object();
    json_object_set_new(library, "path", text_value(run->library->path));
    json_object_set_new(library, "conf", text_value(conf ? conf : ""));
    if (ac_run_is_measured(run)) {
        json_object_set_new(library, "version", text_value(run->state.library));
        set_number(library, "page_size_bytes", run->state.page_size_bytes);
        set_number(library, "pid", run->state.pid);
        set_number(library, "start_ns", run->state.start_ns);
    }
    return library;
}

static json_t *classes_value(const struct ac_run *run, const struct ac_snapshot *snapshot)
{
    json_t *classes = json_array();
    for (uint32_t i = 0; i < run->state.nclasses; i++) {
        const struct ac_state_class *row = &snapshot->classes[i];
        if (row->size_bytes == 0)
            continue;
        json_t *value = json_object();
        set_number(value, "size_bytes", row->size_bytes);
        set_number(value, "nspans", row->nspans);
        set_number(value, "live_objects", row->live_objects);
        set_number(value, "cached_objects", row->cached_objects);
        set_number(value, "free_objects", row->free_objects);
        json_array_append_new(classes, value);
    }
    return classes;
}

static json_t *snapshot_value(const struct ac_run *run, const struct ac_snapshot *snapshot)
{
    json_t *value = json_object();
    set_number(value, "time_ns", snapshot->time_ns);
    for (uint32_t i = 0; i < AC_STAT_COUNT && i < run->state.nstats; i++)
        set_number(value, ac_stat_row[i].name, snapshot->stats[i]);
    json_object_set_new(value, "rest_bytes", json_integer(ac_run_rest_bytes(run, snapshot)));
    json_object_set_new(value, "classes", classes_value(run, snapshot));
    return value;
}

static json_t *service_value(const struct ac_run *run)
{
    enum ac_service service = ac_run_service(run);
    return service == AC_SERVICE_UNKNOWN ? json_null() : json_boolean(service == AC_SERVICE_PROVEN);
}

bool ac_report_json(const struct ac_run *run, FILE *out)
{
    char why_not[256];
    bool measured = ac_run_is_measured(run);
    ac_run_why_not(run, why_not, sizeof(why_not));
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("acre.run/1"));
    json_object_set_new(root, "program", program_value(run));
    json_object_set_new(root, "exit", end_value(run));
    json_object_set_new(root, "usage", usage_value(run));
    json_object_set_new(root, "library", library_value(run));
    json_object_set_new(root, "measured", json_boolean(measured));
    json_object_set_new(root, "served", service_value(run));
    json_object_set_new(root, "why_not", json_string(why_not));
    if (measured) {
        json_object_set_new(root, "exited", json_boolean(run->state.exited != 0));
        json_object_set_new(root, "torn", json_boolean(run->verdict == AC_SEGMENT_TORN));
        json_object_set_new(root, "peak", snapshot_value(run, ac_run_peak(run)));
        json_object_set_new(root, "last", snapshot_value(run, &run->state.now));
    }
    bool written = json_dumpf(root, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return fflush(out) == 0 && written;
}
