/* SPDX-License-Identifier: MIT
 *
 * leaky.c -- a program that leaks: three of four blocks stay, of all sizes. Says when it is done, then waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
    size_t leaked = 0;
    unsigned seed = 1;
    for (unsigned i = 0; leaked < mib << 20; i++) {
        seed = seed * 1103515245u + 12345u;
        unsigned roll = seed >> 16;
        size_t size = i % 64 == 0 ? 1 + (roll & 0x7fff) * 4 : 1 + roll % 600;
        char *block = malloc(size);
        if (block == NULL)
            return 1;
        memset(block, (int)i, size);
        if (i % 4 == 0)
            free(block);
        else
            leaked += size;
    }
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}
