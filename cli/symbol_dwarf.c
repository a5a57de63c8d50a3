/* SPDX-License-Identifier: MIT
 *
 * symbol_dwarf.c -- names from ELF and DWARF by elfutils. Where that is missing, symbol_none.c stands in.
 *
 * libdwfl finds separate debugging information by build id and .gnu_debuglink below /usr/lib/debug, and asks
 * debuginfod servers when the user has set DEBUGINFOD_URLS.
 */
#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol.h"

struct ac_symbolizer {
    Dwfl *dwfl;
    char *debuginfo_path;
    Dwfl_Callbacks callbacks;
};

/* ---- modules ---- */

/* Opens the file of a module as the process sees it, or else as everybody does. */
static int open_module(const char *path, int32_t pid)
{
    char seen[512];
    snprintf(seen, sizeof(seen), "/proc/%" PRId32 "/root%s", pid, path);
    int fd = pid != 0 ? open(seen, O_RDONLY | O_CLOEXEC) : -1;
    return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
}

static bool has_build_id(Elf *elf, const char *wanted)
{
    char id[129] = "";
    const void *bytes;
    ssize_t n = dwelf_elf_gnu_build_id(elf, &bytes);
    for (ssize_t i = 0; i < n && i < 64; i++)
        snprintf(id + 2 * i, 3, "%02x", ((const unsigned char *)bytes)[i]);
    return n > 0 && strcmp(id, wanted) == 0;
}

/* What was added to the addresses in the file when its segment at `offset` was mapped at `start`. */
static bool load_bias(Elf *elf, uint64_t start, uint64_t offset, uint64_t *out)
{
    size_t n;
    if (elf_getphdrnum(elf, &n) != 0)
        return false;
    for (int i = 0; i < (int)n; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, i, &header) || header.p_type != PT_LOAD || !(header.p_flags & PF_X))
            continue;
        uint64_t page = header.p_align > 1 ? header.p_align : 1;
        uint64_t first = header.p_offset - header.p_offset % page;
        if (offset >= first && offset < header.p_offset + header.p_filesz) {
            *out = start - offset + header.p_offset - header.p_vaddr;
            return true;
        }
    }
    return false;
}

static bool is_reported(struct ac_symbolizer *s, const struct ac_profile_module *module)
{
    return dwfl_addrmodule(s->dwfl, module->start) != NULL;
}

/* Gives a file, whose descriptor is libdwfl's then, to it. What is wrong is said in `out_why`. */
static bool report_fd(struct ac_symbolizer *s, const char *path, int fd, const char *build_id,
                      const struct ac_profile_module *module, const char **out_why)
{
    uint64_t bias = 0;
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    bool same = elf && (build_id[0] == '\0' || has_build_id(elf, build_id));
    bool placed = elf && (!module || load_bias(elf, module->start, module->offset_bytes, &bias));
    elf_end(elf);
    *out_why = same ? "has no code at that place" : "has changed: its build id is another";
    return same && placed && dwfl_report_elf(s->dwfl, path, path, fd, bias, true) != NULL;
}

/* Reports a file, where a module is mapped or, without one, at the addresses that it has itself. */
static bool report(struct ac_symbolizer *s, const char *path, const char *build_id,
                   const struct ac_profile_module *module, int32_t pid, const char **out_why)
{
    int fd = open_module(path, pid);
    *out_why = "cannot be opened";
    if (fd < 0)
        return false;
    bool ok = report_fd(s, path, fd, build_id, module, out_why);
    if (!ok)
        close(fd);
    return ok;
}

static bool *modules_in_use(const struct ac_profile *profile)
{
    bool *used = ac_zeroed(profile->nmodules, sizeof(*used));
    for (size_t i = 0; i < profile->nframes; i++) {
        const struct ac_profile_frame *frame = &profile->frames[i];
        if (frame->module != 0 && frame->function[0] == '\0')
            used[frame->module - 1] = true;
    }
    return used;
}

static void report_all(struct ac_symbolizer *s, struct ac_profile *profile, int32_t pid)
{
    const char *why;
    bool *used = modules_in_use(profile);
    dwfl_report_begin(s->dwfl);
    for (size_t i = 0; i < profile->nmodules; i++) {
        const struct ac_profile_module *module = &profile->modules[i];
        if (!used[i] || module->path[0] != '/' || is_reported(s, module))
            continue;
        if (!report(s, module->path, module->build_id, module, pid, &why))
            ac_profile_comment(profile, AC_PROFILE_NOT_NAMED " functions of %s, which %s", module->path, why);
    }
    dwfl_report_end(s->dwfl, NULL, NULL);
    free(used);
}

