/* SPDX-License-Identifier: MIT
 *
 * prefixed.c WHO -- a program that calls acre_*; fails unless they are acre's and malloc is WHO's.
 */
#include <acre/acre.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    size_t wanted = argc > 1 && strcmp(argv[1], "acre") == 0 ? 112 : 104;
    void *mine = acre_malloc(100);
    void *plain = malloc(100);
    printf("acre %s: acre_malloc(100) has %zu usable bytes, malloc(100) %zu\n", acre_version(),
           acre_usable_size(mine), malloc_usable_size(plain));
    int right = acre_usable_size(mine) == 112 && malloc_usable_size(plain) == wanted &&
                strcmp(acre_version(), ACRE_VERSION_STRING) == 0;
    acre_free(mine);
    free(plain);
    return right ? 0 : 1;
}
