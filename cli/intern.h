/* SPDX-License-Identifier: MIT
 *
 * intern.h -- memory and tables of what is read from files: arrays that grow, texts and rows kept once.
 *
 * There is nothing a command can do without memory: when there is none, it says so and ends the process.
 */
#ifndef AC_CLI_INTERN_H
#define AC_CLI_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes room in an array of `n` rows of `row_bytes` for `more` of them; `inout_room` is how many it has room
 * for. New rows are zero. Returns the array, which may have moved. */
void *ac_grow(void *array, size_t n, size_t *inout_room, size_t more, size_t row_bytes);

/* As calloc(3). */
void *ac_zeroed(size_t n, size_t row_bytes);

struct ac_intern_slot;

/* A hash table of the rows of an array, which it does not know: it has their numbers. All zero is empty. */
struct ac_intern {
    struct ac_intern_slot *slots;
    size_t nslots;
    size_t n;
};

/* The number of the row for which same(context, row, key) holds; else enters `fresh` and returns that. */
uint32_t ac_intern(struct ac_intern *table, uint64_t hash,
                   bool (*same)(const void *context, uint32_t row, const void *key), const void *context,
                   const void *key, uint32_t fresh);

/* The same, but UINT32_MAX when there is none. */
uint32_t ac_intern_find(const struct ac_intern *table, uint64_t hash,
                        bool (*same)(const void *context, uint32_t row, const void *key), const void *context,
                        const void *key);

void ac_intern_free(struct ac_intern *table);

uint64_t ac_hash(const void *bytes, size_t n, uint64_t seed);

#endif
