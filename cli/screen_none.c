/* SPDX-License-Identifier: MIT
 *
 * screen_none.c -- no screen: the command was built without ncurses.
 */
#include "screen.h"

bool ac_screen_open(const char **out_reason)
{
    *out_reason = "this acre was built without ncurses (libncurses-dev)";
    return false;
}

void ac_screen_close(void) {}

size_t ac_screen_rows(void)
{
    return 0;
}

size_t ac_screen_columns(void)
{
    return 0;
}

void ac_screen_draw(const struct ac_lines *lines, const char *foot)
{
    (void)lines;
    (void)foot;
}

int ac_screen_key(int timeout_ms)
{
    (void)timeout_ms;
    return AC_KEY_END;
}
