/* SPDX-License-Identifier: MIT
 *
 * completion.c -- what the scripts for the shells have in common.
 */
#include "completion.h"

#include <string.h>

#include "conf.h"

const struct ac_shell ac_shells[AC_NSHELLS] = {
    {"bash", ac_completion_bash},
    {"zsh", ac_completion_zsh},
    {"fish", ac_completion_fish},
};

static size_t words_of(enum ac_offer offer)
{
    if (offer == AC_OFFER_COMMAND)
        return AC_NCOMMANDS;
    if (offer == AC_OFFER_SHELL)
        return AC_NSHELLS;
    return offer == AC_OFFER_KEY || offer == AC_OFFER_CONF ? ac_noptions : 0;
}

static const char *word_at(enum ac_offer offer, size_t i)
{
    if (offer == AC_OFFER_COMMAND)
        return ac_commands[i].name;
    return offer == AC_OFFER_SHELL ? ac_shells[i].name : ac_options[i].name;
}

void ac_completion_put_words(FILE *out, enum ac_offer offer, const char *suffix)
{
    for (size_t i = 0; i < words_of(offer); i++)
        fprintf(out, "%s%s%s", i > 0 ? " " : "", word_at(offer, i), suffix);
}

void ac_completion_put_quoted(FILE *out, const char *text, const char *marked)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
            continue;
        }
        if (strchr(marked, *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}
