/* SPDX-License-Identifier: MIT
 *
 * cmd_diff.c -- `acre diff`: what has changed between two heap profiles, and whether that is too much.
 */
#include <getopt.h>

#include "cmd.h"
#include "profile_choice.h"
#include "profile_diff.h"

enum { MAX_LIMITS = 16, TOP_LINES = 20 };

struct request {
    const char *output;
    const char *format_name;
    const struct ac_profile_format *format;
    bool json;
    bool given; /* a value was chosen */
    struct ac_profile_show show;
    struct ac_limit limits[MAX_LIMITS];
    size_t nlimits;
};

static bool take(struct request *out, enum ac_flag_id flag)
{
    if (flag == AC_FLAG_diff_output)
        out->output = optarg;
    else if (flag == AC_FLAG_diff_format)
        out->format_name = optarg;
    else if (flag == AC_FLAG_diff_json)
        out->json = true;
    else if (flag == AC_FLAG_diff_lines)
        return ac_profile_parse_lines(optarg, &out->show.nlines);
    else if (flag == AC_FLAG_diff_fail_if && out->nlimits < MAX_LIMITS)
        return ac_limit_parse(optarg, &out->limits[out->nlimits++]);
    else if (flag == AC_FLAG_diff_alloc)
        out->show.value = AC_PROFILE_ALLOC_SPACE;
    else if (flag == AC_FLAG_diff_peak)
        out->show.value = AC_PROFILE_PEAK_SPACE;
    out->given |= flag == AC_FLAG_diff_alloc || flag == AC_FLAG_diff_peak || flag == AC_FLAG_diff_inuse;
    return true;
}

static bool parse(int argc, char **argv, struct request *out)
{
    enum ac_flag_id flag;
    out->show = (struct ac_profile_show){.value = AC_PROFILE_INUSE_SPACE, .nlines = TOP_LINES};
    while ((flag = ac_flag_next(AC_COMMAND_diff, argc, argv)) != AC_FLAGS_END) {
        if (!take(out, flag))
            return false;
    }
    if (argc - optind != 2) {
        ac_error("diff takes two profiles, the older one first: acre diff BEFORE AFTER");
        return false;
    }
    if (out->output || out->format_name)
        out->format = ac_profile_format_for(out->format_name, out->output ? out->output : "-");
    return out->format || (!out->output && !out->format_name);
}

static bool show(const struct request *request, const struct ac_profile *difference)
{
    if (request->format)
        return ac_profile_save(difference, &request->show, request->format,
                               request->output ? request->output : "-");
    return request->json ? ac_profile_write_diff_json(difference, &request->show, stdout)
                         : ac_profile_write_diff_text(difference, &request->show, stdout);
}

static int judge(const struct request *request, const struct ac_profile *difference)
{
    int status = AC_EXIT_DONE;
    for (size_t i = 0; i < request->nlimits; i++) {
        const struct ac_limit *limit = &request->limits[i];
        if (!(difference->has & AC_PROFILE_HAS(limit->value))) {
            ac_error("--fail-if '%s': not both profiles have %s", limit->text,
                     ac_profile_value_name(limit->value));
            return AC_EXIT_ENVIRONMENT;
        }
        if (ac_limit_is_passed(limit, difference))
            status = AC_EXIT_FINDING;
    }
    return status;
}

int ac_cmd_diff(int argc, char **argv)
{
    static struct request request;
    static struct ac_profile before;
    static struct ac_profile after;
    static struct ac_profile difference;
    if (!parse(argc, argv, &request))
        return AC_EXIT_USAGE;
    int status = AC_EXIT_ENVIRONMENT;
    if (ac_profile_open(argv[optind], &request.show, request.given, &before) &&
        ac_profile_open(argv[optind + 1], &request.show, request.given, &after)) {
        ac_profile_subtract(&before, &after, &difference);
        if (show(&request, &difference))
            status = judge(&request, &difference);
        else
            ac_error("could not write the result");
    }
    ac_profile_free(&before);
    ac_profile_free(&after);
    ac_profile_free(&difference);
    return status;
}
