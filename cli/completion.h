/* SPDX-License-Identifier: MIT
 *
 * completion.h -- scripts that make shells complete the words of acre, from the rows of command.def.
 */
#ifndef AC_CLI_COMPLETION_H
#define AC_CLI_COMPLETION_H

#include <stdio.h>

#include "flag.h"

enum { AC_NSHELLS = 3 };

struct ac_shell {
    const char *name;
    void (*print)(FILE *out);
};

extern const struct ac_shell ac_shells[AC_NSHELLS];

void ac_completion_bash(FILE *out);
void ac_completion_zsh(FILE *out);
void ac_completion_fish(FILE *out);

/* The words that an offer stands for, space between them and `suffix` behind each; nothing for offers that
 * are no fixed words. */
void ac_completion_put_words(FILE *out, enum ac_offer offer, const char *suffix);

/* Text within quotes of a shell: a backslash before every byte of `marked`, and '\'' for each '. */
void ac_completion_put_quoted(FILE *out, const char *text, const char *marked);

#endif
