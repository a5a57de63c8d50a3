/* SPDX-License-Identifier: MIT
 *
 * first_call.c -- any function with any size may be the first the process calls; what was set up for a
 * block too early must still be there when the rest of the allocator has come up. Each case is a process
 * of its own.
 */
#include <malloc.h>
#include <spawn.h>
#include <sys/wait.h>

#include "support/family.h"
#include "support/memory.h"

extern char **environ;

static const char *const sizes[] = {"0", "100", "32768", "32769", "1000000", "3000000", "40000000"};

enum { SIZE_COUNT = sizeof sizes / sizeof sizes[0], LATER = 6, STRIDE = 40960 };

static const size_t later_sizes[LATER] = {1, 100, 5000, 40000, 1500000, 20000000};

/* The first block, then blocks of every kind, and all of it again in another order. */
static int run_case(const struct family *row, size_t size)
{
    void *later[LATER];
    CHECK_CASE("first call %s(%zu)", row->name, size);
    void *first = family_alloc(row, size);
    CHECK(first);
    memory_fill(first, size, 1, STRIDE);
    for (size_t i = 0; i < LATER; i++) {
        later[i] = malloc(later_sizes[i]);
        CHECK(later[i]);
        memory_fill(later[i], later_sizes[i], i, STRIDE);
    }
    CHECK(memory_holds(first, size, 1, STRIDE));
    CHECK_LE(size, malloc_usable_size(first));
    first = realloc(first, size + 10);
    CHECK(first && memory_holds(first, size, 1, STRIDE));
    for (size_t i = 0; i < LATER; i++) {
        CHECK(memory_holds(later[i], later_sizes[i], i, STRIDE));
        free(later[i]);
    }
    free(first);
    free(check_escape(malloc(size)));
    return 0;
}

static void spawn_case(const struct family *row, const char *size)
{
    pid_t child;
    int status = -1;
    char name[64];
    snprintf(name, sizeof name, "%s", row->name);
    char size_text[16];
    snprintf(size_text, sizeof size_text, "%s", size);
    char program[] = "first_call", *arguments[] = {program, name, size_text, NULL};
    CHECK_CASE("first call %s(%s)", name, size);
    CHECK_EQ(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

int main(int count, char **arguments)
{
    family_open();
    for (const struct family *row = NULL; (row = family_next(row));) {
        if (count == 3 && strcmp(row->name, arguments[1]) == 0)
            return run_case(row, strtoul(arguments[2], NULL, 10));
        for (size_t i = 0; count == 1 && i < SIZE_COUNT; i++)
            spawn_case(row, sizes[i]);
    }
    CHECK_EQ(count, 1);
    return 0;
}
