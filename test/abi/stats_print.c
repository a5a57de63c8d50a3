/* SPDX-License-Identifier: MIT
 *
 * stats_print.c -- acre_stats_print: errors, and a writer that allocates. With the name of a format as its
 * argument the program writes the statistics of a known heap to stdout, and acre_stats_get's before them, for
 * stats_print.py.
 */
#include <acre/acre.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "support/check.h"

enum { BLOCKS = 1000 };

struct text {
    char *bytes;
    size_t len;
};

static void collect(void *context, const char *text, size_t len)
{
    struct text *all = context;
    CHECK(all->bytes = realloc(all->bytes, all->len + len + 1));
    memcpy(all->bytes + all->len, text, len);
    all->len += len;
    all->bytes[all->len] = '\0';
}

static void refuse_to_write(void *context, const char *text, size_t len)
{
    (void)context;
    check_note("written though the call was refused: %.*s", (int)len, text);
    _exit(1);
}

static void unknown_formats(void)
{
    static const int formats[] = {-1, ACRE_STATS_PROMETHEUS + 1, 1000};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        CHECK_EQ(acre_stats_print((enum acre_stats_format)formats[i], refuse_to_write, NULL), EINVAL);
}

static void every_format_writes(void)
{
    static const char *const starts[] = {("acre " ACRE_VERSION_STRING), "{\"schema\":\"acre.stats/1\"",
                                         "# HELP acre_"};
    for (int format = ACRE_STATS_TEXT; format <= ACRE_STATS_PROMETHEUS; format++) {
        struct text text = {0};
        CHECK_CASE("format %d", format);
        errno = 0;
        CHECK_EQ(acre_stats_print((enum acre_stats_format)format, collect, &text), 0);
        CHECK_ERRNO(0);
        CHECK(strncmp(text.bytes, starts[format], strlen(starts[format])) == 0);
        CHECK_EQ(text.bytes[text.len - 1], '\n');
        CHECK_EQ(strlen(text.bytes), text.len);
        free(text.bytes);
    }
}

static void without_memory(void)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_AS, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 4096;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    CHECK_EQ(acre_stats_print(ACRE_STATS_JSON, refuse_to_write, NULL), ENOMEM);
    limit.rlim_cur = before;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
}

static void write_out(void *context, const char *text, size_t len)
{
    (void)context;
    CHECK_EQ(write(STDOUT_FILENO, text, len), len);
}

static void print_a_known_heap(const char *format)
{
    char line[64];
    for (size_t i = 0; i < BLOCKS; i++)
        CHECK(check_escape(malloc(100)));
    CHECK(check_escape(malloc(100000)));
    struct acre_stats stats = {.size = sizeof stats};
    CHECK_EQ(acre_stats_get(&stats), 0);
    for (unsigned i = 0; i < stats.nstats; i++) {
        int len = snprintf(line, sizeof line, "%llu ", (&stats.small_live_bytes)[i]);
        CHECK_EQ(write(STDOUT_FILENO, line, (size_t)len), len);
    }
    CHECK_EQ(write(STDOUT_FILENO, "\n", 1), 1);
    CHECK_EQ(acre_stats_print(strcmp(format, "json") == 0 ? ACRE_STATS_JSON : ACRE_STATS_PROMETHEUS,
                              write_out, NULL),
             0);
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        print_a_known_heap(argv[1]);
        return 0;
    }
    unknown_formats();
    every_format_writes();
    without_memory();
    return 0;
}
