/* SPDX-License-Identifier: MIT
 *
 * test_option.c -- core/option.c: every way an item can be right or wrong, and what is said about it.
 */
#include "core/option.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <errno.h>
#include <stdio.h>

#define STATE_CAP 16

static char state_path[STATE_CAP];

/* Parse from the defaults; returns what was said. */
static const char *parse(const char *text)
{
    sigjmp_buf quiet;
    for (int i = 0; i < AC_OPTION_COUNT; i++)
        ac_option_value[i] = ac_option_row[i].dflt;
    ac_fake_forget_written();
    ac_fake_catch_abort(&quiet);
    ac_option_parse(text, state_path, sizeof state_path);
    ac_fake_catch_abort(NULL);
    return ac_fake_written();
}

static void expect(const char *text, enum ac_option option, size_t value)
{
    assert_string_equal(parse(text), "");
    assert_int_equal(ac_option_value[option], value);
}

static void expect_warning(const char *text, const char *warning)
{
    assert_string_equal(parse(text), warning);
    for (int i = 0; i < AC_OPTION_COUNT; i++)
        assert_int_equal(ac_option_value[i], ac_option_row[i].dflt);
}

static void test_option__rows_are_sound(void **state)
{
    (void)state;
    assert_in_range(AC_OPTION_COUNT, 1, 20);
    for (int i = 0; i < AC_OPTION_COUNT; i++) {
        const struct ac_option_row *row = &ac_option_row[i];
        assert_true(row->min <= row->dflt && row->dflt <= row->max);
        assert_true(strlen(row->name) <= 31);
        assert_int_equal(ac_option_find(row->name, strlen(row->name)), i);
        assert_int_equal(ac_option_value[i], row->dflt);
    }
}

static void test_option__find_wants_the_whole_name(void **state)
{
    (void)state;
    assert_int_equal(ac_option_find("decay_ms", 8), AC_OPTION_decay_ms);
    assert_int_equal(ac_option_find("decay_ms", 7), -1);
    assert_int_equal(ac_option_find("decay_msx", 9), -1);
    assert_int_equal(ac_option_find("DECAY_MS", 8), -1);
    assert_int_equal(ac_option_find("", 0), -1);
}

static void test_option__numbers_and_suffixes(void **state)
{
    (void)state;
    expect("decay_ms=250", AC_OPTION_decay_ms, 250);
    expect("decay_ms=007", AC_OPTION_decay_ms, 7);
    expect("dirty_min=64k", AC_OPTION_dirty_min, 65536);
    expect("dirty_min=64K", AC_OPTION_dirty_min, 65536);
    expect("dirty_min=3m", AC_OPTION_dirty_min, 3u << 20);
    expect("dirty_min=3M", AC_OPTION_dirty_min, 3u << 20);
    expect("dirty_min=2g", AC_OPTION_dirty_min, (size_t)2 << 30);
    expect("dirty_min=2G", AC_OPTION_dirty_min, (size_t)2 << 30);
    expect("dirty_min=0", AC_OPTION_dirty_min, 0);
    expect("shards=253", AC_OPTION_shards, 253);
}

static void test_option__words_of_booleans(void **state)
{
    static const char *const yes[] = {"1", "yes", "on", "true"};
    static const char *const no[] = {"0", "no", "off", "false"};
    char text[64];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        strcpy(text, "helper=");
        expect(strcat(text, no[i]), AC_OPTION_helper, 0);
        strcpy(text, "helper=0,helper=");
        expect(strcat(text, yes[i]), AC_OPTION_helper, 1);
    }
    expect_warning("decay_ms=yes", "acre: ACRE_CONF: not a number: 'decay_ms=yes'; kept the default\n");
    expect_warning("helper=Yes", "acre: ACRE_CONF: not a number: 'helper=Yes'; kept the default\n");
    expect_warning("helper=tru", "acre: ACRE_CONF: not a number: 'helper=tru'; kept the default\n");
}

static void test_option__what_is_no_number(void **state)
{
    static const char *const values[] = {"",
                                         "x",
                                         "-1",
                                         "+1",
                                         " 1",
                                         "1 ",
                                         "1.5",
                                         "0x10",
                                         "k",
                                         "1kb",
                                         "1kk",
                                         "1t",
                                         "18446744073709551616",
                                         "99999999999999999999999",
                                         "18014398509481984k",
                                         "17179869184g"};
    (void)state;
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[64] = "dirty_min=";
        char warning[160] = "acre: ACRE_CONF: not a number: '";
        strcat(text, values[i]);
        expect_warning(text, strcat(strcat(warning, text), "'; kept the default\n"));
    }
}

