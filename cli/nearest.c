/* SPDX-License-Identifier: MIT
 *
 * nearest.c -- the word a user probably meant, by edit distance.
 */
#include <string.h>

#include "cmd.h"

enum { WORD_MAX = 64 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b; both at most WORD_MAX
 * long. */
static size_t distance(const char *a, const char *b)
{
    size_t na = strlen(a);
    size_t nb = strlen(b);
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replace = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, replace);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return rows[na % 3][nb];
}

const char *ac_nearest(const char *wanted, size_t nwords, const char *(*word_at)(size_t, const void *),
                       const void *context)
{
    size_t length = strlen(wanted);
    if (length > WORD_MAX)
        return NULL;
    /* Half of the word may be wrong, but never all of it. */
    size_t best_distance = length < 2 ? 2 : length / 2 + 1;
    const char *best = NULL;
    for (size_t i = 0; i < nwords; i++) {
        const char *word = word_at(i, context);
        if (strlen(word) > WORD_MAX)
            continue;
        size_t d = distance(wanted, word);
        if (length > 0 && strncmp(word, wanted, length) == 0)
            d = 0;
        if (d < best_distance) {
            best_distance = d;
            best = word;
        }
    }
    return best;
}
