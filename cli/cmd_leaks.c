/* SPDX-License-Identifier: MIT
 *
 * cmd_leaks.c -- `acre leaks`: what a program lost, and what in a process keeps growing.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "conf.h"
#include "leaks.h"
#include "profile_session.h"

/* A rate at which every block is recorded. */
#define EXACT_RATE_BYTES 8u
#define DEFAULT_EXIT_STATUS 23

struct request {
    struct ac_profile_order order;
    struct ac_suppressions suppressions;
    uint64_t min_bytes;
    int exit_status;
    bool json;
    const char *output;
};

static bool parse_status(const char *text, int *out)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < 0 || number > 255) {
        ac_error("--exit-code %s is no exit status; it is a number from 0 to 255", text);
        return false;
    }
    *out = (int)number;
    return true;
}

static bool parse_size(const char *flag, const char *text, uint64_t *out)
{
    if (ac_size_parse(text, strlen(text), out))
        return true;
    ac_error("--%s %s is no size; it is written as 512, 64K or 2M", flag, text);
    return false;
}

static bool take(struct request *out, enum ac_flag_id flag)
{
    if (flag == AC_FLAG_leaks_suppressions)
        return ac_suppressions_read(optarg, &out->suppressions);
    if (flag == AC_FLAG_leaks_exit_code)
        return parse_status(optarg, &out->exit_status);
    if (flag == AC_FLAG_leaks_min)
        return parse_size("min", optarg, &out->min_bytes);
    if (flag == AC_FLAG_leaks_rate)
        return parse_size("rate", optarg, &out->order.rate_bytes);
    if (flag == AC_FLAG_leaks_exact)
        out->order.rate_bytes = EXACT_RATE_BYTES;
    else if (flag == AC_FLAG_leaks_json)
        out->json = true;
    else if (flag == AC_FLAG_leaks_output)
        out->output = optarg;
    return true;
}

/* stdout is the program's. */
static bool show(const struct request *request, const struct ac_leaks *leaks)
{
    FILE *out = request->output ? fopen(request->output, "we") : stderr;
    bool ok = out && (request->json ? ac_leaks_write_json(leaks, &request->suppressions, out)
                                    : ac_leaks_write_text(leaks, &request->suppressions, out));
    if (!ok)
        ac_error("could not write the report%s%s: %s", request->output ? " to " : "",
                 request->output ? request->output : "", strerror(errno));
    if (request->output && out)
        ok = fclose(out) == 0 && ok;
    return ok;
}

static int judge(const struct request *request, const struct ac_view *view, const char *program,
                 int program_status)
{
    static struct ac_leaks leaks;
    char why[AC_PROFILE_WHY_BYTES];
    int status = program_status;
    if (!ac_leaks_read(view, program, &request->suppressions, request->min_bytes, &leaks, why)) {
        ac_error("%s", why);
        status = status != 0 ? status : AC_EXIT_ENVIRONMENT;
    } else if (!show(request, &leaks)) {
        status = status != 0 ? status : AC_EXIT_OWN_FAILURE;
    } else if (status == 0 && leaks.found_objects > 0) {
        status = request->exit_status;
    }
    ac_leaks_free(&leaks);
    return status;
}

static int run(const struct request *request, char **argv)
{
    char program[sizeof(((struct ac_profile *)0)->program)];
    struct ac_view view = {0};
    int program_status = 0;
    int status = ac_profile_run(argv, &request->order, &view, program, &program_status);
    if (status < 0)
        status = judge(request, &view, program, program_status);
    ac_view_free(&view);
    return status;
}

int ac_cmd_leaks(int argc, char **argv)
{
    static struct request request = {.order.leaks = true, .exit_status = DEFAULT_EXIT_STATUS};
    enum ac_flag_id flag;
    int status = AC_EXIT_USAGE;
    bool ok = true;
    while (ok && (flag = ac_flag_next(AC_COMMAND_leaks, argc, argv)) != AC_FLAGS_END)
        ok = take(&request, flag);
    if (ok && (optind >= argc || strcmp(argv[optind - 1], "--") != 0)) {
        ac_error("leaks takes -- PROGRAM; see `acre help leaks`");
        ok = false;
    }
    if (ok)
        status = run(&request, argv + optind);
    ac_suppressions_free(&request.suppressions);
    return status;
}
