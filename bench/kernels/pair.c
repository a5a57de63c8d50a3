/* SPDX-License-Identifier: MIT
 *
 * pair.c -- malloc and free of one block at a time, sizes 16 bytes to 4 KiB: the fast paths and nothing else.
 */
#include "kernel.h"

int main(int argc, char **argv)
{
    size_t npairs = kernel_work(argc, argv, 24000000);
    uint64_t seed = 1, sum = 0;

    for (size_t i = 0; i < npairs; i++) {
        size_t size = rng_size(&seed, 4, 12);

        sum += kernel_drop(kernel_take(size, (unsigned char)i), size);
    }
    return kernel_done(sum);
}
