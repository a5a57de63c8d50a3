/* SPDX-License-Identifier: MIT
 *
 * cmd_profile.c -- `acre profile`: which places in the code the memory comes from.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "conf.h"
#include "hidden.h"
#include "process.h"
#include "profile_choice.h"
#include "profile_session.h"
#include "symbol.h"

enum { TOP_LINES = 20 };

struct request {
    const char *state;
    const char *output;
    const char *format_name;
    const struct ac_profile_format *format; /* NULL: none was asked for */
    bool json;
    bool stop;
    bool shown; /* a value was chosen */
    struct ac_profile_show show;
    struct ac_profile_order order;
    char **program; /* NULL: none */
    const char *process;
};

/* "30", "1.5s", "200ms", "5m", "1h". */
static bool parse_seconds(const char *text, double *out)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"m", 60}, {"min", 60}, {"h", 3600}};
    char *end;
    double number = strtod(text, &end);
    for (size_t i = 0; end != text && number >= 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].unit) == 0) {
            *out = number * units[i].seconds;
            return true;
        }
    }
    ac_error("-d %s is no time; it is written as 30s, 500ms or 5m", text);
    return false;
}

static bool parse_rate(const char *text, uint64_t *out)
{
    if (ac_size_parse(text, strlen(text), out) && *out > 0)
        return true;
    ac_error("--rate %s is no size; it is written as 64K, 512K or 2M", text);
    return false;
}

static void choose(struct request *out, enum ac_profile_value value, bool lifetime)
{
    out->shown = true;
    out->show.value = value;
    out->show.lifetime = lifetime;
}

/* False after saying what is wrong with a flag's value. */
static bool take(struct request *out, enum ac_flag_id flag)
{
    if (flag == AC_FLAG_profile_duration)
        return parse_seconds(optarg, &out->order.seconds);
    if (flag == AC_FLAG_profile_rate)
        return parse_rate(optarg, &out->order.rate_bytes);
    if (flag == AC_FLAG_profile_lines)
        return ac_profile_parse_lines(optarg, &out->show.nlines);
    if (flag == AC_FLAG_profile_inuse)
        choose(out, AC_PROFILE_INUSE_SPACE, false);
    else if (flag == AC_FLAG_profile_alloc)
        choose(out, AC_PROFILE_ALLOC_SPACE, false);
    else if (flag == AC_FLAG_profile_peak)
        choose(out, AC_PROFILE_PEAK_SPACE, false);
    else if (flag == AC_FLAG_profile_waste)
        choose(out, AC_PROFILE_WASTE_SPACE, false);
    else if (flag == AC_FLAG_profile_lifetime)
        choose(out, AC_PROFILE_ALLOC_SPACE, true);
    else if (flag == AC_FLAG_profile_state)
        out->state = optarg;
    else if (flag == AC_FLAG_profile_output)
        out->output = optarg;
    else if (flag == AC_FLAG_profile_format)
        out->format_name = optarg;
    else if (flag == AC_FLAG_profile_json)
        out->json = true;
    else if (flag == AC_FLAG_profile_stop)
        out->stop = true;
    return true;
}

static bool check(struct request *request, int nwords)
{
    int nsubjects = (request->program ? 1 : nwords) + (request->state != NULL);
    if (nsubjects != 1) {
        ac_error("profile takes one of PID, --state FILE and -- PROGRAM; see `acre help profile`");
        return false;
    }
    if (request->stop && !request->process) {
        ac_error("--stop goes with a process id");
        return false;
    }
    if (request->output || request->format_name) {
        request->format =
            ac_profile_format_for(request->format_name, request->output ? request->output : "-");
        return request->format != NULL;
    }
    return true;
}

static bool parse(int argc, char **argv, struct request *out)
{
    enum ac_flag_id flag;
    out->order.seconds = -1;
    out->show = (struct ac_profile_show){.value = AC_PROFILE_INUSE_SPACE, .nlines = TOP_LINES};
    while ((flag = ac_flag_next(AC_COMMAND_profile, argc, argv)) != AC_FLAGS_END) {
        if (!take(out, flag))
            return false;
    }
    bool program = optind > 1 && optind < argc && strcmp(argv[optind - 1], "--") == 0;
    if (program)
        out->program = argv + optind;
    else if (optind < argc)
        out->process = argv[optind];
    if (program && !out->shown)
        out->show.value = AC_PROFILE_PEAK_SPACE;
    return check(out, argc - optind);
}

/* False after saying why not. `out` is for people, unless a file was asked for. */
static bool show(const struct request *request, struct ac_profile *profile, FILE *out)
{
    char why[AC_PROFILE_WHY_BYTES];
    ac_profile_symbolize(profile);
    ac_profile_hide(profile);
    if (request->format) {
        const char *path = request->output ? request->output : "-";
        return ac_profile_save(profile, &request->show, request->format, path);
    }
    bool ok = request->json ? ac_profile_write_json(profile, &request->show, out)
                            : ac_profile_write_text(profile, &request->show, out, why);
    ok = ok && fflush(out) == 0;
    if (!ok)
        ac_error("could not write the result: %s", strerror(errno));
    return ok;
}

/* The table goes to stderr: stdout is the program's. */
static int run(const struct request *request)
{
    static struct ac_profile profile;
    int program_status = 0;
    int status = ac_profile_program(request->program, &request->order, &profile, &program_status);
    if (status < 0) {
        bool ok = show(request, &profile, stderr);
        status = ok || program_status != 0 ? program_status : AC_EXIT_OWN_FAILURE;
    }
    ac_profile_free(&profile);
    return status;
}

static int look(struct request *request)
{
    static struct ac_profile profile;
    pid_t pid = 0;
    int status = -1;
    if (request->process && !ac_pid_parse(request->process, &pid))
        return AC_EXIT_USAGE;
    if (request->process && (request->stop || request->order.seconds == 0))
        return ac_profile_switch(pid, !request->stop, &request->order);
    if (request->process) {
        status = ac_profile_process(pid, &request->order, &profile);
    } else if (!ac_profile_open(request->state, &request->show, request->shown, &profile)) {
        status = AC_EXIT_ENVIRONMENT;
    }
    if (status < 0)
        status = show(request, &profile, stdout) ? AC_EXIT_DONE : AC_EXIT_ENVIRONMENT;
    ac_profile_free(&profile);
    return status;
}

int ac_cmd_profile(int argc, char **argv)
{
    static struct request request;
    if (!parse(argc, argv, &request))
        return AC_EXIT_USAGE;
    return request.program ? run(&request) : look(&request);
}
