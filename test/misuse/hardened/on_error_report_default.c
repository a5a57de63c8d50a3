// expect: report "free of a pointer acre did not allocate:"
// environment: ACRE_CONF=on_error=report
// SPDX-License-Identifier: MIT
// Default mode goes on too after the free of a foreign pointer.

#include "../common/crime.h"

void crime(void)
{
    long words[8] = {0};
    free(&words[2]);
    free(malloc(10));
}
