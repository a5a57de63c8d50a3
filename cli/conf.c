/* SPDX-License-Identifier: MIT
 *
 * conf.c -- the rows of core/option.def, and strings "key=value,key=value" checked against them.
 */
#include "conf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#define AC_TRADE(name, text) static const char trade_##name[] = text;
#include "trade.def"

const struct ac_option_row ac_options[] = {
#define AC_OPTION(name, type, initial, min, max, unit, when, help)                                           \
    {#name, AC_OPTION_##type, (uint64_t)(initial), (uint64_t)(min), (uint64_t)(max), unit, AC_OPTION_##when, \
     help,  trade_##name},
#include "core/option.def"
#undef AC_OPTION
};
const size_t ac_noptions = sizeof(ac_options) / sizeof(ac_options[0]);

const char *ac_option_type_name(enum ac_option_type type)
{
    static const char *const names[] = {"bool", "size", "ms", "count", "pow2", "action"};
    return names[type];
}

const struct ac_option_row *ac_option_find(const char *name, size_t name_length)
{
    for (size_t i = 0; i < ac_noptions; i++) {
        if (strlen(ac_options[i].name) == name_length && memcmp(ac_options[i].name, name, name_length) == 0)
            return &ac_options[i];
    }
    return NULL;
}

static const char *row_name(size_t i, const void *unused)
{
    (void)unused;
    return i < ac_noptions ? ac_options[i].name : "state";
}

const char *ac_option_nearest(const char *name)
{
    return ac_nearest(name, ac_noptions + 1, row_name, NULL);
}

const char *ac_option_text(const struct ac_option_row *row, uint64_t value, char text[AC_OPTION_TEXT_BYTES])
{
    static const char letters[] = "KMG";
    size_t power = 0;
    if (row->type == AC_OPTION_SIZE || row->type == AC_OPTION_POW2) {
        while (power < sizeof(letters) - 1 && value != 0 && value % 1024 == 0) {
            value /= 1024;
            power++;
        }
    }
    snprintf(text, AC_OPTION_TEXT_BYTES, power > 0 ? "%" PRIu64 "%c" : "%" PRIu64, value,
             letters[power ? power - 1 : 0]);
    return text;
}

bool ac_size_parse(const char *text, size_t length, uint64_t *out_value)
{
    static const char letters[] = "KMGkmg";
    uint64_t value = 0;
    size_t i = 0;
    for (; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (i == 0 || i + 1 < length)
        return false;
    if (i + 1 == length) {
        const char *letter = memchr(letters, text[i], sizeof(letters) - 1);
        unsigned power = letter ? (unsigned)((letter - letters) % 3 + 1) : 0;
        if (!letter || __builtin_mul_overflow(value, (uint64_t)1 << (10 * power), &value))
            return false;
    }
    *out_value = value;
    return true;
}

static bool parse_word(const char *text, size_t length, bool is_action, uint64_t *out_value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    static const char *const actions[] = {"abort", "trap", "report"};
    for (size_t i = 0; is_action && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strlen(actions[i]) == length && memcmp(actions[i], text, length) == 0) {
            *out_value = i;
            return true;
        }
    }
    for (size_t i = 0; !is_action && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0) {
            *out_value = i % 2;
            return true;
        }
    }
    return false;
}

/* Reads what core/option.c reads, so that nothing passes here and is refused there. */
static enum ac_conf_verdict judge_value(const struct ac_option_row *row, const char *text, size_t length,
                                        uint64_t *out_value)
{
    bool parsed = ac_size_parse(text, length, out_value);
    if (!parsed && (row->type == AC_OPTION_BOOL || row->type == AC_OPTION_ACTION))
        parsed = parse_word(text, length, row->type == AC_OPTION_ACTION, out_value);
    if (!parsed)
        return AC_CONF_BAD_VALUE;
    if (*out_value < row->min || *out_value > row->max)
        return AC_CONF_RANGE;
    bool is_pow2 = *out_value != 0 && (*out_value & (*out_value - 1)) == 0;
    bool must_be_pow2 = row->type == AC_OPTION_POW2 && *out_value != row->initial;
    return must_be_pow2 && !is_pow2 ? AC_CONF_POW2 : AC_CONF_OK;
}

bool ac_conf_next(const char **cursor, struct ac_conf_item *out_item)
{
    const char *start = *cursor + strspn(*cursor, ",");
    size_t length = strcspn(start, ",");
    *cursor = start + length;
    if (length == 0)
        return false;
    const char *equals = memchr(start, '=', length);
    size_t key_length = equals ? (size_t)(equals - start) : length;
    *out_item = (struct ac_conf_item){
        .text = start, .length = length, .key_length = key_length, .row = ac_option_find(start, key_length)};
    if (!out_item->row)
        out_item->verdict = AC_CONF_UNKNOWN;
    else if (!equals)
        out_item->verdict = AC_CONF_NO_VALUE;
    else
        out_item->verdict = judge_value(out_item->row, equals + 1, length - key_length - 1, &out_item->value);
    return true;
}

static void describe_unknown(const struct ac_conf_item *item, char *text, size_t text_bytes)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)item->key_length, item->text);
    const char *near = ac_option_nearest(name);
    if (near)
        snprintf(text, text_bytes, "there is no option '%s'; did you mean '%s'?", name, near);
    else
        snprintf(text, text_bytes, "there is no option '%s'; `acre options` lists all", name);
}

void ac_conf_describe(const struct ac_conf_item *item, char *text, size_t text_bytes)
{
    static const char *const expected[] = {
        "0 or 1, no or yes, off or on", "a number of bytes such as 65536, 64K or 4M",
        "a number of milliseconds",     "a whole number",
        "a power of two such as 16K",   "abort, trap or report"};
    text[0] = '\0';
    if (item->verdict == AC_CONF_UNKNOWN) {
        describe_unknown(item, text, text_bytes);
        return;
    }
    const struct ac_option_row *row = item->row;
    char min[AC_OPTION_TEXT_BYTES];
    char max[AC_OPTION_TEXT_BYTES];
    if (item->verdict == AC_CONF_RANGE)
        snprintf(text, text_bytes, "'%.*s' is out of range: %s takes %s to %s", (int)item->length, item->text,
                 row->name, ac_option_text(row, row->min, min), ac_option_text(row, row->max, max));
    else if (item->verdict == AC_CONF_POW2)
        snprintf(text, text_bytes, "'%.*s' is not a power of two: %s takes one, or %s", (int)item->length,
                 item->text, row->name, ac_option_text(row, row->initial, min));
    else if (item->verdict != AC_CONF_OK)
        snprintf(text, text_bytes, "'%.*s' has no value acre can read: %s takes %s", (int)item->length,
                 item->text, row->name, expected[row->type]);
}

void ac_conf_without(const char *conf, const char *key, char *out)
{
    size_t used = 0;
    struct ac_conf_item item;
    while (ac_conf_next(&conf, &item)) {
        if (item.key_length == strlen(key) && memcmp(item.text, key, item.key_length) == 0)
            continue;
        if (used > 0)
            out[used++] = ',';
        memcpy(out + used, item.text, item.length);
        used += item.length;
    }
    out[used] = '\0';
}

bool ac_conf_value(const char *conf, const struct ac_option_row *row, uint64_t *out_value)
{
    bool found = false;
    struct ac_conf_item item;
    while (ac_conf_next(&conf, &item)) {
        if (item.row == row && item.verdict == AC_CONF_OK) {
            *out_value = item.value;
            found = true;
        }
    }
    return found;
}
