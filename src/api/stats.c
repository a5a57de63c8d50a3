/* SPDX-License-Identifier: MIT
 *
 * The public functions about the heap's statistics.
 */
#include "base/compiler.h"
#include "core/sizeclass.h"
#include "report/report.h"

#include <acre/acre.h>
#include <errno.h>
#include <string.h>

#define FIRST_STAT offsetof(struct acre_stats, small_live_bytes)

/* The struct is the rows in order. */
#define AC_STAT(name, kind, unit, help)                                                                      \
    AC_STATIC_ASSERT(offsetof(struct acre_stats, name) ==                                                    \
                         FIRST_STAT + AC_STAT_##name * sizeof(unsigned long long),                           \
                     "acre_stats has the rows of stat.def in their order");
#include "core/stat.def"
#undef AC_STAT

int acre_stats_get(struct acre_stats *inout_stats)
{
    size_t size = inout_stats->size;
    if (size < FIRST_STAT)
        return EINVAL;
    struct ac_report *r = ac_report_begin();
    if (r == NULL)
        return ENOMEM;
    size_t known = sizeof(unsigned long long) * AC_STAT_COUNT;
    size_t room = size - FIRST_STAT;
    memset((char *)inout_stats + FIRST_STAT, 0, room);
    memcpy((char *)inout_stats + FIRST_STAT, r->snapshot.stats, room < known ? room : known);
    inout_stats->version = ACRE_STATS_VERSION;
    inout_stats->nstats = AC_STAT_COUNT;
    ac_report_end(r);
    return 0;
}

int acre_stats_print(enum acre_stats_format format, void (*write)(void *, const char *, size_t),
                     void *context)
{
    static void (*const writers[])(const struct ac_snapshot *, const char *, struct ac_fmt *) = {
        [ACRE_STATS_TEXT] = ac_text_people,
        [ACRE_STATS_JSON] = ac_text_json,
        [ACRE_STATS_PROMETHEUS] = ac_text_prometheus,
    };
    if ((unsigned)format >= sizeof writers / sizeof writers[0])
        return EINVAL;
    struct ac_report *r = ac_report_begin();
    if (r == NULL)
        return ENOMEM;
    writers[format](&r->snapshot, ACRE_VERSION_STRING, &r->text);
    write(context, r->buffer, r->text.len);
    ac_report_end(r);
    return 0;
}

int acre_visit_classes(int (*visit)(void *, const struct acre_class *), void *context)
{
    int answer = 0;
    struct ac_report *r = ac_report_begin();
    if (r == NULL)
        return ENOMEM;
    for (unsigned c = 1; c < AC_NCLASSES && answer == 0; c++) {
        const struct ac_state_class *row = &r->snapshot.classes[c];
        struct acre_class class = {row->size_bytes,     ac_sizeclass[c].span_units * AC_UNIT_BYTES,
                                   row->nspans,         row->live_objects,
                                   row->cached_objects, row->free_objects};
        answer = visit(context, &class);
    }
    ac_report_end(r);
    return answer;
}

/* ---- by name ---- */

static int put(void *out, size_t *inout_size, const void *value, size_t size)
{
    if (out == NULL || inout_size == NULL)
        return 0;
    if (*inout_size != size)
        return EINVAL;
    memcpy(out, value, size);
    return 0;
}

static int ctl_stat(const char *name, void *out, size_t *inout_size, const void *in)
{
    struct acre_stats stats = {.size = sizeof stats};
    if (in != NULL)
        return EPERM;
    for (unsigned i = 0; i < AC_STAT_COUNT; i++) {
        if (strcmp(ac_stat_row[i].name, name) != 0)
            continue;
        int error = acre_stats_get(&stats);
        return error != 0 ? error
                          : put(out, inout_size, &stats.small_live_bytes + i, sizeof(unsigned long long));
    }
    return ENOENT;
}

static int ctl_option(const char *name, void *out, size_t *inout_size, const void *in, size_t in_size)
{
    size_t value;
    int error = acre_option_get(name, &value);
    if (error == 0)
        error = put(out, inout_size, &value, sizeof value);
    if (error != 0 || in == NULL)
        return error;
    if (in_size != sizeof value)
        return EINVAL;
    memcpy(&value, in, sizeof value);
    return acre_option_set(name, value);
}

int acre_ctl(const char *name, void *out, size_t *inout_out_size, const void *in, size_t in_size)
{
    if (strncmp(name, "stats.", 6) == 0)
        return ctl_stat(name + 6, out, inout_out_size, in);
    if (strncmp(name, "option.", 7) == 0)
        return ctl_option(name + 7, out, inout_out_size, in, in_size);
    if (strcmp(name, "trim") != 0 && strcmp(name, "version") != 0)
        return ENOENT;
    if (in != NULL)
        return EPERM;
    if (name[0] == 'v') {
        const char *version = acre_version();
        return put(out, inout_out_size, &version, sizeof version);
    }
    int given = acre_trim(0);
    return put(out, inout_out_size, &given, sizeof given);
}
