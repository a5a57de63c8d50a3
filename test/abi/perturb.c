/* SPDX-License-Identifier: MIT
 *
 * perturb.c -- mallopt(M_PERTURB, byte) is honoured as glibc does: a fresh block is filled with the
 * complement of the byte, calloc's are zero all the same, realloc keeps what was written; 0 turns it off.
 */
#include <malloc.h>

#include "support/family.h"

enum { BYTE = 0x55, COMPLEMENT = 0xaa };

static bool all_bytes_are(const unsigned char *block, size_t size, unsigned char byte)
{
    for (size_t i = 0; i < size; i++) {
        if (block[i] != byte)
            return false;
    }
    return true;
}

int main(void)
{
    static const size_t sizes[] = {10, 100, 1000, 5000, 20000, 40000, 100000};
    CHECK_EQ(mallopt(M_PERTURB, BYTE), 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i];
        CHECK_CASE("size %zu", size);
        unsigned char *block = malloc(size);
        CHECK(block && all_bytes_are(block, size, COMPLEMENT));
        memset(block, 'x', size);
        block = realloc(block, size * 2);
        CHECK(block && all_bytes_are(block, size, 'x'));
        unsigned char *zeroed = calloc(1, size);
        CHECK(zeroed && all_bytes_are(zeroed, size, 0));
        free(block);
        free(zeroed);
    }
    CHECK_EQ(mallopt(M_PERTURB, 0), 1);
    return 0;
}
