/* SPDX-License-Identifier: MIT
 *
 * outline.c -- labelled lines and trees of parts.
 */
#include "outline.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"

bool ac_outline_wants_colour(FILE *out)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (!isatty(fileno(out)) || (no_colour && no_colour[0] != '\0'))
        return false;
    return terminal && strcmp(terminal, "dumb") != 0;
}

struct ac_outline ac_outline_on(FILE *out, int label_columns)
{
    return (struct ac_outline){out, ac_outline_wants_colour(out), strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                               label_columns};
}

void ac_outline_label(const struct ac_outline *tree, const char *label, int columns)
{
    fprintf(tree->out, "%s%-*s%s", tree->colour ? "\033[1m" : "", columns, label,
            tree->colour ? "\033[0m" : "");
}

void ac_outline_part(const struct ac_outline *tree, bool last, const char *label, int64_t bytes,
                     uint64_t whole, const char *note)
{
    char text[AC_TEXT_BYTES];
    const char *branch = tree->utf8 ? (last ? "└ " : "├ ") : (last ? "` " : "| ");
    fputs(branch, tree->out);
    ac_outline_label(tree, label, tree->label_columns);
    fprintf(tree->out, "%11s %5.1f %%%s%s\n", ac_format_bytes(bytes, text), ac_percent(bytes, whole),
            note[0] != '\0' ? "  " : "", note);
}
