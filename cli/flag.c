/* SPDX-License-Identifier: MIT
 *
 * flag.c -- the rows of command.def as tables, and a command's options read by them.
 */
#include "flag.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

const struct ac_command ac_commands[AC_NCOMMANDS] = {
#define AC_COMMAND(name, summary, text) {#name, summary, text, ac_cmd_##name},
#include "command.def"
};

const struct ac_flag ac_flags[AC_NFLAGS] = {
#define AC_FLAG(command, id, letter, value, offer, help)                                                     \
    {AC_COMMAND_##command, #id, letter, value, AC_OFFER_##offer, help},
#include "command.def"
};

static const struct ac_command_row usages[] = {
#define AC_USAGE(command, text) {AC_COMMAND_##command, "", AC_OFFER_NOTHING, text},
#include "command.def"
};

static const struct ac_command_row words[] = {
#define AC_WORD(command, word, offer, help) {AC_COMMAND_##command, word, AC_OFFER_##offer, help},
#include "command.def"
};

static const struct ac_command_row operands[] = {
#define AC_OPERAND(command, offer) {AC_COMMAND_##command, "", AC_OFFER_##offer, ""},
#include "command.def"
};

static const struct ac_command_row exits[] = {
#define AC_EXIT(command, status, help) {AC_COMMAND_##command, status, AC_OFFER_NOTHING, help},
#include "command.def"
};

static const struct ac_command_row examples[] = {
#define AC_EXAMPLE(command, text) {AC_COMMAND_##command, "", AC_OFFER_NOTHING, text},
#include "command.def"
};

#define ROWS(table)                                                                                          \
    {                                                                                                        \
        table, sizeof(table) / sizeof((table)[0])                                                            \
    }
const struct ac_command_rows ac_usages = ROWS(usages);
const struct ac_command_rows ac_words = ROWS(words);
const struct ac_command_rows ac_operands = ROWS(operands);
const struct ac_command_rows ac_exits = ROWS(exits);
const struct ac_command_rows ac_examples = ROWS(examples);

const struct ac_command_row *ac_command_row_next(const struct ac_command_rows *rows,
                                                 enum ac_command_id command, const struct ac_command_row *row)
{
    row = row ? row + 1 : rows->rows;
    while (row < rows->rows + rows->nrows && row->command != command)
        row++;
    return row < rows->rows + rows->nrows ? row : NULL;
}

const struct ac_flag *ac_flag_of(enum ac_command_id command, const struct ac_flag *flag)
{
    flag = flag ? flag + 1 : ac_flags;
    while (flag < ac_flags + AC_NFLAGS && flag->command != command)
        flag++;
    return flag < ac_flags + AC_NFLAGS ? flag : NULL;
}

const char *ac_flag_name(const struct ac_flag *flag)
{
    static char names[AC_NFLAGS][32];
    char *name = names[flag - ac_flags];
    for (size_t i = 0; name[i] == '\0' && flag->name[i] != '\0' && i < sizeof(names[0]) - 1; i++)
        name[i] = flag->name[i] == '_' ? '-' : flag->name[i];
    return name;
}

const struct ac_command *ac_command_find(const char *name)
{
    for (size_t i = 0; i < AC_NCOMMANDS; i++) {
        if (strcmp(ac_commands[i].name, name) == 0)
            return &ac_commands[i];
    }
    return NULL;
}

static const char *command_name(size_t i, const void *unused)
{
    (void)unused;
    return ac_commands[i].name;
}

int ac_command_unknown(const char *name)
{
    const char *near = ac_nearest(name, AC_NCOMMANDS, command_name, NULL);
    if (near)
        ac_error("there is no command '%s'; did you mean '%s'? `acre help` lists all", name, near);
    else
        ac_error("there is no command '%s'; `acre help` lists all", name);
    return AC_EXIT_USAGE;
}

/* A command's flags as getopt_long(3) takes them. A flag's number there is its id behind all letters. */
enum { FLAG_BASE = 256, HELP = 'h' };

struct getopt_tables {
    struct option options[AC_NFLAGS + 2];
    size_t noptions;
    char letters[2 * AC_NFLAGS + 8];
};

static void make_tables(enum ac_command_id command, struct getopt_tables *out)
{
    const struct ac_command_row *operand = ac_command_row_next(&ac_operands, command, NULL);
    char *letter = out->letters;
    memset(out, 0, sizeof(*out));
    if (operand && operand->offer == AC_OFFER_PROGRAM)
        *letter++ = '+';
    *letter++ = ':';
    *letter++ = HELP;
    out->options[out->noptions++] = (struct option){"help", no_argument, NULL, HELP};
    for (const struct ac_flag *flag = ac_flag_of(command, NULL); flag; flag = ac_flag_of(command, flag)) {
        int argument = flag->value[0] ? required_argument : no_argument;
        int number = FLAG_BASE + (int)(flag - ac_flags) + 1;
        out->options[out->noptions++] = (struct option){ac_flag_name(flag), argument, NULL, number};
        if (flag->letter)
            *letter++ = flag->letter;
        if (flag->letter && argument == required_argument)
            *letter++ = ':';
    }
}

static enum ac_flag_id flag_by_letter(enum ac_command_id command, int letter)
{
    const struct ac_flag *flag = ac_flag_of(command, NULL);
    while (flag && flag->letter != letter)
        flag = ac_flag_of(command, flag);
    return flag ? (enum ac_flag_id)(flag - ac_flags + 1) : AC_FLAGS_END;
}

static const char *option_name(size_t i, const void *options)
{
    return ((const struct option *)options)[i].name;
}

static void long_option_refused(const char *word, const struct getopt_tables *tables, const char *command)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; i < tables->noptions; i++) {
        if (strcmp(tables->options[i].name, name) == 0) {
            ac_error("option --%s takes no value; see `acre help %s`", name, command);
            return;
        }
    }
    const char *near = ac_nearest(name, tables->noptions, option_name, tables->options);
    if (near)
        ac_error("unknown option --%s; did you mean --%s? See `acre help %s`", name, near, command);
    else
        ac_error("unknown option --%s; see `acre help %s`", name, command);
}

/* Says what is wrong with the word that getopt_long() has just refused with '?' or ':'. */
static void refused(int answer, char **argv, const struct getopt_tables *tables, const char *command)
{
    const char *word = argv[optind - 1];
    if (answer == ':')
        ac_error("option %s needs a value; see `acre help %s`", word, command);
    else if (strncmp(word, "--", 2) == 0)
        long_option_refused(word, tables, command);
    else
        ac_error("unknown option -%c; see `acre help %s`", optopt, command);
}

enum ac_flag_id ac_flag_next(enum ac_command_id command, int argc, char **argv)
{
    static struct getopt_tables tables;
    make_tables(command, &tables);
    opterr = 0;
    int answer = getopt_long(argc, argv, tables.letters, tables.options, NULL);
    if (answer == -1)
        return AC_FLAGS_END;
    if (answer == HELP) {
        ac_command_print_help(command, stdout);
        exit(AC_EXIT_DONE);
    }
    if (answer == '?' || answer == ':') {
        refused(answer, argv, &tables, ac_commands[command].name);
        exit(AC_EXIT_USAGE);
    }
    return answer >= FLAG_BASE ? (enum ac_flag_id)(answer - FLAG_BASE) : flag_by_letter(command, answer);
}
