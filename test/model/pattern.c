/* SPDX-License-Identifier: MIT
 *
 * pattern.c -- see pattern.h.
 */
#include "pattern.h"

#include <string.h>

enum { WORD = sizeof(uint64_t) };

/* Never zero in all bytes, and different for neighbours in both arguments. */
static inline uint64_t word_at(uint64_t id, size_t offset)
{
    return (id * 0x9e3779b97f4a7c15u ^ (offset + 1) * 0xd6e8feb86659fd93u) | 0x0100000000000001u;
}

static size_t word_length(size_t offset, size_t to)
{
    return to - offset < WORD ? to - offset : WORD;
}

void pattern_write(unsigned char *start, uint64_t id, size_t from, size_t to)
{
    size_t offset = from;
    for (; offset + WORD <= to; offset += WORD) {
        uint64_t word = word_at(id, offset);
        memcpy(start + offset, &word, WORD);
    }
    uint64_t word = word_at(id, offset);
    if (offset < to)
        memcpy(start + offset, &word, word_length(offset, to));
}

/* The word as it would be if bytes past `to` matched: only the bytes in range are compared. */
static size_t byte_mismatch(const unsigned char *start, uint64_t word, size_t offset, size_t to)
{
    unsigned char wanted[WORD];
    memcpy(wanted, &word, WORD);
    for (size_t i = 0; i < word_length(offset, to); i++)
        if (start[offset + i] != wanted[i])
            return offset + i;
    return to;
}

size_t pattern_mismatch(const unsigned char *start, uint64_t id, size_t from, size_t to)
{
    size_t offset = from;
    for (; offset + WORD <= to; offset += WORD) {
        uint64_t found;
        memcpy(&found, start + offset, WORD);
        if (found != word_at(id, offset))
            return byte_mismatch(start, word_at(id, offset), offset, to);
    }
    return offset < to ? byte_mismatch(start, word_at(id, offset), offset, to) : to;
}

size_t pattern_nonzero(const unsigned char *start, size_t bytes)
{
    size_t offset = 0;
    for (; offset + WORD <= bytes; offset += WORD) {
        uint64_t found;
        memcpy(&found, start + offset, WORD);
        if (found != 0)
            break;
    }
    while (offset < bytes && start[offset] == 0)
        offset++;
    return offset;
}
