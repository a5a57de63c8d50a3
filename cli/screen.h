/* SPDX-License-Identifier: MIT
 *
 * screen.h -- the terminal as a page that is drawn again and again, and the keys pressed meanwhile.
 *
 * There are two: screen_curses.c, and screen_none.c for a build without ncurses, which never opens.
 */
#ifndef AC_CLI_SCREEN_H
#define AC_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "lines.h"

enum { AC_KEY_NONE = 0, AC_KEY_RESIZE = -1, AC_KEY_UP = -2, AC_KEY_DOWN = -3, AC_KEY_END = -4 };

/* False when there is no screen; *out_reason says why. */
bool ac_screen_open(const char **out_reason);
void ac_screen_close(void);

size_t ac_screen_rows(void);
size_t ac_screen_columns(void);

/* Shows the lines, the last screen row for `foot`. */
void ac_screen_draw(const struct ac_lines *lines, const char *foot);

/* A key, or AC_KEY_NONE after that time, or one of the above. */
int ac_screen_key(int timeout_ms);

#endif
