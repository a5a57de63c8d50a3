/* SPDX-License-Identifier: MIT
 *
 * tcmalloc_names.c -- MallocExtension_*: the properties are acre's figures, others are refused, release gives
 * memory back, the text fits its buffer.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

#include "support/family.h"

static int (*get_property)(const char *, size_t *);
static void (*release)(void);
static void (*get_stats)(char *, int);

static size_t read_property(const char *name)
{
    size_t value = 0;
    CHECK_CASE("%s", name);
    CHECK_EQ(get_property(name, &value), 1);
    return value;
}

static void figures(void)
{
    size_t before = read_property("generic.current_allocated_bytes");
    void *block = malloc(1 << 20);
    memset(check_escape(block), 1, 1 << 20);
    size_t during = read_property("generic.current_allocated_bytes");
    CHECK_LE(before + (1 << 20), during);
    CHECK_LE(during, before + (1 << 20) + 65536);
    CHECK_LE(during, read_property("generic.heap_size"));
    free(block);
    CHECK_EQ(read_property("generic.current_allocated_bytes"), before);
    size_t cached = read_property("tcmalloc.current_total_thread_cache_bytes");
    free(check_escape(malloc(1000)));
    CHECK(read_property("tcmalloc.current_total_thread_cache_bytes") >= 1000);
    CHECK_LE(cached, read_property("generic.heap_size"));
}

static void unknown_properties(void)
{
    static const char *const names[] = {"", "generic", "generic.heap_siz",
                                        "tcmalloc.max_total_thread_cache_bytes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t value = 4711;
        CHECK_CASE("'%s'", names[i]);
        CHECK_EQ(get_property(names[i], &value), 0);
        CHECK_EQ(value, 4711);
    }
}

static void release_gives_back(void)
{
    free(memset(check_escape(malloc(1 << 19)), 1, 1 << 19));
    CHECK_LE(1 << 19, read_property("tcmalloc.pageheap_free_bytes"));
    size_t unmapped = read_property("tcmalloc.pageheap_unmapped_bytes");
    release();
    CHECK_EQ(read_property("tcmalloc.pageheap_free_bytes"), 0);
    CHECK_LE(unmapped + (1 << 19), read_property("tcmalloc.pageheap_unmapped_bytes"));
}

static void text_fits(void)
{
    char text[20000], byte = 'x';
    memset(text, 'x', sizeof text);
    get_stats(text, sizeof text);
    CHECK(strncmp(text, "acre ", 5) == 0);
    CHECK_EQ(text[strlen(text) - 1], '\n');
    memset(text, 'x', sizeof text);
    get_stats(text, 5);
    CHECK(memcmp(text, "acre\0xxx", 8) == 0);
    get_stats(&byte, 0);
    CHECK_EQ(byte, 'x');
    get_stats(&byte, 1);
    CHECK_EQ(byte, '\0');
}

int main(void)
{
    if (!family_on_acre())
        check_skip("acre does not serve malloc here");
    CHECK(*(void **)&get_property = dlsym(RTLD_DEFAULT, "MallocExtension_GetNumericProperty"));
    CHECK(*(void **)&release = dlsym(RTLD_DEFAULT, "MallocExtension_ReleaseFreeMemory"));
    CHECK(*(void **)&get_stats = dlsym(RTLD_DEFAULT, "MallocExtension_GetStats"));
    free(check_escape(malloc(1)));
    figures();
    unknown_properties();
    release_gives_back();
    text_fits();
    return 0;
}
