/* SPDX-License-Identifier: MIT
 *
 * why_text.c -- the tree of `acre why`.
 */
#include <string.h>

#include "format.h"
#include "outline.h"
#include "why.h"

enum { PART_COLUMNS = 22, NOTE_BYTES = 256 };

static void put_head(const struct ac_outline *tree, const struct ac_why *why)
{
    static const char *const moments[] = {
        [AC_WHY_NOW] = "", [AC_WHY_PEAK] = ", at its peak", [AC_WHY_LAST] = ", gone: its last numbers"};
    char bytes[AC_TEXT_BYTES];
    char program[AC_WHY_PROGRAM_BYTES];
    char library[sizeof(why->library)];
    ac_format_safely(why->program, program, sizeof(program));
    ac_format_safely(why->library, library, sizeof(library));
    ac_outline_label(tree, "RSS", PART_COLUMNS + 2);
    fprintf(tree->out, "%11s          pid %d %s, acre %s%s%s%s\n",
            ac_format_bytes((int64_t)why->identity.rss_bytes, bytes), (int)why->pid, program, library,
            moments[why->moment], why->stopped ? ", stopped" : "",
            why->torn ? "; it died while it wrote, so numbers may not fit together" : "");
}

/* Parts that are nothing stay out of the text; the JSON has them all. */
static bool is_shown(const struct ac_why *why, enum ac_part part)
{
    return part == AC_PART_unexplained || why->identity.parts[part] != 0;
}

/* Rows that the segment had no room for: sums that are too low must not look exact. */
static void put_missed(const struct ac_outline *tree, uint32_t missed, const char *what, const char *effect)
{
    if (missed != 0)
        fprintf(tree->out, "the state segment had no room for %u %s: %s\n", (unsigned)missed, what, effect);
}

static void put_foot(const struct ac_outline *tree, const struct ac_why *why)
{
    char bytes[AC_TEXT_BYTES];
    const struct ac_identity *id = &why->identity;
    if (id->swap_bytes > 0)
        fprintf(tree->out, "swapped out, not in RSS: %s\n", ac_format_bytes((int64_t)id->swap_bytes, bytes));
    if (id->huge_bytes > 0)
        fprintf(tree->out, "in huge pages: %s\n", ac_format_bytes((int64_t)id->huge_bytes, bytes));
    put_missed(tree, why->missed_addresses, "pieces of memory", "they are unexplained");
    put_missed(tree, why->missed_centers, "size classes of shards", "what they hold is not counted");
    put_missed(tree, why->missed_threads, "thread caches", "what they keep counts as live");
    if (why->blind[0] != '\0')
        fprintf(tree->out, "%s\n", why->blind);
}

bool ac_why_text(const struct ac_why *why, FILE *out)
{
    struct ac_outline tree = ac_outline_on(out, PART_COLUMNS);
    char note[NOTE_BYTES];
    put_head(&tree, why);
    for (int i = 0; i < AC_NPARTS; i++) {
        enum ac_part part = (enum ac_part)i;
        if (!is_shown(why, part))
            continue;
        ac_why_note(why, part, note, sizeof(note));
        ac_outline_part(&tree, i == AC_NPARTS - 1, ac_part_labels[i], why->identity.parts[i],
                        why->identity.rss_bytes, note);
    }
    put_foot(&tree, why);
    return fflush(out) == 0 && !ferror(out);
}
