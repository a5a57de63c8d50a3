/* SPDX-License-Identifier: MIT
 *
 * cmd_run.c -- `acre run`: a program on acre, with its streams, signals and exit status untouched, and a
 * report at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "conf.h"
#include "report.h"

struct request {
    bool quiet;
    const char *output_path;
    const char *json_path;
    const char *conf;
    const char *library_path;
    char **argv;
    FILE *output;
    FILE *json;
};

static bool conf_is_right(const char *conf)
{
    struct ac_conf_item item;
    while (ac_conf_next(&conf, &item)) {
        char text[256];
        if (item.key_length == strlen("state") && memcmp(item.text, "state", item.key_length) == 0) {
            ac_error(
                "--conf: state is where acre run reads the program's numbers; to have a state file, "
                "start the program without it: ACRE_CONF=state=FILE LD_PRELOAD=...");
            return false;
        }
        ac_conf_describe(&item, text, sizeof(text));
        if (text[0] != '\0') {
            ac_error("--conf: %s", text);
            return false;
        }
    }
    return true;
}

/* Returns -1 to go on, or the exit status. */
static int parse(int argc, char **argv, struct request *out)
{
    enum ac_flag_id flag;
    while ((flag = ac_flag_next(AC_COMMAND_run, argc, argv)) != AC_FLAGS_END) {
        if (flag == AC_FLAG_run_quiet)
            out->quiet = true;
        else if (flag == AC_FLAG_run_output)
            out->output_path = optarg;
        else if (flag == AC_FLAG_run_json)
            out->json_path = optarg;
        else if (flag == AC_FLAG_run_conf)
            out->conf = optarg;
        else if (flag == AC_FLAG_run_lib)
            out->library_path = optarg;
    }
    out->argv = argv + optind;
    if (optind == argc) {
        ac_error("which program? usage: acre run [OPTIONS] -- PROGRAM [ARGS]");
        return AC_EXIT_USAGE;
    }
    return out->conf && !conf_is_right(out->conf) ? AC_EXIT_USAGE : -1;
}

/* Opens a file for a report before the program runs, so that a wrong path is not found out an hour later. */
static bool open_report(const char *path, const char *option, FILE **out)
{
    if (!path)
        return true;
    int fd = ac_fd_above_streams(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!*out)
        ac_error("cannot write %s, given by %s: %s; the program was not started", path, option,
                 strerror(errno));
    return *out != NULL;
}

static void report(const struct request *request, const struct ac_run *run)
{
    FILE *out = request->output ? request->output : stderr;
    if (request->json && !ac_report_json(run, request->json))
        ac_error("could not write all of %s: %s", request->json_path, strerror(errno));
    if (!request->quiet && !ac_report_text(run, out) && request->output)
        ac_error("could not write all of %s: %s", request->output_path, strerror(errno));
}

static int exec_failed(const struct ac_run *run)
{
    int reason = run->outcome.exec_errno;
    const char *path = run->vet->path;
    if (reason == ENOEXEC)
        ac_error(
            "%s is neither an ELF program nor a script with a #! line; if it is a script, name its "
            "interpreter: acre run -- sh %s",
            path, path);
    else if (reason == E2BIG)
        ac_error(
            "%s could not be started: arguments and environment are too long together; shorten them or raise "
            "`ulimit -s`",
            path);
    else if (reason == ELOOP)
        ac_error("%s could not be started: its #! lines lead to too many other scripts", path);
    else
        ac_error("%s could not be started: %s", path, strerror(reason));
    return reason == ENOENT || reason == ENOTDIR ? AC_EXIT_NOT_FOUND : AC_EXIT_NOT_EXECUTABLE;
}

/* Everything that can go wrong before there is a process. Returns -1 to go on, or the exit status. */
static int prepare(struct request *request, struct ac_library *library, struct ac_vet *vet,
                   struct ac_segment *segment)
{
    if (!ac_library_find(request->library_path, library))
        return AC_EXIT_OWN_FAILURE;
    ac_vet_program(request->argv[0], &library->elf, vet);
    if (vet->status != 0) {
        ac_error("%s", vet->message);
        return vet->status;
    }
    if (!open_report(request->output_path, "-o", &request->output) ||
        !open_report(request->json_path, "--json", &request->json))
        return AC_EXIT_OWN_FAILURE;
    if (!ac_segment_create(segment)) {
        ac_error("cannot make the segment for the numbers: %s; the program was not started", strerror(errno));
        return AC_EXIT_OWN_FAILURE;
    }
    if (!ac_library_preload(library) || !ac_library_configure(request->conf, segment->path))
        return AC_EXIT_OWN_FAILURE;
    return -1;
}

int ac_cmd_run(int argc, char **argv)
{
    static struct request request;
    static struct ac_library library;
    static struct ac_vet vet;
    static struct ac_run run;
    struct ac_segment segment;
    int status = parse(argc, argv, &request);
    if (status < 0)
        status = prepare(&request, &library, &vet, &segment);
    if (status >= 0)
        return status;
    run.argv = request.argv;
    run.conf = request.conf;
    run.library = &library;
    run.vet = &vet;
    if (!ac_child_run(vet.path, request.argv, NULL, &run.outcome)) {
        ac_error("cannot start a process: %s", strerror(errno));
        return AC_EXIT_OWN_FAILURE;
    }
    if (run.outcome.exec_errno != 0)
        return exec_failed(&run);
    run.verdict = ac_segment_read(&segment, &run.state);
    report(&request, &run);
    return ac_outcome_status(&run.outcome);
}
