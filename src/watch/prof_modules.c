/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * The text of /proc/self/maps is read by plain system calls, line by line, when a stack has an address in no
 * module that is known. Code that is in no file (a just-in-time compiler's) would have it read at every new
 * stack, so twenty times as long as the last look took nobody looks again; what was passed by meanwhile is
 * looked for at the next new stack and at the end. A file's build id is copied out of its first mapping by a
 * system call that fails where the memory has gone meanwhile.
 */
#include "watch/prof_modules.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/segment.h"
#include "os/os.h"
#include "watch/prof_store.h"

#include <elf.h>
#include <string.h>

#define LEAST_PAUSE_NS 10000000u
#define PAUSE_TIMES 20u
#define MAX_NOTES 512u

static struct {
    uint64_t next_ns;  /* not looked again before                  */
    bool passed_by;    /* an address was in nothing known          */
    char buffer[4096]; /* of the maps: lines are shorter           */
    char path[sizeof(((struct ac_state_module *)0)->path)];
    uintptr_t first; /* of the file `path`: its first mapping        */
    size_t first_bytes;
} look;

struct line {
    uint64_t start;
    uint64_t end;
    uint64_t offset_bytes;
    bool has_code;
    const char *path;
};

/* ---- one line: start-end rwxp offset dev inode   path ---- */

static uint64_t scan_hex(const char **at)
{
    uint64_t n = 0;
    for (;; (*at)++) {
        char c = **at;
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else
            return n;
        n = n << 4 | digit;
    }
}

static void skip_field(const char **at)
{
    *at += strcspn(*at, " ");
    *at += strspn(*at, " ");
}

static void parse_line(const char *at, struct line *out)
{
    out->start = scan_hex(&at);
    at += *at == '-';
    out->end = scan_hex(&at);
    at += strspn(at, " ");
    out->has_code = at[0] == 'r' && at[1] != '\0' && at[2] == 'x';
    skip_field(&at);
    out->offset_bytes = scan_hex(&at);
    at += strspn(at, " ");
    skip_field(&at);
    skip_field(&at);
    out->path = at;
}

/* ---- build ids ---- */

static bool copy_first(void *out, uint64_t offset, size_t bytes)
{
    return offset + bytes <= look.first_bytes && ac_os_copy(out, look.first + offset, bytes);
}

/* In the notes of a segment, the one of the linker. */
static bool find_note(const char *notes, size_t bytes, struct ac_state_module *module)
{
    Elf64_Nhdr note;
    for (size_t at = 0; at + sizeof note <= bytes;) {
        memcpy(&note, notes + at, sizeof note);
        size_t desc = at + sizeof note + ac_align_up(note.n_namesz, 4);
        if (note.n_descsz > bytes || desc + note.n_descsz > bytes || desc < at)
            return false;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            note.n_descsz <= sizeof module->build_id && memcmp(notes + at + sizeof note, "GNU", 4) == 0) {
            memcpy(module->build_id, notes + desc, note.n_descsz);
            module->build_id_bytes = note.n_descsz;
            return true;
        }
        at = desc + ac_align_up(note.n_descsz, 4);
    }
    return false;
}

static void find_build_id(struct ac_state_module *module)
{
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    char notes[MAX_NOTES];
    if (!copy_first(&header, 0, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        if (!copy_first(&segment, header.e_phoff + i * sizeof segment, sizeof segment))
            return;
        size_t bytes = segment.p_filesz < sizeof notes ? segment.p_filesz : sizeof notes;
        if (segment.p_type == PT_NOTE && copy_first(notes, segment.p_offset, bytes) &&
            find_note(notes, bytes, module))
            return;
    }
}

/* ---- rows ---- */

static bool is_known(const struct line *line)
{
    const struct ac_prof_store *store = &ac_prof_store;
    for (uint32_t i = 0; i < store->profile->nmodules; i++) {
        const struct ac_state_module *m = &store->modules[i];
        if (m->start == line->start && m->end == line->end && m->offset_bytes == line->offset_bytes &&
            strcmp(m->path, look.path) == 0)
            return true;
    }
    return false;
}

static void see(const struct line *line)
{
    struct ac_prof_store *store = &ac_prof_store;
    uint32_t n = store->profile->nmodules;
    size_t len = strlen(line->path);
    if (len == 0 || (line->path[0] != '/' && strcmp(line->path, "[vdso]") != 0))
        return;
    len = len < sizeof look.path ? len : 0;
    if (line->offset_bytes == 0 || strncmp(look.path, line->path, sizeof look.path) != 0) {
        memcpy(look.path, line->path, len);
        look.path[len] = '\0';
        look.first = line->start;
        look.first_bytes = line->offset_bytes == 0 ? line->end - line->start : 0;
    }
    if (!line->has_code || is_known(line) || n == AC_STATE_MAX_MODULES)
        return;
    struct ac_state_module *m = &store->modules[n];
    *m = (struct ac_state_module){.end = line->end, .offset_bytes = line->offset_bytes};
    memcpy(m->path, look.path, len);
    find_build_id(m);
    m->start = line->start;
    ac_store_rel(&store->profile->nmodules, n + 1);
}

static void read_lines(int fd)
{
    struct line line;
    size_t len = 0;
    size_t got;
    look.path[0] = '\0';
    while ((got = ac_os_read(fd, look.buffer + len, sizeof look.buffer - 1 - len)) != 0) {
        len += got;
        char *end;
        char *at = look.buffer;
        while ((end = memchr(at, '\n', len - (size_t)(at - look.buffer))) != NULL) {
            *end = '\0';
            parse_line(at, &line);
            see(&line);
            at = end + 1;
        }
        len -= (size_t)(at - look.buffer);
        if (len == sizeof look.buffer - 1) /* no line is so long */
            return;
        memmove(look.buffer, at, len);
    }
}

void ac_prof_modules_read(bool always)
{
    uint64_t start = ac_os_exact_ns();
    if (!always && (!look.passed_by || start < look.next_ns))
        return;
    int fd = ac_segment_may_open_files() ? ac_os_open("/proc/self/maps") : -1;
    if (fd >= 0) {
        read_lines(fd);
        ac_os_close(fd);
    }
    uint64_t end = ac_os_exact_ns();
    look.next_ns = end + LEAST_PAUSE_NS + PAUSE_TIMES * (end - start);
    look.passed_by = false;
}

static bool is_covered(uintptr_t addr)
{
    const struct ac_prof_store *store = &ac_prof_store;
    for (uint32_t i = 0; i < store->profile->nmodules; i++) {
        if (addr - store->modules[i].start < store->modules[i].end - store->modules[i].start)
            return true;
    }
    return false;
}

void ac_prof_modules_cover(const uintptr_t *addrs, unsigned n)
{
    for (unsigned i = 0; i < n && !look.passed_by; i++)
        look.passed_by = !is_covered(addrs[i] - 1);
    ac_prof_modules_read(false);
}
