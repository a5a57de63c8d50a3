/* SPDX-License-Identifier: MIT
 *
 * mallopt.c -- mallopt says 1 to every parameter glibc knows, to unknown ones too, and malloc works after
 * each.
 */
#include <malloc.h>

#include "support/family.h"

static const struct setting {
    const char *name;
    int parameter;
    int value;
} settings[] = {
    {"M_MXFAST", M_MXFAST, 0},
    {"M_MXFAST", M_MXFAST, 64},
    {"M_TRIM_THRESHOLD", M_TRIM_THRESHOLD, -1},
    {"M_TRIM_THRESHOLD", M_TRIM_THRESHOLD, 1 << 20},
    {"M_TOP_PAD", M_TOP_PAD, 1 << 16},
    {"M_MMAP_THRESHOLD", M_MMAP_THRESHOLD, 1 << 18},
    {"M_MMAP_MAX", M_MMAP_MAX, 0},
    {"M_MMAP_MAX", M_MMAP_MAX, 100},
    {"M_CHECK_ACTION", M_CHECK_ACTION, 1},
    {"M_PERTURB", M_PERTURB, 0x35},
    {"M_PERTURB", M_PERTURB, 0},
    {"M_ARENA_TEST", M_ARENA_TEST, 1},
    {"M_ARENA_MAX", M_ARENA_MAX, 1},
    {"M_ARENA_MAX", M_ARENA_MAX, 4},
    {"M_NLBLKS, unused", M_NLBLKS, 10},
    {"M_GRAIN, unused", M_GRAIN, 16},
    {"M_KEEP, unused", M_KEEP, 0},
    {"unknown", 12345, 1},
    {"unknown", -12345, 1},
};

static void malloc_works(void)
{
    for (size_t size = 0; size < 4u << 20; size = size * 5 + 11) {
        char *block = malloc(size);
        CHECK(block);
        memset(block, 'x', size);
        char *grown = realloc(block, size * 2 + 1);
        CHECK(grown);
        for (size_t at = 0; at < size; at += size / 50 + 1)
            CHECK_EQ(grown[at], 'x');
        free(grown);
    }
}

static void check_function(int (*set)(int, int))
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        CHECK_CASE("%s = %d", settings[i].name, settings[i].value);
        CHECK_EQ(set(settings[i].parameter, settings[i].value), 1);
        malloc_works();
    }
}

int main(void)
{
    void *alias = dlsym(RTLD_DEFAULT, "__libc_mallopt");
    check_function(mallopt);
    CHECK(alias);
    check_function((int (*)(int, int))alias);
    return 0;
}
