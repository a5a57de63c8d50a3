/* SPDX-License-Identifier: MIT
 *
 * cfree.c -- an old binary's cfree is free. Such a binary asks for the symbol with libc's old version, which
 * is how this program is linked too.
 */
#include <malloc.h>

#include "support/family.h"

#if defined(__x86_64__)
__asm__(".symver old_cfree, cfree@GLIBC_2.2.5");
#else
__asm__(".symver old_cfree, cfree@GLIBC_2.17");
#endif

extern void old_cfree(void *block);

int main(void)
{
    old_cfree(NULL);
    for (size_t size = 0; size < 6u << 20; size = size + size / 4 + 1) {
        CHECK_CASE("block of %zu", size);
        void *block = malloc(size);
        CHECK(block);
        errno = 4711;
        old_cfree(block);
        CHECK_ERRNO(4711);
        old_cfree(check_escape(calloc(1, size)));
        old_cfree(check_escape(realloc(NULL, size)));
    }
    /* On acre cfree gives the block to the same heap: nothing stays in use. */
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 1000; i++)
        old_cfree(check_escape(malloc(5000)));
    CHECK_LE(mallinfo2().uordblks, before + 50000);
    return 0;
}
