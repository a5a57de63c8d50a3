/* SPDX-License-Identifier: MIT
 *
 * jemalloc_names.c -- mallctl and its relatives by jemalloc's manual: types, errors, mibs, arena numbers; the
 * figures are acre's; and what acre does not know reaches a jemalloc that the program has besides
 * (jemalloc_next.c).
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "support/family.h"

static int (*mallctl)(const char *, void *, size_t *, void *, size_t);
static int (*mallctlnametomib)(const char *, size_t *, size_t *);
static int (*mallctlbymib)(const size_t *, size_t, void *, size_t *, void *, size_t);
static void (*malloc_stats_print)(void (*)(void *, const char *), void *, const char *);

static const char *const sizes[] = {"stats.allocated", "stats.active", "stats.resident", "stats.mapped",
                                    "stats.metadata"};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static size_t read_size(const char *name)
{
    size_t value = 0, len = sizeof value;
    CHECK_CASE("%s", name);
    CHECK_EQ(mallctl(name, &value, &len, NULL, 0), 0);
    CHECK_EQ(len, sizeof value);
    return value;
}

static void figures(void)
{
    size_t before = read_size("stats.allocated");
    void *block = malloc(1 << 20);
    memset(check_escape(block), 1, 1 << 20);
    CHECK_LE(before + (1 << 20), read_size("stats.allocated"));
    CHECK_LE(read_size("stats.allocated"), before + (1 << 20) + 65536);
    CHECK_LE(read_size("stats.allocated"), read_size("stats.active"));
    CHECK_LE(read_size("stats.active") + read_size("stats.metadata"), read_size("stats.resident"));
    CHECK_LE(read_size("stats.allocated"), read_size("stats.mapped"));
    CHECK_EQ(read_size("stats.active") % 4096, 0);
    CHECK(read_size("stats.metadata") > 0);
    free(block);
    CHECK_EQ(read_size("stats.allocated"), before);
}

static void sizes_and_writes(void)
{
    unsigned char bytes[16];
    for (size_t i = 0; i < SIZES; i++) {
        size_t len = 4, whole = read_size(sizes[i]);
        CHECK_EQ(mallctl(sizes[i], bytes, &len, NULL, 0), EINVAL); /* as much as fits */
        CHECK_EQ(len, 4);
        CHECK(memcmp(bytes, &whole, 4) == 0);
        len = sizeof bytes;
        CHECK_EQ(mallctl(sizes[i], bytes, &len, NULL, 0), EINVAL);
        CHECK_EQ(len, sizeof whole);
        CHECK_EQ(mallctl(sizes[i], NULL, NULL, &whole, sizeof whole), EPERM);
        CHECK_EQ(mallctl(sizes[i], NULL, NULL, NULL, 0), 0);
    }
    unsigned narenas = 0;
    size_t len = sizeof narenas;
    CHECK_EQ(mallctl("arenas.narenas", &narenas, &len, NULL, 0), 0);
    CHECK_EQ(narenas, 1);
    CHECK_EQ(mallctl("arenas.narenas", NULL, NULL, &narenas, sizeof narenas), EPERM);
    const char *version = NULL;
    len = sizeof version;
    CHECK_EQ(mallctl("version", &version, &len, NULL, 0), 0);
    CHECK(strncmp(version, "acre ", 5) == 0);
}

static void unknown_names(void)
{
    static const char *const names[] = {"",
                                        "stats",
                                        "stats.",
                                        "thread.allocated",
                                        "thread.allocatedp",
                                        "prof.active",
                                        "opt.prof",
                                        "arenas.create",
                                        "arena.2.purge",
                                        "arena.4095.purge",
                                        "arena.99999999999999999999999.purge",
                                        "arena..purge",
                                        "arena.0.purge.",
                                        "arena.0.reset",
                                        "arena.x.purge"};
    char bytes[8];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len = sizeof bytes, mib[4], nparts = 4;
        CHECK_CASE("'%s'", names[i]);
        CHECK_EQ(mallctl(names[i], bytes, &len, NULL, 0), ENOENT);
        CHECK_EQ(mallctlnametomib(names[i], mib, &nparts), ENOENT);
    }
    CHECK_EQ(mallctlbymib((size_t[]){0, 1}, 2, NULL, NULL, NULL, 0), ENOENT);
}

static void epoch_and_background_thread(void)
{
    uint64_t one = 1, first = 0, second = 0;
    size_t len = sizeof first, helper = 4711;
    int (*option_get)(const char *, size_t *);
    CHECK(*(void **)&option_get = dlsym(RTLD_DEFAULT, "acre_option_get"));
    CHECK_CASE("%s", "epoch, background_thread");
    CHECK_EQ(mallctl("epoch", &first, &len, &one, sizeof one), 0);
    CHECK_EQ(mallctl("epoch", &second, &len, &one, sizeof one), 0);
    CHECK_EQ(second, first + 1);
    CHECK_EQ(mallctl("epoch", &first, &len, NULL, 0), 0);
    CHECK_EQ(first, second);
    CHECK_EQ(mallctl("epoch", NULL, NULL, &one, 4), EINVAL);

    bool was = false, is = false;
    len = sizeof was;
    CHECK_EQ(mallctl("background_thread", &was, &len, &(bool){false}, sizeof(bool)), 0);
    CHECK_EQ(was, true);
    CHECK_EQ(option_get("helper", &helper), 0);
    CHECK_EQ(helper, 0);
    CHECK_EQ(mallctl("background_thread", &is, &len, &(bool){true}, sizeof(bool)), 0);
    CHECK_EQ(is, false);
    CHECK_EQ(option_get("helper", &helper), 0);
    CHECK_EQ(helper, 1);
    CHECK_EQ(mallctl("background_thread", NULL, NULL, &one, sizeof one), EINVAL);
}

