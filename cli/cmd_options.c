/* SPDX-License-Identifier: MIT
 *
 * cmd_options.c -- `acre options`: every option with its default, range, unit and origin; one explained; a
 * string for ACRE_CONF checked.
 */
#include <inttypes.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "conf.h"
#include "elf_file.h"
#include "vet.h"

/* The string that the program given by --program brings; "" without one. */
static char program_conf[AC_ELF_NAME_BYTES];

/* The value a program started with the present environment would have, and where it comes from. */
static uint64_t value_in_force(const struct ac_option_row *row, const char **out_origin)
{
    uint64_t value = row->initial;
    const char *conf = getenv("ACRE_CONF");
    *out_origin = ac_conf_value(program_conf, row, &value) ? "acre_conf" : "default";
    if (conf && ac_conf_value(conf, row, &value))
        *out_origin = "ACRE_CONF";
    return value;
}

/* Finds the program as a shell would, behind #! lines too, and reads its string. */
static bool read_program(const char *program)
{
    static struct ac_vet vet;
    struct ac_elf self;
    if (!ac_elf_read("/proc/self/exe", &self))
        return false;
    ac_vet_program(program, &self, &vet);
    /* Whether acre can be preloaded does not matter: it may be linked in. */
    if (vet.target[0] == '\0') {
        ac_error("--program: %s", vet.message);
        return false;
    }
    ac_elf_read_text(vet.target, "acre_conf", program_conf, sizeof(program_conf));
    return true;
}

static const char *when_text(const struct ac_option_row *row)
{
    return row->when == AC_OPTION_START ? "start" : "any time";
}

static json_t *row_as_json(const struct ac_option_row *row)
{
    const char *origin;
    uint64_t value = value_in_force(row, &origin);
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:I, s:s, s:s, s:s}", "name", row->name, "type",
                     ac_option_type_name(row->type), "default", (json_int_t)row->initial, "min",
                     (json_int_t)row->min, "max", (json_int_t)row->max, "unit", row->unit, "when",
                     row->when == AC_OPTION_START ? "start" : "run", "value", (json_int_t)value, "origin",
                     origin, "help", row->help, "trade", row->trade);
}

static int print_json(const struct ac_option_row *rows, size_t nrows)
{
    json_t *list = json_array();
    for (size_t i = 0; i < nrows; i++)
        json_array_append_new(list, row_as_json(&rows[i]));
    json_t *root = json_pack("{s:s, s:o}", "schema", "acre.options/1", "options", list);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
    return AC_EXIT_DONE;
}

static void print_row(const struct ac_option_row *row)
{
    char initial[AC_OPTION_TEXT_BYTES];
    char min[AC_OPTION_TEXT_BYTES];
    char max[AC_OPTION_TEXT_BYTES];
    char now[AC_OPTION_TEXT_BYTES];
    char range[2 * AC_OPTION_TEXT_BYTES];
    const char *origin;
    uint64_t value = value_in_force(row, &origin);
    snprintf(range, sizeof(range), "%s-%s", ac_option_text(row, row->min, min),
             ac_option_text(row, row->max, max));
    printf("%-16s %-6s %8s  %-10s %-6s %-9s %8s  %s\n", row->name, ac_option_type_name(row->type),
           ac_option_text(row, row->initial, initial), range, row->unit, when_text(row),
           ac_option_text(row, value, now), origin);
    printf("    %s\n", row->help);
}

static int list_all(bool as_json)
{
    if (as_json)
        return print_json(ac_options, ac_noptions);
    printf("%-16s %-6s %8s  %-10s %-6s %-9s %8s  %s\n", "OPTION", "TYPE", "DEFAULT", "RANGE", "UNIT",
           "SET AT", "NOW", "FROM");
    for (size_t i = 0; i < ac_noptions; i++)
        print_row(&ac_options[i]);
    return AC_EXIT_DONE;
}

static int explain(const char *name, bool as_json)
{
    const struct ac_option_row *row = ac_option_find(name, strlen(name));
    if (!row) {
        const char *near = ac_option_nearest(name);
        ac_error(near ? "there is no option '%s'; did you mean '%s'?"
                      : "there is no option '%s'; `acre options` lists all",
                 name, near);
        return AC_EXIT_USAGE;
    }
    if (as_json)
        return print_json(row, 1);
    const char *origin;
    char text[AC_OPTION_TEXT_BYTES];
    uint64_t value = value_in_force(row, &origin);
    printf("%s: %s\n", row->name, row->help);
    printf("  type      %s%s%s\n", ac_option_type_name(row->type), row->unit[0] ? ", in " : "", row->unit);
    printf("  default   %s\n", ac_option_text(row, row->initial, text));
    printf("  range     %s", ac_option_text(row, row->min, text));
    printf(" to %s\n", ac_option_text(row, row->max, text));
    printf("  set       %s\n", row->when == AC_OPTION_START
                                   ? "before the first allocation: ACRE_CONF or acre_conf"
                                   : "ACRE_CONF, acre_conf or acre_option_set(), any time");
    printf("  now       %s, from %s\n", ac_option_text(row, value, text),
           strcmp(origin, "default") ? origin : "the default");
    printf("  trade     %s\n", row->trade);
    printf("  example   acre run --conf %s=%s -- PROGRAM\n", row->name,
           ac_option_text(row, row->initial, text));
    return AC_EXIT_DONE;
}

static int check(const char *conf)
{
    int status = AC_EXIT_DONE;
    struct ac_conf_item item;
    while (ac_conf_next(&conf, &item)) {
        char text[256];
        /* `state` is no option: it tells the library where to publish. */
        if (item.key_length == 5 && memcmp(item.text, "state=", 6) == 0)
            continue;
        if (item.verdict == AC_CONF_OK) {
            printf("%s = %s %s\n", item.row->name, ac_option_text(item.row, item.value, text),
                   item.row->unit);
            continue;
        }
        ac_conf_describe(&item, text, sizeof(text));
        printf("wrong: %s\n", text);
        status = AC_EXIT_FINDING;
    }
    return status;
}

int ac_cmd_options(int argc, char **argv)
{
    bool as_json = false;
    enum ac_flag_id flag;
    while ((flag = ac_flag_next(AC_COMMAND_options, argc, argv)) != AC_FLAGS_END) {
        if (flag == AC_FLAG_options_json)
            as_json = true;
        else if (flag == AC_FLAG_options_program && !read_program(optarg))
            return AC_EXIT_USAGE;
    }
    int nwords = argc - optind;
    const char *verb = nwords > 0 ? argv[optind] : "";
    if (nwords == 0)
        return list_all(as_json);
    if (nwords == 2 && strcmp(verb, "explain") == 0)
        return explain(argv[optind + 1], as_json);
    if (nwords == 2 && strcmp(verb, "check") == 0 && !as_json)
        return check(argv[optind + 1]);
    ac_error("options takes nothing, `explain KEY` or `check STRING`; see `acre help options`");
    return AC_EXIT_USAGE;
}
