// expect: quiet
// hardened: abort "double free of" "{kind}"
// SPDX-License-Identifier: MIT
// Past the first frees of a class, A, B, A goes unnoticed when malloc empties the magazine before it is
// flushed: one block then has two owners.

#include "../common/crime.h"

void crime(void)
{
    warm_up();
    void *block = get_block();
    void *other = get_block();
    free(block);
    free(other);
    free(block);
    void *first = get_block();
    get_block();
    void *third = get_block();
    if (first != third)
        lost("this double free did no harm any more: move the program to the crimes and mend SECURITY.md");
}