static void make_dirty(void)
{
    free(memset(check_escape(malloc(1 << 19)), 1, 1 << 19));
}

static size_t dirty_bytes(void)
{
    return read_size("stats.resident") - read_size("stats.active") - read_size("stats.metadata");
}

static void purging(void)
{
    static const char *const names[] = {"arena.0.purge", "arena.1.purge", "arena.4096.purge"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        make_dirty();
        CHECK_LE(1 << 19, dirty_bytes());
        CHECK_CASE("%s", names[i]);
        CHECK_EQ(mallctl(names[i], &(int){0}, &(size_t){4}, NULL, 0), EPERM);
        CHECK_EQ(mallctl(names[i], NULL, NULL, &(int){0}, 4), EPERM);
        CHECK_EQ(mallctl(names[i], NULL, NULL, NULL, 0), 0);
        CHECK_EQ(dirty_bytes(), 0);
    }
}

static void mibs(void)
{
    size_t mib[4] = {0}, nparts = 4, value = 0, len = sizeof value;
    CHECK_CASE("%s", "mibs");
    CHECK_EQ(mallctlnametomib("stats.allocated", mib, &nparts), 0);
    CHECK_EQ(nparts, 2);
    CHECK_EQ(mallctlbymib(mib, nparts, &value, &len, NULL, 0), 0);
    CHECK_EQ(value, read_size("stats.allocated"));
    CHECK_EQ(mallctlbymib(mib, 1, &value, &len, NULL, 0), ENOENT);
    CHECK_EQ(mallctlbymib(mib, 3, &value, &len, NULL, 0), ENOENT);
    nparts = 1;
    mib[1] = 4711;
    CHECK_EQ(mallctlnametomib("stats.active", mib, &nparts), 0);
    CHECK_EQ(nparts, 1);
    CHECK_EQ(mib[1], 4711);
    nparts = 4;
    CHECK_EQ(mallctlnametomib("arena.0.purge", mib, &nparts), 0);
    CHECK_EQ(nparts, 3);
    mib[1] = 4096; /* as callers do */
    make_dirty();
    CHECK_EQ(mallctlbymib(mib, nparts, NULL, NULL, NULL, 0), 0);
    CHECK_EQ(dirty_bytes(), 0);
    mib[1] = 17;
    CHECK_EQ(mallctlbymib(mib, nparts, NULL, NULL, NULL, 0), ENOENT);
}

static void see_text(void *context, const char *text)
{
    static const char *const starts[] = {"acre ", "{\"schema\":"};
    int *format = context;
    CHECK(strncmp(text, starts[*format], strlen(starts[*format])) == 0);
    CHECK_EQ(text[strlen(text) - 1], '\n');
    *format += 100;
}

static void printing(void)
{
    int format = 0;
    malloc_stats_print(see_text, &format, NULL);
    CHECK_EQ(format, 100);
    format = 1;
    malloc_stats_print(see_text, &format, "gJ");
    CHECK_EQ(format, 101);
}

/* All of jemalloc is looked for by the names of mallocx: those are not here. */
static void is_not_taken_for_jemalloc(void)
{
    static const char *const names[] = {"mallocx", "rallocx", "sdallocx", "nallocx", "xallocx", "sallocx"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK(dlsym(RTLD_DEFAULT, names[i]) == NULL);
}

static void unknown_names_reach_jemalloc(void)
{
    size_t mib[4], nparts = 4, value = 0, len = sizeof value;
    CHECK(dlopen("./abi.jemalloc_next.so", RTLD_NOW | RTLD_GLOBAL) != NULL);
    CHECK_CASE("%s", "with jemalloc besides");
    CHECK_EQ(mallctl("arenas.create", &value, &len, NULL, 0), 0);
    CHECK_EQ(value, 4711);
    CHECK_EQ(mallctl("thread.allocated", &value, &len, NULL, 0), ENOENT);
    CHECK_EQ(mallctlnametomib("arenas.create", mib, &nparts), 0);
    CHECK_EQ(nparts, 2);
    CHECK_EQ(mallctlbymib(mib, nparts, &value, &len, NULL, 0), 0);
    CHECK_EQ(value, 4712);
    CHECK(read_size("stats.allocated") != 4711);
}

int main(void)
{
    if (!family_on_acre())
        check_skip("acre does not serve malloc here");
    CHECK(*(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl"));
    CHECK(*(void **)&mallctlnametomib = dlsym(RTLD_DEFAULT, "mallctlnametomib"));
    CHECK(*(void **)&mallctlbymib = dlsym(RTLD_DEFAULT, "mallctlbymib"));
    CHECK(*(void **)&malloc_stats_print = dlsym(RTLD_DEFAULT, "malloc_stats_print"));
    free(check_escape(malloc(1)));
    figures();
    sizes_and_writes();
    unknown_names();
    epoch_and_background_thread();
    purging();
    mibs();
    printing();
    is_not_taken_for_jemalloc();
    unknown_names_reach_jemalloc();
    return 0;
}
