/* SPDX-License-Identifier: MIT
 *
 * hello.c -- a program that would run anywhere; built statically, to be refused.
 */
#include <stdio.h>

int main(void)
{
    puts("hello");
    return 0;
}
