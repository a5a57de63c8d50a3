/* SPDX-License-Identifier: MIT
 *
 * profile_table.c -- a profile added up by places in the code.
 */
#include "profile_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    const struct ac_profile *profile;
    struct ac_profile_row *rows;
    size_t nrows;
    size_t room;
    struct ac_intern table;
    uint32_t *row_of; /* of every frame, plus one */
    uint32_t *seen;   /* of every row: the last site that counted in its `cum`, plus one */
};

enum ac_profile_value ac_profile_objects_of(enum ac_profile_value value)
{
    if (value == AC_PROFILE_ALLOC_SPACE || value == AC_PROFILE_PEAK_SPACE)
        return value - 1;
    return AC_PROFILE_INUSE_OBJECTS;
}

static bool same_place(const void *context, uint32_t row, const void *key)
{
    const struct ac_profile_frame *a = ((const struct tally *)context)->rows[row].frame;
    const struct ac_profile_frame *b = key;
    if (a->function != b->function || a->file != b->file || a->line != b->line)
        return false;
    return a->function[0] != '\0' || (a->address == b->address && a->module == b->module);
}

static uint32_t row_of(struct tally *t, uint32_t number)
{
    const struct ac_profile_frame *frame = &t->profile->frames[number];
    const uint64_t words[] = {(uintptr_t)frame->function, (uintptr_t)frame->file, frame->line,
                              frame->function[0] ? 0 : frame->address};
    if (t->row_of[number] != 0)
        return t->row_of[number] - 1;
    uint32_t row =
        ac_intern(&t->table, ac_hash(words, sizeof(words), 0), same_place, t, frame, (uint32_t)t->nrows);
    if (row == t->nrows) {
        t->rows = ac_grow(t->rows, t->nrows, &t->room, 1, sizeof(*t->rows));
        t->rows[t->nrows++].frame = frame;
    }
    t->row_of[number] = row + 1;
    return row;
}

static void add_flat(struct ac_profile_row *row, const struct ac_profile_site *site)
{
    row->samples += site->taken;
    row->unsampled |= site->unsampled;
    row->short_objects += site->short_objects;
    for (size_t i = 0; i < AC_STATE_LIFETIMES; i++)
        row->freed_objects[i] += site->freed_objects[i];
    for (size_t v = 0; v < AC_PROFILE_NVALUES; v++) {
        row->flat[v] += site->values[v];
        row->flat_before[v] += site->before[v];
        row->flat_variance[v] += site->variances[v];
    }
}

static void add_cum(struct ac_profile_row *row, const struct ac_profile_site *site)
{
    for (size_t v = 0; v < AC_PROFILE_NVALUES; v++) {
        row->cum[v] += site->values[v];
        row->cum_variance[v] += site->variances[v];
    }
}

static void add_site(struct tally *t, size_t number)
{
    const struct ac_profile_site *site = &t->profile->sites[number];
    const uint32_t *stack = t->profile->stacks + site->first;
    for (uint32_t i = 0; i < site->nframes; i++) {
        uint32_t row = row_of(t, stack[i]);
        if (row >= t->nrows || !t->rows)
            continue;
        if (i == 0)
            add_flat(&t->rows[row], site);
        if (t->seen[row] != number + 1)
            add_cum(&t->rows[row], site);
        t->seen[row] = (uint32_t)number + 1;
    }
}

struct order {
    double key;
    size_t row;
};

static int by_key(const void *a, const void *b)
{
    const struct order *x = a;
    const struct order *y = b;
    if (x->key != y->key)
        return x->key < y->key ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static struct ac_profile_row *sorted(struct tally *t, enum ac_profile_value value)
{
    struct order *order = ac_zeroed(t->nrows, sizeof(*order));
    struct ac_profile_row *rows = ac_zeroed(t->nrows, sizeof(*rows));
    for (size_t i = 0; i < t->nrows; i++)
        order[i] = (struct order){fabs(t->rows[i].flat[value]), i};
    qsort(order, t->nrows, sizeof(*order), by_key);
    for (size_t i = 0; i < t->nrows; i++)
        rows[i] = t->rows[order[i].row];
    free(order);
    free(t->rows);
    return rows;
}

struct ac_profile_row *ac_profile_rows(const struct ac_profile *profile, enum ac_profile_value value,
                                       size_t *out_n)
{
    struct tally t = {.profile = profile};
    t.row_of = ac_zeroed(profile->nframes, sizeof(*t.row_of));
    t.seen = ac_zeroed(profile->nframes, sizeof(*t.seen));
    for (size_t i = 0; i < profile->nsites; i++)
        add_site(&t, i);
    ac_intern_free(&t.table);
    free(t.row_of);
    free(t.seen);
    *out_n = t.nrows;
    return sorted(&t, value);
}

const char *ac_profile_median_life(const double freed_objects[AC_STATE_LIFETIMES], char text[32])
{
    double sum = 0;
    double half = 0;
    size_t i = 0;
    for (size_t k = 0; k < AC_STATE_LIFETIMES; k++)
        sum += freed_objects[k];
    strcpy(text, "-");
    if (sum <= 0)
        return text;
    while (i < AC_STATE_LIFETIMES - 1 && (half += freed_objects[i]) < sum / 2)
        i++;
    double us = (double)(UINT64_C(1) << 2 * (i == AC_STATE_LIFETIMES - 1 ? i - 1 : i));
    const char *sign = i == AC_STATE_LIFETIMES - 1 ? ">" : "<";
    if (us < 1000)
        snprintf(text, 32, "%s %.0f us", sign, us);
    else if (us < 1e6)
        snprintf(text, 32, "%s %.0f ms", sign, us / 1e3);
    else
        snprintf(text, 32, "%s %.0f s", sign, us / 1e6);
    return text;
}
