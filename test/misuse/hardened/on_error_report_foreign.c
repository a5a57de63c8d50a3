// expect: report "free of a pointer acre did not allocate:"
// environment: ACRE_CONF=hardened=1,on_error=report
// SPDX-License-Identifier: MIT
// Nothing is freed.

#include "../common/crime.h"

void crime(void)
{
    long words[8] = {0};
    free(&words[2]);
    free(malloc(10));
}
