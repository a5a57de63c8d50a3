/* SPDX-License-Identifier: MIT
 *
 * conf.c -- a program that brings options for the library, one of them wrong.
 */
#include <stdlib.h>

extern const char *acre_conf;
const char *acre_conf = "decay_ms=100,dirty_min=1M,nosuch=1";

int main(void)
{
    free(malloc(1));
    return 0;
}
