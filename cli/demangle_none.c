/* SPDX-License-Identifier: MIT
 *
 * demangle_none.c -- in place of readable names: built without libiberty.
 */
#include "symbol.h"

const char *ac_symbol_demangle(const char *name, char text[AC_SYMBOL_NAME_BYTES])
{
    (void)text;
    return name;
}
