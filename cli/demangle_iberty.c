/* SPDX-License-Identifier: MIT
 *
 * demangle_iberty.c -- readable names of C++, Rust and D functions, by libiberty. Where that is missing,
 * demangle_none.c stands in.
 */
#include <libiberty/demangle.h>
#include <stdio.h>
#include <stdlib.h>

#include "symbol.h"

const char *ac_symbol_demangle(const char *name, char text[AC_SYMBOL_NAME_BYTES])
{
    char *readable = name[0] == '_' ? cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO) : NULL;
    if (!readable)
        return name;
    snprintf(text, AC_SYMBOL_NAME_BYTES, "%s", readable);
    free(readable);
    return text;
}
