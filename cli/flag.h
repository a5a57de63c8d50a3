/* SPDX-License-Identifier: MIT
 *
 * flag.h -- the rows of command.def, and a command's options read by them.
 *
 * A command line option is a flag here; an option is one of the library's (conf.h).
 */
#ifndef AC_CLI_FLAG_H
#define AC_CLI_FLAG_H

#include <stddef.h>
#include <stdio.h>

enum ac_command_id {
#define AC_COMMAND(name, ...) AC_COMMAND_##name,
#include "command.def"
    AC_NCOMMANDS
};

enum ac_flag_id {
    AC_FLAGS_END,
#define AC_FLAG(command, id, ...) AC_FLAG_##command##_##id,
#include "command.def"
    AC_FLAGS_LIMIT
};
enum { AC_NFLAGS = AC_FLAGS_LIMIT - 1 };

/* What the shells offer for an operand or for the value of a flag; see command.def. */
enum ac_offer {
    AC_OFFER_NOTHING,
    AC_OFFER_FILE,
    AC_OFFER_PID,
    AC_OFFER_PROGRAM,
    AC_OFFER_COMMAND,
    AC_OFFER_SHELL,
    AC_OFFER_KEY,
    AC_OFFER_CONF
};

struct ac_command {
    const char *name;
    const char *summary;
    const char *text;
    int (*run)(int argc, char **argv);
};

struct ac_flag {
    enum ac_command_id command;
    const char *name; /* with _ for -; ac_flag_name() has it as it is typed   */
    char letter;      /* 0: none                                              */
    const char *value;
    enum ac_offer offer;
    const char *help;
};

/* A row of another kind: what it is about, and words about it. */
struct ac_command_row {
    enum ac_command_id command;
    const char *word;
    enum ac_offer offer;
    const char *help;
};

struct ac_command_rows {
    const struct ac_command_row *rows;
    size_t nrows;
};

extern const struct ac_command ac_commands[AC_NCOMMANDS];
extern const struct ac_flag ac_flags[AC_NFLAGS];
extern const struct ac_command_rows ac_usages;   /* help                   */
extern const struct ac_command_rows ac_words;    /* word, offer, help      */
extern const struct ac_command_rows ac_operands; /* offer                  */
extern const struct ac_command_rows ac_exits;    /* word, help             */
extern const struct ac_command_rows ac_examples; /* help                   */

/* The next row of a command after `row`, or its first when that is NULL; NULL when there is no more. */
const struct ac_command_row *ac_command_row_next(const struct ac_command_rows *rows,
                                                 enum ac_command_id command,
                                                 const struct ac_command_row *row);

/* The same for its flags. */
const struct ac_flag *ac_flag_of(enum ac_command_id command, const struct ac_flag *flag);

/* A flag's long name as it is typed, without the dashes. */
const char *ac_flag_name(const struct ac_flag *flag);

/* The command called name, or NULL. */
const struct ac_command *ac_command_find(const char *name);

/* Reads the next flag of a command line; its value is in optarg. Returns its AC_FLAG_command_id, or
 * AC_FLAGS_END when argv[optind] is the first operand: operands are moved behind the flags, unless the first
 * is a program. --help, and what is wrong (with the nearest flag), end the process. */
enum ac_flag_id ac_flag_next(enum ac_command_id command, int argc, char **argv);

/* Prints what `acre help CMD` says, in lines of at most 80 columns. */
void ac_command_print_help(enum ac_command_id command, FILE *out);

#endif
