/* SPDX-License-Identifier: MIT
 *
 * cmd_help.c -- `acre help`: what acre can do in twelve lines, the list of commands, and one command
 * explained from its rows in command.def.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

enum { LINE_COLUMNS = 80, FLAG_COLUMNS = 22, SHOWN_AT_ONCE = 4 };

static const char opening[] =
    "acre - a malloc for any program, that can tell where every byte went\n"
    "\n"
    "usage: acre COMMAND [OPTIONS]\n"
    "\n";
static const char closing[] =
    "start here:  acre run -- PROGRAM ARGS\n"
    "read more:   acre help, acre help COMMAND; acre(1), acre(7) options, acre(3) C\n";

/* Where a paragraph is on its line. */
struct filler {
    FILE *out;
    int column;
    int indent; /* of the lines after the first */
    int nlines; /* finished                     */
};

static void fill(struct filler *filler, const char *text)
{
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (filler->column > filler->indent && filler->column + 1 + length > LINE_COLUMNS) {
            fprintf(filler->out, "\n%*s", filler->indent, "");
            filler->column = filler->indent;
            filler->nlines++;
        } else if (filler->column > filler->indent) {
            fputc(' ', filler->out);
            filler->column++;
        }
        fprintf(filler->out, "%.*s", length, text);
        filler->column += length;
        text += length;
        text += strspn(text, " ");
    }
}

/* "  words    help", the help filled in a column of its own. */
static void print_item(FILE *out, const char *words, int width, const char *help)
{
    struct filler filler = {out, 2 + width + 2, 2 + width + 2, 0};
    if ((int)strlen(words) <= width)
        fprintf(out, "  %-*s  ", width, words);
    else
        fprintf(out, "  %s\n%*s", words, filler.indent, "");
    fill(&filler, help);
    fputc('\n', out);
}

static void print_usage(const struct ac_command *command, enum ac_command_id id, FILE *out)
{
    const char *label = "usage:";
    const struct ac_command_row *row = NULL;
    while ((row = ac_command_row_next(&ac_usages, id, row))) {
        fprintf(out, "%s acre %s %s\n", label, command->name, row->help);
        label = "      ";
    }
}

static void print_flag(const struct ac_flag *flag, FILE *out)
{
    char words[96];
    char letter[8] = "    ";
    if (flag->letter)
        snprintf(letter, sizeof(letter), "-%c, ", flag->letter);
    snprintf(words, sizeof(words), "%s--%s%s%s", letter, ac_flag_name(flag), flag->value[0] ? " " : "",
             flag->value);
    print_item(out, words, FLAG_COLUMNS, flag->help);
}

static void print_exits(enum ac_command_id id, FILE *out)
{
    struct filler filler = {out, 0, 0, 0};
    const struct ac_command_row *row = NULL;
    fill(&filler, "Exit:");
    while ((row = ac_command_row_next(&ac_exits, id, row))) {
        char text[256];
        snprintf(text, sizeof(text), "%s %s;", row->word, row->help);
        fill(&filler, text);
    }
    fill(&filler, "2 wrong usage.");
    fputc('\n', out);
}

void ac_command_print_help(enum ac_command_id id, FILE *out)
{
    const struct ac_command *command = &ac_commands[id];
    print_usage(command, id, out);
    fputc('\n', out);
    struct filler filler = {out, 0, 0, 0};
    fill(&filler, command->text);
    fputs("\n\n", out);
    const struct ac_command_row *row = NULL;
    while ((row = ac_command_row_next(&ac_words, id, row)))
        print_item(out, row->word, FLAG_COLUMNS, row->help);
    for (const struct ac_flag *flag = ac_flag_of(id, NULL); flag; flag = ac_flag_of(id, flag))
        print_flag(flag, out);
    if (ac_command_row_next(&ac_words, id, NULL) || ac_flag_of(id, NULL))
        fputc('\n', out);
    print_exits(id, out);
    while ((row = ac_command_row_next(&ac_examples, id, row)))
        fprintf(out, "Example: %s\n", row->help);
}

/* Always twelve lines: four commands with a word about each, two lines with the names of the others. */
static void print_opening(FILE *out)
{
    fputs(opening, out);
    for (size_t i = 0; i < SHOWN_AT_ONCE; i++)
        print_item(out, ac_commands[i].name, 9, ac_commands[i].summary);
    struct filler filler = {out, 13, 13, 0};
    fprintf(out, "  %-9s  ", "and");
    for (size_t i = SHOWN_AT_ONCE; i < AC_NCOMMANDS; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%s%s", ac_commands[i].name, i + 1 < AC_NCOMMANDS ? "," : "");
        fill(&filler, name);
    }
    fputs(filler.nlines == 0 ? "\n\n" : "\n", out);
    fputs(closing, out);
}

static void print_all(FILE *out)
{
    fputs(opening, out);
    for (size_t i = 0; i < AC_NCOMMANDS; i++)
        print_item(out, ac_commands[i].name, 10, ac_commands[i].summary);
    fputc('\n', out);
    fputs(closing, out);
}

int ac_cmd_help(int argc, char **argv)
{
    if (argc == 0) {
        print_opening(stderr);
        return AC_EXIT_USAGE;
    }
    /* `acre --help` comes as argv[0]. */
    while (ac_flag_next(AC_COMMAND_help, argc, argv) != AC_FLAGS_END)
        continue;
    if (argc - optind > 1) {
        ac_error("help explains one command at a time: acre help %s", argv[optind]);
        return AC_EXIT_USAGE;
    }
    if (optind == argc) {
        print_all(stdout);
        return AC_EXIT_DONE;
    }
    const struct ac_command *command = ac_command_find(argv[optind]);
    if (!command)
        return ac_command_unknown(argv[optind]);
    ac_command_print_help((enum ac_command_id)(command - ac_commands), stdout);
    return AC_EXIT_DONE;
}