static void test_option__ranges(void **state)
{
    (void)state;
    for (int i = 0; i < AC_OPTION_COUNT; i++) {
        const struct ac_option_row *row = &ac_option_row[i];
        const size_t values[] = {row->min, row->max, row->max + 1, row->max * 2 + 2};
        for (unsigned k = 0; k < 4; k++) {
            char text[80];
            snprintf(text, sizeof text, "%s=%zu", row->name, values[k]);
            const char *said = parse(text);
            assert_int_equal(ac_option_value[i], k < 2 ? values[k] : row->dflt);
            assert_true((strstr(said, "acre: ACRE_CONF: out of range: '") == said) == (k >= 2));
        }
    }
}

static void test_option__unknown_names_the_nearest(void **state)
{
    static const char *const pairs[][2] = {
        {"decay=1", "decay_ms"},      {"decayms=1", "decay_ms"},
        {"helpers=1", "helper"},      {"shard=1", "shards"},
        {"stat=x", "state"},          {"pagesize=1", "page_size"},
        {"dirty_max=1", "dirty_min"}, {"foreign_libc=1", "foreign_to_libc"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char warning[200];
        size_t len = strcspn(pairs[i][0], "=");
        snprintf(warning, sizeof warning, "acre: ACRE_CONF: unknown option '%.*s'; nearest is '%s'\n",
                 (int)len, pairs[i][0], pairs[i][1]);
        expect_warning(pairs[i][0], warning);
    }
    /* Longer than any name: still one line with some name. */
    const char *said = parse("a_name_that_is_much_longer_than_any_name_of_an_option_could_ever_be=1");
    assert_non_null(strstr(said, "unknown option 'a_name_that_is_much_longer"));
    assert_non_null(strstr(said, "nearest is '"));
    expect_warning("=1", "acre: ACRE_CONF: unknown option ''; nearest is 'state'\n");
}

static void test_option__items(void **state)
{
    (void)state;
    expect_warning("helper", "acre: ACRE_CONF: no value for 'helper'; write key=value\n");
    expect_warning("", "");
    expect_warning(",,,", "");
    assert_string_equal(parse(NULL), "");
    assert_string_equal(parse(",decay_ms=5,,helper=0,"), "");
    assert_int_equal(ac_option_value[AC_OPTION_decay_ms], 5);
    assert_int_equal(ac_option_value[AC_OPTION_helper], 0);
    assert_string_equal(parse("decay_ms=5,bad,helper=0,shards=999"),
                        "acre: ACRE_CONF: no value for 'bad'; write key=value\n"
                        "acre: ACRE_CONF: out of range: 'shards=999'; kept the default\n");
    assert_int_equal(ac_option_value[AC_OPTION_helper], 0);
    assert_string_equal(parse("decay_ms=5,decay_ms=6"), "");
    assert_int_equal(ac_option_value[AC_OPTION_decay_ms], 6);
}

static void test_option__long_items_are_cut(void **state)
{
    char text[1000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *said = parse(text);
    assert_true(strlen(said) < 256);
    assert_non_null(strstr(said, "'; write key=value\n"));
}

static void test_option__state_is_copied(void **state)
{
    (void)state;
    assert_string_equal(parse("state=/a/b,decay_ms=5"), "");
    assert_string_equal(state_path, "/a/b");
    assert_string_equal(parse("decay_ms=5"), "");
    assert_string_equal(state_path, "");
    parse("state=/0123456789abc");
    assert_string_equal(state_path, "/0123456789abc");
    parse("state=/0123456789abcdef");
    assert_true(strlen(state_path) < STATE_CAP);
}

static void test_option__api(void **state)
{
    size_t value = 77;
    (void)state;
    assert_int_equal(acre_option_get("nonsense", &value), ENOENT);
    assert_int_equal(value, 77);
    assert_int_equal(acre_option_get("decay_ms", &value), 0);
    assert_int_equal(value, 1000);
    assert_int_equal(acre_option_set("nonsense", 1), ENOENT);
    assert_int_equal(acre_option_set("shards", 1), EPERM);
    assert_int_equal(acre_option_set("decay_ms", 3600001), ERANGE);
    assert_int_equal(acre_option_set("decay_ms", 3600000), 0);
    assert_int_equal(acre_option_get("decay_ms", &value), 0);
    assert_int_equal(value, 3600000);
    assert_string_equal(acre_version(), ACRE_VERSION_STRING);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_option__rows_are_sound),
    UNIT_TEST(test_option__find_wants_the_whole_name),
    UNIT_TEST(test_option__numbers_and_suffixes),
    UNIT_TEST(test_option__words_of_booleans),
    UNIT_TEST(test_option__what_is_no_number),
    UNIT_TEST(test_option__ranges),
    UNIT_TEST(test_option__unknown_names_the_nearest),
    UNIT_TEST(test_option__items),
    UNIT_TEST(test_option__long_items_are_cut),
    UNIT_TEST(test_option__state_is_copied),
    UNIT_TEST(test_option__api),
};
UNIT_MAIN(tests)
