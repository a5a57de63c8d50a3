/* SPDX-License-Identifier: MIT
 *
 * cmd_convert.c -- `acre convert`: a heap profile in another format.
 */
#include <getopt.h>

#include "cmd.h"
#include "profile_choice.h"

/* The value that a flag asks for; false when it is about something else. */
static bool take_value(enum ac_flag_id flag, enum ac_profile_value *out)
{
    if (flag == AC_FLAG_convert_inuse)
        *out = AC_PROFILE_INUSE_SPACE;
    else if (flag == AC_FLAG_convert_alloc)
        *out = AC_PROFILE_ALLOC_SPACE;
    else if (flag == AC_FLAG_convert_peak)
        *out = AC_PROFILE_PEAK_SPACE;
    else if (flag == AC_FLAG_convert_waste)
        *out = AC_PROFILE_WASTE_SPACE;
    else
        return false;
    return true;
}

int ac_cmd_convert(int argc, char **argv)
{
    static struct ac_profile profile;
    struct ac_profile_show show = {.value = AC_PROFILE_INUSE_SPACE};
    const char *output = NULL;
    const char *format_name = NULL;
    bool given = false;
    enum ac_flag_id flag;
    while ((flag = ac_flag_next(AC_COMMAND_convert, argc, argv)) != AC_FLAGS_END) {
        if (flag == AC_FLAG_convert_output)
            output = optarg;
        else if (flag == AC_FLAG_convert_format)
            format_name = optarg;
        else if (flag == AC_FLAG_convert_inuse)
            show.value = AC_PROFILE_INUSE_SPACE;
        else
            given |= take_value(flag, &show.value);
    }
    if (argc - optind != 1 || (!output && !format_name)) {
        ac_error("convert what, and to what? usage: acre convert PROFILE -o FILE");
        return AC_EXIT_USAGE;
    }
    const struct ac_profile_format *format = ac_profile_format_for(format_name, output ? output : "-");
    if (!format)
        return AC_EXIT_USAGE;
    bool ok = ac_profile_open(argv[optind], &show, given, &profile) &&
              ac_profile_save(&profile, &show, format, output ? output : "-");
    ac_profile_free(&profile);
    return ok ? AC_EXIT_DONE : AC_EXIT_ENVIRONMENT;
}
