/* SPDX-License-Identifier: MIT
 *
 * intern.c -- memory and tables of what is read from files.
 */
#include "intern.h"

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

enum { FIRST_ROOM = 64 };

struct ac_intern_slot {
    uint64_t hash;
    uint32_t row; /* plus one; 0: free */
};

static void *or_end(void *memory)
{
    if (memory)
        return memory;
    ac_error("out of memory: the profile is too big for this machine, or for its limit");
    exit(AC_EXIT_ENVIRONMENT);
}

void *ac_zeroed(size_t n, size_t row_bytes)
{
    return or_end(calloc(n ? n : 1, row_bytes));
}

void *ac_grow(void *array, size_t n, size_t *inout_room, size_t more, size_t row_bytes)
{
    size_t room = *inout_room ? *inout_room : FIRST_ROOM;
    if (n + more <= *inout_room)
        return array;
    while (room < n + more)
        room *= 2;
    array = or_end(reallocarray(array, room, row_bytes));
    memset((char *)array + n * row_bytes, 0, (room - n) * row_bytes);
    *inout_room = room;
    return array;
}

static void place(struct ac_intern *table, uint64_t hash, uint32_t row)
{
    size_t i = hash & (table->nslots - 1);
    while (table->slots[i].row != 0)
        i = (i + 1) & (table->nslots - 1);
    table->slots[i] = (struct ac_intern_slot){hash, row};
}

static void widen(struct ac_intern *table)
{
    struct ac_intern old = *table;
    table->nslots = old.nslots ? 2 * old.nslots : FIRST_ROOM;
    table->slots = ac_zeroed(table->nslots, sizeof(*table->slots));
    for (size_t i = 0; i < old.nslots; i++) {
        if (old.slots[i].row != 0)
            place(table, old.slots[i].hash, old.slots[i].row);
    }
    free(old.slots);
}

uint32_t ac_intern_find(const struct ac_intern *table, uint64_t hash,
                        bool (*same)(const void *context, uint32_t row, const void *key), const void *context,
                        const void *key)
{
    if (table->nslots == 0)
        return UINT32_MAX;
    for (size_t i = hash & (table->nslots - 1); table->slots[i].row != 0; i = (i + 1) & (table->nslots - 1)) {
        if (table->slots[i].hash == hash && same(context, table->slots[i].row - 1, key))
            return table->slots[i].row - 1;
    }
    return UINT32_MAX;
}

uint32_t ac_intern(struct ac_intern *table, uint64_t hash,
                   bool (*same)(const void *context, uint32_t row, const void *key), const void *context,
                   const void *key, uint32_t fresh)
{
    uint32_t row = ac_intern_find(table, hash, same, context, key);
    if (row != UINT32_MAX)
        return row;
    if (4 * table->n >= 3 * table->nslots)
        widen(table);
    place(table, hash, fresh + 1);
    table->n++;
    return fresh;
}

void ac_intern_free(struct ac_intern *table)
{
    free(table->slots);
    *table = (struct ac_intern){0};
}

/* FNV-1a, with its bits stirred once more: tables use the low ones. */
uint64_t ac_hash(const void *bytes, size_t n, uint64_t seed)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >> 7;
}
