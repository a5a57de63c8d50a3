/* SPDX-License-Identifier: MIT
 *
 * elf.c -- what the library asks of the process that loads it: no library but libc, at most 16 bytes of
 * static TLS, no named version on its symbols, never unloaded, no symbol besides the promised ones and
 * acre_*.
 */
#include <elf.h>
#include <link.h>

#include "support/family.h"

#include "symbols.h"

enum { MAX_TLS_BYTES = 16 };

struct dynamic {
    const char *strings;
    const ElfW(Sym) * symbols;
    const ElfW(Half) * versions;
    const uint32_t *gnu_hash;
    ElfW(Addr) base;
    ElfW(Xword) flags_1;
    bool has_verdef;
    size_t needed[16];
    size_t needed_count;
    size_t tls_bytes;
};

static struct dynamic acre;

static void read_entry(const ElfW(Dyn) * entry)
{
    switch (entry->d_tag) {
    case DT_STRTAB:
        acre.strings = (const char *)entry->d_un.d_ptr;
        break;
    case DT_SYMTAB:
        acre.symbols = (const void *)entry->d_un.d_ptr;
        break;
    case DT_VERSYM:
        acre.versions = (const void *)entry->d_un.d_ptr;
        break;
    case DT_GNU_HASH:
        acre.gnu_hash = (const void *)entry->d_un.d_ptr;
        break;
    case DT_VERDEF:
        acre.has_verdef = true;
        break;
    case DT_FLAGS_1:
        acre.flags_1 = entry->d_un.d_val;
        break;
    case DT_NEEDED:
        CHECK(acre.needed_count < 16);
        acre.needed[acre.needed_count++] = entry->d_un.d_val;
        break;
    default:
        break;
    }
}

static int read_object(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    if (!strstr(object->dlpi_name, "libacre-preload.so"))
        return 0;
    acre.base = object->dlpi_addr;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type == PT_TLS)
            acre.tls_bytes = header->p_memsz;
        if (header->p_type != PT_DYNAMIC)
            continue;
        const ElfW(Dyn) *entry = (const void *)(object->dlpi_addr + header->p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++)
            read_entry(entry);
    }
    return 1;
}

/* The number of dynamic symbols is one more than the last index reached through the hash chains. */
static size_t symbol_count(void)
{
    CHECK(acre.gnu_hash);
    uint32_t bucket_count = acre.gnu_hash[0], first = acre.gnu_hash[1], bloom_words = acre.gnu_hash[2];
    const uint32_t *buckets = acre.gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / 4);
    const uint32_t *chains = buckets + bucket_count;
    uint32_t last = first;
    for (uint32_t i = 0; i < bucket_count; i++)
        last = buckets[i] > last ? buckets[i] : last;
    while (!(chains[last - first] & 1))
        last++;
    return last + 1;
}

static bool is_listed(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* What the library to preload has alone. */
static const char *const preload_names[] = {
    "dlopen",
    "prctl",
    "unshare",
    "setns",
    "mallctl",
    "mallctlnametomib",
    "mallctlbymib",
    "malloc_stats_print",
    "MallocExtension_GetNumericProperty",
    "MallocExtension_ReleaseFreeMemory",
    "MallocExtension_GetStats",
};

static bool is_promised(const char *name)
{
    return is_listed(name, c_names, NAMES_COUNT(c_names)) ||
           is_listed(name, alias_names, NAMES_COUNT(alias_names)) ||
           is_listed(name, cxx_names, NAMES_COUNT(cxx_names)) || strncmp(name, "acre_", 5) == 0 ||
           is_listed(name, preload_names, NAMES_COUNT(preload_names));
}

static void check_exports(void)
{
    size_t count = symbol_count(), exported = 0;
    for (size_t i = 1; i < count; i++) {
        const ElfW(Sym) *symbol = &acre.symbols[i];
        if (symbol->st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL)
            continue;
        const char *name = acre.strings + symbol->st_name;
        CHECK_CASE("exported symbol %s", name);
        CHECK(is_promised(name));
        /* Version 1 is "global, no version": another one would not be found by callers without it. */
        CHECK(!acre.versions || (acre.versions[i] & 0x7fff) == VER_NDX_GLOBAL);
        exported++;
    }
    CHECK_CASE("%zu symbols exported", exported);
    CHECK_LE(NAMES_COUNT(c_names) + NAMES_COUNT(alias_names) + NAMES_COUNT(cxx_names), exported);
}

int main(void)
{
    if (!family_on_acre())
        check_skip("acre does not serve malloc here");
    CHECK(dl_iterate_phdr(read_object, NULL) == 1);
    CHECK(acre.strings && acre.symbols);
    CHECK(!acre.has_verdef);
    for (size_t i = 0; i < acre.needed_count; i++) {
        const char *library = acre.strings + acre.needed[i];
        CHECK_CASE("needs %s", library);
        CHECK(strncmp(library, "libc.so.", 8) == 0);
    }
    CHECK_CASE("%s", "static TLS");
    CHECK_LE(acre.tls_bytes, MAX_TLS_BYTES);
    CHECK(acre.flags_1 & DF_1_NODELETE);
    check_exports();
    return 0;
}
