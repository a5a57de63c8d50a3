/* SPDX-License-Identifier: MIT
 *
 * conf.h -- the rows of core/option.def, and strings "key=value,key=value" checked against them.
 *
 * Knows:      names, types, ranges; how a value is written and read.
 * Does not know: what an option does; that the library reads the same strings (core/option.c) is checked by
 *             test/run.
 */
#ifndef AC_CLI_CONF_H
#define AC_CLI_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ac_option_type {
    AC_OPTION_BOOL,
    AC_OPTION_SIZE,
    AC_OPTION_MS,
    AC_OPTION_COUNT,
    AC_OPTION_POW2,
    AC_OPTION_ACTION
};
enum ac_option_when { AC_OPTION_START, AC_OPTION_RUN };

struct ac_option_row {
    const char *name;
    enum ac_option_type type;
    uint64_t initial;
    uint64_t min;
    uint64_t max;
    const char *unit;
    enum ac_option_when when;
    const char *help;
    const char *trade; /* what a higher and a lower value buy and cost */
};

extern const struct ac_option_row ac_options[];
extern const size_t ac_noptions;

enum { AC_OPTION_TEXT_BYTES = 32 };

const char *ac_option_type_name(enum ac_option_type type);

/* The row called by these bytes, or NULL. */
const struct ac_option_row *ac_option_find(const char *name, size_t name_length);

/* The name nearest to a word that is no option, or NULL; `state`, which is none, may be meant too. */
const char *ac_option_nearest(const char *name);

/* Writes a value the way it may be given in ACRE_CONF. Returns text. */
const char *ac_option_text(const struct ac_option_row *row, uint64_t value, char text[AC_OPTION_TEXT_BYTES]);

enum ac_conf_verdict {
    AC_CONF_OK,
    AC_CONF_UNKNOWN,   /* no such option                */
    AC_CONF_NO_VALUE,  /* no "=value"                   */
    AC_CONF_BAD_VALUE, /* not a value of the type       */
    AC_CONF_POW2,      /* not a power of two            */
    AC_CONF_RANGE      /* outside min to max            */
};

/* One "key=value" of a string, as found. */
struct ac_conf_item {
    const char *text; /* into the string               */
    size_t length;
    size_t key_length;
    const struct ac_option_row *row; /* NULL: unknown  */
    uint64_t value;                  /* when AC_CONF_OK */
    enum ac_conf_verdict verdict;
};

/* Reads the item at *cursor and moves the cursor behind it; false at the end of the string. Empty items are
 * passed over. */
bool ac_conf_next(const char **cursor, struct ac_conf_item *out_item);

/* Reads digits with an optional binary suffix: 64K, 4M. */
bool ac_size_parse(const char *text, size_t length, uint64_t *out_value);

/* Writes what is wrong with an item, with the nearest name or the range; nothing for AC_CONF_OK. */
void ac_conf_describe(const struct ac_conf_item *item, char *text, size_t text_bytes);

/* Writes conf into out without its items of this key. out holds strlen(conf) + 1 bytes. */
void ac_conf_without(const char *conf, const char *key, char *out);

/* The last value given for row in conf; false when there is none. */
bool ac_conf_value(const char *conf, const struct ac_option_row *row, uint64_t *out_value);

#endif
