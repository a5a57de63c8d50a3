/* SPDX-License-Identifier: MIT
 *
 * report_json.c -- everything `acre run` knows, as JSON, schema acre.run/1. Keys of statistics are the names
 * of the rows of core/stat.def; every size is in bytes, every time in nanoseconds.
 */
#include <sys/wait.h>

#include "json.h"
#include "report.h"

static uint64_t timeval_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

static json_t *program_value(const struct ac_run *run)
{
    json_t *argv = json_array();
    for (char **word = run->argv; *word; word++)
        json_array_append_new(argv, ac_json_text(*word));
    json_t *program = json_object();
    json_object_set_new(program, "argv", argv);
    json_object_set_new(program, "path", ac_json_text(run->vet->path));
    json_object_set_new(program, "executable", ac_json_text(run->vet->target));
    json_object_set_new(program, "other_allocator", ac_json_text(run->vet->elf.allocator));
    ac_json_set(program, "pid", (uint64_t)run->outcome.pid);
    return program;
}

static json_t *end_value(const struct ac_run *run)
{
    int status = run->outcome.wait_status;
    json_t *end = json_object();
    ac_json_set(end, "status", (uint64_t)ac_outcome_status(&run->outcome));
    ac_json_set(end, "signal", WIFSIGNALED(status) ? (uint64_t)WTERMSIG(status) : 0);
    return end;
}

static json_t *usage_value(const struct ac_run *run)
{
    const struct rusage *usage = &run->outcome.usage;
    json_t *value = json_object();
    ac_json_set(value, "wall_ns", run->outcome.wall_ns);
    ac_json_set(value, "user_ns", timeval_ns(usage->ru_utime));
    ac_json_set(value, "system_ns", timeval_ns(usage->ru_stime));
    ac_json_set(value, "max_rss_bytes", (uint64_t)usage->ru_maxrss * 1024);
    ac_json_set(value, "minor_faults", (uint64_t)usage->ru_minflt);
    ac_json_set(value, "major_faults", (uint64_t)usage->ru_majflt);
    ac_json_set(value, "voluntary_switches", (uint64_t)usage->ru_nvcsw);
    ac_json_set(value, "involuntary_switches", (uint64_t)usage->ru_nivcsw);
    return value;
}

static json_t *library_value(const struct ac_run *run)
{
    const char *conf = getenv("ACRE_CONF");
    json_t *library = json_object();
    json_object_set_new(library, "path", ac_json_text(run->library->path));
    json_object_set_new(library, "conf", ac_json_text(conf ? conf : ""));
    if (ac_run_is_measured(run)) {
        json_object_set_new(library, "version", ac_json_text(run->state.library));
        ac_json_set(library, "page_size_bytes", run->state.page_size_bytes);
        ac_json_set(library, "pid", run->state.pid);
        ac_json_set(library, "start_ns", run->state.start_ns);
    }
    return library;
}

static json_t *snapshot_value(const struct ac_run *run, const struct ac_snapshot *snapshot)
{
    json_t *value = json_object();
    ac_json_set(value, "time_ns", snapshot->time_ns);
    ac_json_set_stats(value, snapshot, run->state.nstats);
    json_object_set_new(value, "rest_bytes", json_integer(ac_run_rest_bytes(run, snapshot)));
    json_object_set_new(value, "classes", ac_json_classes(snapshot));
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
