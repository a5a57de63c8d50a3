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
#include <sys/stat.h>
#include <unistd.h>

#include "symbol.h"

struct ac_symbolizer {
    Dwfl *dwfl;
    char *debuginfo_path;
    Dwfl_Callbacks callbacks;
    const struct ac_pack *pack; /* looked into first; NULL: none */
};

/* ---- modules ---- */

/* Opens the file of a module as the process sees it, or else as everybody does. */
static int open_module(const char *path, int32_t pid)
{
    char seen[640];
    snprintf(seen, sizeof(seen), "/proc/%" PRId32 "/root%s", pid, path);
    int fd = pid != 0 ? open(seen, O_RDONLY | O_CLOEXEC) : -1;
    return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC);
}

enum { MAX_ID_BYTES = 64, ID_TEXT_BYTES = 2 * MAX_ID_BYTES + 1 };

static const char *id_text(const unsigned char *bytes, ssize_t n, char text[ID_TEXT_BYTES])
{
    text[0] = '\0';
    for (ssize_t i = 0; i < n && i < MAX_ID_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static bool has_build_id(Elf *elf, const char *wanted)
{
    char id[ID_TEXT_BYTES];
    const void *bytes = NULL;
    ssize_t n = dwelf_elf_gnu_build_id(elf, &bytes);
    return n > 0 && strcmp(id_text(bytes, n, id), wanted) == 0;
}

/* A file of the pack, by its build id, which is checked; -1: none. */
static int open_packed(const struct ac_pack *pack, const char *build_id, bool debug)
{
    char name[AC_PACK_NAME_BYTES];
    int fd = ac_pack_open(pack, ac_pack_name(build_id, debug, name));
    Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
    bool same = elf && has_build_id(elf, build_id);
    elf_end(elf);
    if (fd >= 0 && !same)
        close(fd);
    return same ? fd : -1;
}

/* libdwfl's search for separate debugging information, with the pack before everything else. */
static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *module_name, Dwarf_Addr base,
                          const char *file_name, const char *link, GElf_Word link_crc, char **out_name)
{
    char id[ID_TEXT_BYTES];
    const struct ac_symbolizer *s = *userdata;
    const unsigned char *bytes = NULL;
    GElf_Addr place;
    int n = dwfl_module_build_id(module, &bytes, &place);
    int fd = s && n > 0 ? open_packed(s->pack, id_text(bytes, n, id), true) : -1;
    if (fd >= 0)
        return fd;
    return dwfl_standard_find_debuginfo(module, userdata, module_name, base, file_name, link, link_crc,
                                        out_name);
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
    void **userdata;
    Dwfl_Module *reported = same && placed ? dwfl_report_elf(s->dwfl, path, path, fd, bias, true) : NULL;
    if (reported && dwfl_module_info(reported, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
        *userdata = s;
    return reported != NULL;
}

/* Reports a file, where a module is mapped or, without one, at the addresses that it has itself. */
static bool report(struct ac_symbolizer *s, const char *path, const char *build_id,
                   const struct ac_profile_module *module, int32_t pid, const char **out_why)
{
    int fd = open_packed(s->pack, build_id, false);
    if (fd < 0)
        fd = open_module(path, pid);
    *out_why = s->pack ? "is not in the pack and cannot be opened here" : "cannot be opened";
    if (fd < 0)
        return false;
    bool ok = report_fd(s, path, fd, build_id, module, out_why);
    if (!ok)
        close(fd);
    return ok;
}

/* Those that frames without a name lie in, or any frames. */
static bool *modules_in_use(const struct ac_profile *profile, bool any)
{
    bool *used = ac_zeroed(profile->nmodules, sizeof(*used));
    for (size_t i = 0; i < profile->nframes; i++) {
        const struct ac_profile_frame *frame = &profile->frames[i];
        if (frame->module != 0 && (any || frame->function[0] == '\0'))
            used[frame->module - 1] = true;
    }
    return used;
}

static void report_all(struct ac_symbolizer *s, struct ac_profile *profile, int32_t pid, bool any)
{
    const char *why;
    bool *used = modules_in_use(profile, any);
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

static struct ac_symbolizer *begin(const struct ac_pack *pack, char *why)
{
    struct ac_symbolizer *s = ac_zeroed(1, sizeof(*s));
    elf_version(EV_CURRENT);
    s->pack = pack;
    s->callbacks = (Dwfl_Callbacks){.find_elf = dwfl_build_id_find_elf,
                                    .find_debuginfo = find_debuginfo,
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
    struct ac_symbolizer *s = begin(profile->pack, why);
    if (s)
        report_all(s, profile, pid, false);
    return s;
}

struct ac_symbolizer *ac_symbolizer_open_file(const char *path, const char *build_id,
                                              const struct ac_pack *pack, char *why)
{
    struct ac_symbolizer *s = begin(pack, why);
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
    if (n > 0 && out[n - 1].name[0] != '\0')
        return n;
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
    out[0].name = name ? name : "";
    return name ? 1 : 0;
}

/* ---- files for a pack ---- */

struct file_list {
    struct ac_symbol_file *files;
    size_t n;
    size_t room;
};

static void add_file(struct file_list *list, const char *id, bool debug, const char *path)
{
    struct ac_symbol_file file;
    if (ac_pack_name(id, debug, file.name)[0] == '\0' || strlen(path) >= sizeof(file.path))
        return;
    snprintf(file.path, sizeof(file.path), "%s", path);
    list->files = ac_grow(list->files, list->n, &list->room, 1, sizeof(*list->files));
    list->files[list->n++] = file;
}

static int list_module(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr start, void *list)
{
    char id[ID_TEXT_BYTES];
    const unsigned char *bytes = NULL;
    const char *debug = NULL;
    Dwarf_Addr bias;
    GElf_Addr place;
    (void)userdata;
    (void)start;
    int n = dwfl_module_build_id(module, &bytes, &place);
    add_file(list, id_text(bytes, n, id), false, name);
    if (dwfl_module_getdwarf(module, &bias))
        dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, &debug);
    if (debug && strcmp(debug, name) != 0)
        add_file(list, id, true, debug);
    return DWARF_CB_OK;
}

size_t ac_symbol_files(struct ac_profile *profile, struct ac_symbol_file **out, char *why)
{
    struct file_list list = {0};
    struct ac_symbolizer *s = begin(NULL, why);
    if (s) {
        report_all(s, profile, profile->pid, true);
        dwfl_getmodules(s->dwfl, list_module, &list, 0);
        ac_symbolizer_close(s);
    }
    *out = list.files;
    return list.n;
}

/* Zeros for what the program is loaded with, save the tables of names and notes. */
static void blank(uint8_t *bytes, size_t n)
{
    Elf *elf = elf_memory((char *)bytes, n);
    Elf_Scn *section = NULL;
    while (elf && (section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_PROGBITS &&
            (header.sh_flags & SHF_ALLOC) && header.sh_offset <= n && header.sh_size <= n - header.sh_offset)
            memset(bytes + header.sh_offset, 0, header.sh_size);
    }
    elf_end(elf);
}

uint8_t *ac_symbol_file_read(const struct ac_symbol_file *file, int32_t pid, size_t *out_n)
{
    struct stat facts;
    int fd = open_module(file->path, pid);
    uint8_t *bytes = NULL;
    size_t done = 0;
    if (fd >= 0 && fstat(fd, &facts) == 0)
        bytes = malloc((size_t)facts.st_size + 1);
    for (ssize_t got = 1; bytes && got > 0; done += got > 0 ? (size_t)got : 0)
        got = read(fd, bytes + done, (size_t)facts.st_size - done);
    if (fd >= 0)
        close(fd);
    if (bytes)
        blank(bytes, done);
    *out_n = done;
    return bytes;
}
