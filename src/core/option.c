/* SPDX-License-Identifier: MIT */
#include "core/option.h"

#include "base/bits.h"
#include "base/fmt.h"
#include "os/os.h"

#include <string.h>

const struct ac_option_row ac_option_row[AC_OPTION_COUNT] = {
#define AC_OPTION(name, type, dflt, min, max, unit, when, help)                                              \
    {#name, dflt, min, max, AC_OPTION_TYPE_##type, AC_OPTION_WHEN_##when},
#include "core/option.def"
#undef AC_OPTION
};

size_t ac_option_value[AC_OPTION_PAGE_BYTES / sizeof(size_t)] = {
#define AC_OPTION(name, type, dflt, min, max, unit, when, help) dflt,
#include "core/option.def"
#undef AC_OPTION
};

#define MAX_NAME 31

int ac_option_find(const char *name, size_t len)
{
    for (int i = 0; i < AC_OPTION_COUNT; i++) {
        if (strlen(ac_option_row[i].name) == len && memcmp(ac_option_row[i].name, name, len) == 0)
            return i;
    }
    return -1;
}

bool ac_option_accepts(int option, size_t value)
{
    const struct ac_option_row *row = &ac_option_row[option];
    bool must_be_pow2 = row->type == AC_OPTION_TYPE_POW2 && value != row->dflt;
    return value >= row->min && value <= row->max && (!must_be_pow2 || ac_is_pow2(value));
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein distance of two short names. */
static unsigned name_distance(const char *a, size_t alen, const char *b)
{
    unsigned row[MAX_NAME + 1];
    size_t blen = strlen(b);
    for (unsigned j = 0; j <= blen; j++)
        row[j] = j;
    for (unsigned i = 1; i <= alen; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= blen; j++) {
            unsigned above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[blen];
}

static const char *nearest_name(const char *name, size_t len)
{
    const char *best = "state";
    unsigned best_distance = name_distance(name, len, best);
    for (int i = 0; i < AC_OPTION_COUNT; i++) {
        unsigned d = name_distance(name, len, ac_option_row[i].name);
        if (d < best_distance) {
            best = ac_option_row[i].name;
            best_distance = d;
        }
    }
    return best;
}

static void warn(const char *what, const char *item, size_t len, const char *hint)
{
    char line[256];
    struct ac_fmt f = {line, sizeof line - 1, 0};
    ac_fmt_str(&f, "acre: ACRE_CONF: ");
    ac_fmt_str(&f, what);
    ac_fmt_str(&f, " '");
    for (size_t i = 0; i < len && i < 80; i++)
        ac_fmt_char(&f, item[i]);
    ac_fmt_str(&f, "'");
    ac_fmt_str(&f, hint);
    line[f.len++] = '\n';
    ac_os_write(2, line, f.len);
}

static void warn_unknown(const char *key, size_t key_len)
{
    char hint[64];
    struct ac_fmt f = {hint, sizeof hint - 1, 0};
    ac_fmt_str(&f, "; nearest is '");
    ac_fmt_str(&f, nearest_name(key, key_len < MAX_NAME ? key_len : MAX_NAME));
    ac_fmt_str(&f, "'");
    hint[f.len] = '\0';
    warn("unknown option", key, key_len, hint);
}

static bool parse_word(unsigned type, const char *s, size_t len, size_t *out)
{
    static const struct {
        uint8_t type;
        const char *word;
        size_t value;
    } words[] = {{AC_OPTION_TYPE_BOOL, "yes", 1},
                 {AC_OPTION_TYPE_BOOL, "on", 1},
                 {AC_OPTION_TYPE_BOOL, "true", 1},
                 {AC_OPTION_TYPE_BOOL, "no", 0},
                 {AC_OPTION_TYPE_BOOL, "off", 0},
                 {AC_OPTION_TYPE_BOOL, "false", 0},
                 {AC_OPTION_TYPE_ACTION, "abort", AC_ACTION_ABORT},
                 {AC_OPTION_TYPE_ACTION, "trap", AC_ACTION_TRAP},
                 {AC_OPTION_TYPE_ACTION, "report", AC_ACTION_REPORT}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        bool same = strlen(words[i].word) == len && memcmp(words[i].word, s, len) == 0;
        if (same && words[i].type == type) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

static unsigned suffix_shift(char c)
{
    switch (c | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    default:
        return 64;
    }
}

static bool parse_number(const char *s, size_t len, size_t *out)
{
    size_t n = 0;
    size_t i = 0;
    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++) {
        if (__builtin_mul_overflow(n, (size_t)10, &n) || __builtin_add_overflow(n, (size_t)(s[i] - '0'), &n))
            return false;
    }
    if (i == 0)
        return false;
    if (i + 1 == len) {
        unsigned shift = suffix_shift(s[i]);
        if (shift == 64 || (n << shift) >> shift != n)
            return false;
        n <<= shift;
        i++;
    }
    *out = n;
    return i == len;
}

static void parse_item(const char *item, size_t len, char *out_state, size_t state_cap)
{
    const char *eq = memchr(item, '=', len);
    if (eq == NULL) {
        warn("no value for", item, len, "; write key=value");
        return;
    }
    size_t key_len = (size_t)(eq - item);
    const char *value = eq + 1;
    size_t value_len = len - key_len - 1;
    if (key_len == 5 && memcmp(item, "state", 5) == 0) {
        if (value_len < state_cap) {
            memcpy(out_state, value, value_len);
            out_state[value_len] = '\0';
        }
        return;
    }
    int i = ac_option_find(item, key_len);
    size_t n;
    if (i < 0)
        warn_unknown(item, key_len);
    else if (!parse_number(value, value_len, &n) && !parse_word(ac_option_row[i].type, value, value_len, &n))
        warn("not a number:", item, len, "; kept the default");
    else if (!ac_option_accepts(i, n))
        warn("out of range:", item, len, "; kept the default");
    else
        ac_option_value[i] = n;
}

void ac_option_parse(const char *text, char *out_state, size_t state_cap)
{
    out_state[0] = '\0';
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");
        if (len != 0)
            parse_item(text, len, out_state, state_cap);
        text += len + (text[len] == ',');
    }
}
