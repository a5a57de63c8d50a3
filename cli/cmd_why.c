/* SPDX-License-Identifier: MIT
 *
 * cmd_why.c -- `acre why`: what the resident memory of a process consists of.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "cmd.h"
#include "look.h"
#include "process.h"
#include "watch.h"

struct request {
    const char *state;
    const char *output;
    bool json;
    char **program; /* NULL: none */
    const char *process;
};

static bool parse(int argc, char **argv, struct request *out)
{
    enum ac_flag_id flag;
    while ((flag = ac_flag_next(AC_COMMAND_why, argc, argv)) != AC_FLAGS_END) {
        if (flag == AC_FLAG_why_json)
            out->json = true;
        else if (flag == AC_FLAG_why_state)
            out->state = optarg;
        else if (flag == AC_FLAG_why_output)
            out->output = optarg;
    }
    bool program = optind > 1 && optind < argc && strcmp(argv[optind - 1], "--") == 0;
    int nwords = argc - optind;
    if (program)
        out->program = argv + optind;
    else if (nwords > 0)
        out->process = argv[optind];
    if ((program ? 1 : nwords) + (out->state != NULL) != 1) {
        ac_error("why takes one of PID, --state FILE and -- PROGRAM; see `acre help why`");
        return false;
    }
    if (out->output && !program) {
        ac_error("--output goes with a program to run; `acre why ... >FILE` does the same");
        return false;
    }
    return true;
}

static bool show(const struct request *request, const struct ac_why *why, FILE *out)
{
    bool ok = request->json ? ac_why_json(why, out) : ac_why_text(why, out);
    if (!ok)
        ac_error("could not write the result: %s", strerror(errno));
    return ok;
}

/* The result goes to stderr: stdout is the program's. */
static int run(const struct request *request)
{
    static struct ac_watch watch;
    FILE *out = stderr;
    if (request->output && !(out = fopen(request->output, "we"))) {
        ac_error("cannot write %s, given by --output: %s; the program was not started", request->output,
                 strerror(errno));
        return AC_EXIT_OWN_FAILURE;
    }
    int status = ac_watch_run(request->program, &watch);
    if (status >= 0)
        return status;
    if (watch.seen)
        show(request, &watch.peak.why, out);
    else
        ac_error("%s ended before it could be looked at, or does not run on acre; `acre run` says more",
                 request->program[0]);
    return ac_outcome_status(&watch.outcome);
}

int ac_cmd_why(int argc, char **argv)
{
    static struct request request;
    static struct ac_look look;
    char why[AC_LOOK_WHY_BYTES];
    pid_t pid = 0;
    if (!parse(argc, argv, &request))
        return AC_EXIT_USAGE;
    if (request.program)
        return run(&request);
    if (request.process && !ac_pid_parse(request.process, &pid))
        return AC_EXIT_USAGE;
    if (!(request.state ? ac_look_at_file(request.state, &look, why) : ac_look_at(pid, &look, why))) {
        ac_error("%s", why);
        return AC_EXIT_ENVIRONMENT;
    }
    bool ok = show(&request, &look.why, stdout);
    ac_look_free(&look);
    return ok ? AC_EXIT_DONE : AC_EXIT_ENVIRONMENT;
}
