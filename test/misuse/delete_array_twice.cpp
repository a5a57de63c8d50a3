// expect: abort "double free of" "{kind}"
// SPDX-License-Identifier: MIT
// delete[] of an array twice.

#include "common/crime.h"

#include <new>

void crime(void)
{
    char *first = new char[96];
    char *alias = first;
    delete[] first;
    delete[] alias;
}
