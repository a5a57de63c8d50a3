/* SPDX-License-Identifier: MIT
 *
 * Where the parts of the checker put what they find.
 */
#include "verify/verify.h"

void ac_verify_breach(struct ac_verify *verify, const char *invariant, const char *what, const void *address,
                      uint64_t found, uint64_t expected)
{
    if (verify->nbreaches < AC_VERIFY_KEPT)
        verify->breaches[verify->nbreaches] = (struct ac_breach){invariant, what, address, found, expected};
    verify->nbreaches++;
}
