// expect: abort "double free of" "{kind}"
// SPDX-License-Identifier: MIT
// delete of an object twice.

#include "common/crime.h"

#include <new>

void crime(void)
{
    struct object {
        char bytes[96];
    };
    object *first = new object;
    object *alias = first;
    delete first;
    delete alias;
}
