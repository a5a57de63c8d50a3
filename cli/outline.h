/* SPDX-License-Identifier: MIT
 *
 * outline.h -- the look of what the command prints for people: labelled lines, and parts of a whole as a
 * tree.
 */
#ifndef AC_CLI_OUTLINE_H
#define AC_CLI_OUTLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ac_outline {
    FILE *out;
    bool colour;
    bool utf8;
    int label_columns; /* of parts, without the branch */
};

/* For a stream: colour on a terminal only and never with NO_COLOR, branches as the locale can show them. */
struct ac_outline ac_outline_on(FILE *out, int label_columns);

/* Whether colour is wanted on a stream. */
bool ac_outline_wants_colour(FILE *out);

/* A label in bold and what follows it. */
void ac_outline_label(const struct ac_outline *tree, const char *label, int columns);

/* One part: label, size, share of the whole, a note ("" for none). */
void ac_outline_part(const struct ac_outline *tree, bool last, const char *label, int64_t bytes,
                     uint64_t whole, const char *note);

#endif
