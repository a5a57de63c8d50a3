/* SPDX-License-Identifier: MIT
 *
 * screen_curses.c -- the terminal by ncurses.
 */
#include "screen.h"

#include <curses.h>
#include <stdlib.h>
#include <unistd.h>

#include "outline.h"

static SCREEN *screen;

bool ac_screen_open(const char **out_reason)
{
    const char *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
        *out_reason = "standard input and output are not a terminal";
        return false;
    }
    screen = newterm(NULL, stdout, stdin);
    if (!screen) {
        *out_reason = terminal && *terminal ? "the terminal's TERM is not known here" : "TERM is not set";
        return false;
    }
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    if (ac_outline_wants_colour(stdout) && has_colors()) {
        start_color();
        use_default_colors();
        init_pair(1, COLOR_CYAN, -1);
    }
    return true;
}

void ac_screen_close(void)
{
    endwin();
    delscreen(screen);
    screen = NULL;
}

size_t ac_screen_rows(void)
{
    return (size_t)getmaxy(stdscr);
}

size_t ac_screen_columns(void)
{
    return (size_t)getmaxx(stdscr);
}

static attr_t attribute(enum ac_line_look look)
{
    attr_t colour = has_colors() ? (attr_t)COLOR_PAIR(1) : 0;
    switch (look) {
    case AC_LINE_BOLD:
        return A_BOLD;
    case AC_LINE_HEAD:
        return A_BOLD | colour;
    default:
        return A_NORMAL;
    }
}

static void put(size_t row, const char *text, attr_t attributes)
{
    attrset((int)attributes);
    mvaddnstr((int)row, 0, text, (int)ac_lines_fit(text, ac_screen_columns()));
}

void ac_screen_draw(const struct ac_lines *lines, const char *foot)
{
    size_t rows = ac_screen_rows();
    erase();
    for (size_t i = 0; i < lines->n && i + 1 < rows; i++)
        put(i, lines->text[i], attribute(lines->looks[i]));
    if (rows > 0)
        put(rows - 1, foot, A_REVERSE);
    refresh();
}

int ac_screen_key(int timeout_ms)
{
    timeout(timeout_ms);
    int key = getch();
    switch (key) {
    case ERR:
        return isatty(STDIN_FILENO) ? AC_KEY_NONE : AC_KEY_END;
    case KEY_RESIZE:
        return AC_KEY_RESIZE;
    case KEY_UP:
        return AC_KEY_UP;
    case KEY_DOWN:
        return AC_KEY_DOWN;
    default:
        return key < 256 ? key : AC_KEY_NONE;
    }
}
