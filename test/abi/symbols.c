/* SPDX-License-Identifier: MIT
 *
 * symbols.c -- every name acre replaces is found in acre's library, with and without libc's version, and what
 * a program without libstdc++ calls is there too.
 */
#include "support/family.h"

#include "symbols.h"

static Dl_info acre;

/* The object that holds the address is the one that holds acre_version. */
static void check_owner(const char *name, void *address)
{
    Dl_info info;
    CHECK_CASE("%s", name);
    CHECK(address);
    CHECK(dladdr(address, &info) != 0);
    if (info.dli_fbase != acre.dli_fbase) {
        check_note("%s is in %s, acre is %s", name, info.dli_fname, acre.dli_fname);
        CHECK_EQ(info.dli_fbase, acre.dli_fbase);
    }
}

static void check_names(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_owner(names[i], dlsym(RTLD_DEFAULT, names[i]));
}

/* What was bound for this very program, whose references carry libc's versions. */
static void check_bound(void)
{
    check_owner("malloc as bound", (void *)(uintptr_t)malloc);
    check_owner("free as bound", (void *)(uintptr_t)free);
    check_owner("calloc as bound", (void *)(uintptr_t)calloc);
    check_owner("realloc as bound", (void *)(uintptr_t)realloc);
    check_owner("reallocarray as bound", (void *)(uintptr_t)reallocarray);
    check_owner("aligned_alloc as bound", (void *)(uintptr_t)aligned_alloc);
    check_owner("posix_memalign as bound", (void *)(uintptr_t)posix_memalign);
}

int main(void)
{
    void *version = dlsym(RTLD_DEFAULT, "acre_version");
    if (!version)
        check_skip("acre does not serve malloc here");
    CHECK(dladdr(version, &acre) != 0);
    CHECK(strstr(acre.dli_fname, "libacre-preload.so"));
    check_names(c_names, NAMES_COUNT(c_names));
    check_names(alias_names, NAMES_COUNT(alias_names));
    check_names(cxx_names, NAMES_COUNT(cxx_names));
    check_names(acre_names, NAMES_COUNT(acre_names));
    check_bound();
    return 0;
}
