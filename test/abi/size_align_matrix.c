/* SPDX-License-Identifier: MIT
 *
 * size_align_matrix.c -- every aligned function with sizes around every power of two and every alignment: a
 * block that is aligned and big enough, or NULL with ENOMEM; and no NULL where a machine has the address
 * space.
 */
#include <malloc.h>

#include "support/family.h"

enum {
    SURE_SHIFT = 29,   /* sizes and alignments up to here must succeed     */
    TOUCH_SHIFT = 24,  /* blocks up to here are written at both ends       */
    TRIED_SHIFT = 36,  /* bigger sizes are asked with few alignments only  */
    EINVAL_SHIFT = 40, /* alignments from here on may be EINVAL            */
};

static const ptrdiff_t offsets[] = {-64, -33, -17, -16, -15, -9, -8, -1, 0, 1, 7, 8, 9, 15, 16, 17, 33, 64};

enum { OFFSET_COUNT = sizeof offsets / sizeof offsets[0] };

static size_t cases;

static void check_block(char *block, size_t alignment, size_t size)
{
    CHECK_EQ((uintptr_t)block % (alignment < 16 ? 16 : alignment), 0);
    size_t usable = malloc_usable_size(block);
    CHECK_LE(size, usable);
    if (size >> TOUCH_SHIFT == 0)
        block[0] = block[usable - 1] = 'x';
    free(block);
}

static void check_one(const struct family *row, size_t alignment, size_t size)
{
    cases++;
    CHECK_CASE("%s, size 0x%zx, alignment 0x%zx", row->name, size, alignment);
    errno = 0;
    char *block = family_alloc_aligned(row, alignment, size);
    int error = errno;
    if (block) {
        CHECK(size <= PTRDIFF_MAX);
        check_block(block, alignment, size);
        return;
    }
    CHECK((size >> SURE_SHIFT) + (alignment >> SURE_SHIFT) > 0);
    if (!(error == EINVAL && alignment >> EINVAL_SHIFT))
        CHECK_EQ(error, ENOMEM);
}

static void all_sizes(const struct family *row, unsigned alignment_shift)
{
    for (unsigned shift = 0; shift < 64; shift++) {
        if (shift > TRIED_SHIFT && shift < 62 && alignment_shift % 5 != 0)
            continue;
        for (size_t k = 0; k < OFFSET_COUNT; k++) {
            size_t size = ((size_t)1 << shift) + (size_t)offsets[k];
            check_one(row, (size_t)1 << alignment_shift, size);
        }
    }
}

int main(void)
{
    static const char *const names[] = {"aligned_alloc", "memalign", "posix_memalign"};
    family_open();
    for (const struct family *row = NULL; (row = family_next(row));) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strcmp(row->name, names[i]) != 0)
                continue;
            for (unsigned shift = row->shape == FAMILY_POSIX ? 3 : 0; shift < 64; shift++)
                all_sizes(row, shift);
        }
    }
    CHECK_LE(100000, cases);
    return 0;
}