static struct ac_symbolizer *begin(char *why)
{
    struct ac_symbolizer *s = ac_zeroed(1, sizeof(*s));
    elf_version(EV_CURRENT);
    s->callbacks = (Dwfl_Callbacks){.find_elf = dwfl_build_id_find_elf,
                                    .find_debuginfo = dwfl_standard_find_debuginfo,
                                    .section_address = dwfl_offline_section_address,
                                    .debuginfo_path = &s->debuginfo_path};
    s->dwfl = dwfl_begin(&s->callbacks);
    if (s->dwfl)
        return s;
    snprintf(why, AC_PROFILE_WHY_BYTES, "libdw: %s", dwfl_errmsg(-1));
    free(s);
    return NULL;
}

struct ac_symbolizer *ac_symbolizer_open(struct ac_profile *profile, int32_t pid, char *why)
{
    struct ac_symbolizer *s = begin(why);
    if (s)
        report_all(s, profile, pid);
    return s;
}

struct ac_symbolizer *ac_symbolizer_open_file(const char *path, const char *build_id, char *why)
{
    struct ac_symbolizer *s = begin(why);
    const char *reason;
    if (!s)
        return NULL;
    dwfl_report_begin(s->dwfl);
    bool ok = report(s, path, build_id, NULL, 0, &reason);
    dwfl_report_end(s->dwfl, NULL, NULL);
    if (ok)
        return s;
    snprintf(why, AC_PROFILE_WHY_BYTES, "%.300s %s", path, reason);
    ac_symbolizer_close(s);
    return NULL;
}

void ac_symbolizer_close(struct ac_symbolizer *symbolizer)
{
    dwfl_end(symbolizer->dwfl);
    free(symbolizer->debuginfo_path);
    free(symbolizer);
}

/* ---- addresses ---- */

static const char *die_name(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Attribute *linkage = dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute);
    if (!linkage)
        linkage = dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute);
    const char *name = linkage ? dwarf_formstring(linkage) : dwarf_diename(die);
    return name ? name : "";
}

/* Where the function that `die` inlines is called. */
static void call_place(Dwarf_Die *cu, Dwarf_Die *die, struct ac_symbol *out)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number = 0;
    Dwarf_Files *files;
    size_t nfiles;
    out->file = "";
    out->line = 0;
    if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &number) == 0)
        out->line = (uint32_t)number;
    if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &number) == 0 &&
        dwarf_getsrcfiles(cu, &files, &nfiles) == 0 && number < nfiles) {
        const char *file = dwarf_filesrc(files, number, NULL, NULL);
        out->file = file ? file : "";
    }
}

/* The functions whose scopes hold the address, from the DWARF; 0 when it does not say. */
static size_t scopes_at(Dwarf_Die *cu, Dwarf_Addr address, struct ac_symbol out[AC_SYMBOL_MAX_INLINED])
{
    Dwarf_Die *scopes = NULL;
    Dwarf_Die inner;
    size_t n = 0;
    if (dwarf_getscopes(cu, address, &scopes) <= 0)
        return 0;
    inner = scopes[0];
    free(scopes);
    scopes = NULL;
    int nscopes = dwarf_getscopes_die(&inner, &scopes);
    bool done = false;
    for (int i = 0; i < nscopes && !done && n + 1 < AC_SYMBOL_MAX_INLINED; i++) {
        int tag = dwarf_tag(&scopes[i]);
        done = tag == DW_TAG_subprogram;
        if (!done && tag != DW_TAG_inlined_subroutine)
            continue;
        out[n++].name = die_name(&scopes[i]);
        if (!done)
            call_place(cu, &scopes[i], &out[n]);
    }
    free(scopes);
    return done ? n : 0;
}

size_t ac_symbolizer_at(struct ac_symbolizer *symbolizer, uint64_t address,
                        struct ac_symbol out[AC_SYMBOL_MAX_INLINED])
{
    Dwarf_Addr bias;
    Dwfl_Module *module = dwfl_addrmodule(symbolizer->dwfl, address);
    if (!module)
        return 0;
    out[0] = (struct ac_symbol){"", "", 0};
    Dwfl_Line *line = dwfl_module_getsrc(module, address);
    if (line) {
        int number = 0;
        const char *file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
        out[0].file = file ? file : "";
        out[0].line = (uint32_t)number;
    }
    Dwarf_Die *cu = dwfl_module_addrdie(module, address, &bias);
    size_t n = cu ? scopes_at(cu, address - bias, out) : 0;
    if (n > 0)
        return n;
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
    out[0].name = name ? name : "";
    return name ? 1 : 0;
}
