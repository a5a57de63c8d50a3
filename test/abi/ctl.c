/* SPDX-License-Identifier: MIT
 *
 * ctl.c -- acre_ctl: every statistic and option by its name, the two things besides, and each error for what
 * the header says it is; a refused call has done nothing.
 */
#include <acre/acre.h>
#include <errno.h>
#include <stdlib.h>

#include "support/check.h"

static const char *const statistics[] = {
#define AC_STAT(name, kind, unit, help) "stats." #name,
#include "core/stat.def"
#undef AC_STAT
};

enum { STATISTICS = sizeof statistics / sizeof statistics[0], UNTOUCHED = 4711 };

typedef unsigned long long number;

static number read_number(const char *name)
{
    number value = UNTOUCHED;
    size_t size = sizeof value;
    CHECK_CASE("%s", name);
    CHECK_EQ(acre_ctl(name, &value, &size, NULL, 0), 0);
    CHECK_EQ(size, sizeof value);
    return value;
}

static void statistics_are_those_of_stats_get(void)
{
    struct acre_stats stats = {.size = sizeof stats};
    CHECK_EQ(acre_stats_get(&stats), 0);
    CHECK_EQ(stats.nstats, STATISTICS);
    for (size_t i = 0; i < STATISTICS; i++)
        CHECK_EQ(read_number(statistics[i]), (&stats.small_live_bytes)[i]);
    void *block = malloc(100000);
    CHECK_EQ(read_number("stats.large_live_objects"), stats.large_live_objects + 1);
    CHECK_EQ(read_number("stats.large_live_bytes"), stats.large_live_bytes + acre_good_size(100000));
    free(block);
}

static void check_refused(const char *name, size_t size, const void *in, size_t in_size, int error)
{
    number values[2] = {UNTOUCHED, UNTOUCHED};
    size_t size_then = size;
    CHECK_CASE("'%s' out %zu in %zu", name, size, in_size);
    errno = 0;
    CHECK_EQ(acre_ctl(name, values, &size_then, in, in_size), error);
    CHECK_ERRNO(0);
    CHECK_EQ(values[0], UNTOUCHED);
    CHECK_EQ(values[1], UNTOUCHED);
    CHECK_EQ(size_then, size);
}

static void unknown_names(void)
{
    static const char *const names[] = {
        "",        "stats",    "stats.",   "stats.nonsense",     "stats.small_live_byte",
        "option.", "option",   "option.x", "option.decay_ms ",   "Trim",
        "trim.",   "version.", "versio",   "stats.stats.threads"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_refused(names[i], sizeof(number), NULL, 0, ENOENT);
}

static void wrong_sizes_and_writes(void)
{
    size_t value = 1;
    int small = 1;
    check_refused("stats.threads", 4, NULL, 0, EINVAL);
    check_refused("stats.threads", 16, NULL, 0, EINVAL);
    check_refused("stats.threads", 8, &value, sizeof value, EPERM);
    check_refused("version", 4, NULL, 0, EINVAL);
    check_refused("version", 8, &value, sizeof value, EPERM);
    check_refused("trim", 8, NULL, 0, EINVAL);
    check_refused("trim", 4, &small, sizeof small, EPERM);
    check_refused("option.decay_ms", 4, NULL, 0, EINVAL);
    check_refused("option.decay_ms", 4, &value, sizeof value, EINVAL);
}

static size_t option_value(const char *name)
{
    size_t value = UNTOUCHED;
    CHECK_EQ(acre_option_get(name, &value), 0);
    return value;
}

static void options_are_read_and_written(void)
{
    size_t before = option_value("decay_ms"), old = UNTOUCHED, size = sizeof old, wanted = 777;
    CHECK_CASE("%s", "option.decay_ms");
    CHECK_EQ(acre_ctl("option.decay_ms", &old, &size, &wanted, sizeof wanted), 0);
    CHECK_EQ(old, before);
    CHECK_EQ(option_value("decay_ms"), wanted);
    CHECK_EQ(acre_ctl("option.decay_ms", NULL, NULL, &wanted, 4), EINVAL);
    wanted = SIZE_MAX;
    CHECK_EQ(acre_ctl("option.decay_ms", NULL, NULL, &wanted, sizeof wanted), ERANGE);
    CHECK_EQ(option_value("decay_ms"), 777);
    CHECK_EQ(acre_ctl("option.shards", NULL, NULL, &(size_t){4}, sizeof(size_t)), EPERM);
    CHECK_EQ(acre_ctl("option.decay_ms", NULL, NULL, &before, sizeof before), 0);
    CHECK_EQ(option_value("decay_ms"), before);
}

static void version_and_trim(void)
{
    const char *version = NULL;
    size_t size = sizeof version;
    CHECK_CASE("%s", "version, trim");
    CHECK_EQ(acre_ctl("version", &version, &size, NULL, 0), 0);
    CHECK(version != NULL && strcmp(version, ACRE_VERSION_STRING) == 0);

    void *block = malloc(900000);
    memset(check_escape(block), 1, 900000);
    free(block);
    int given = -1;
    size = sizeof given;
    CHECK_EQ(acre_ctl("trim", &given, &size, NULL, 0), 0);
    CHECK_EQ(given, 1);
    CHECK_EQ(read_number("stats.dirty_bytes"), 0);
    CHECK_EQ(acre_ctl("trim", NULL, NULL, NULL, 0), 0);
}

int main(void)
{
    free(check_escape(malloc(1)));
    statistics_are_those_of_stats_get();
    unknown_names();
    wrong_sizes_and_writes();
    options_are_read_and_written();
    version_and_trim();
    return 0;
}
