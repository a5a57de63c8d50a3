/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * A root is any mapping that can be written, or that has no file and can be read: data segments, stacks, what
 * the program has mapped by itself. Of files mapped shared only those in memory count: the others may be
 * devices, and their contents outlive the process. From these acre's own memory is cut out, by the rows that
 * name it in the segment; the system may have joined mappings of acre's and of the program's to one.
 *
 * libc keeps the stacks of threads that have ended, with all that they left there. Below the record of such a
 * thread nothing is looked at.
 */
#include "report/leaks_roots.h"

#include "base/bits.h"
#include "core/config.h"
#include "core/segment.h"
#include "os/os.h"
#include "os/snapshot.h"

#include <string.h>

#define MAX_ROOTS 65536u
#define MAX_OWN (AC_STATE_MAX_CHUNKS + AC_STATE_MAX_HUGE + AC_STATE_MAX_KEPT + AC_STATE_MAX_OWN + 8)
#define LINE_BYTES 64u /* that a thread's record is aligned to */

/* ---- acre's own ---- */

static void add_own(struct ac_leaks_roots *roots, uint64_t base, uint64_t bytes)
{
    if (base == 0 || bytes == 0)
        return;
    if (roots->nown == roots->max_own) {
        roots->overflow = true;
        return;
    }
    uintptr_t end = ac_align_up(base + bytes, ac_os_page_size());
    roots->own[roots->nown++] =
        (struct ac_leaks_range){base & ~(uintptr_t)(ac_os_page_size() - 1), end, false, false};
}

static void add_extents(struct ac_leaks_roots *roots, enum ac_state_section_id id, size_t n)
{
    const struct ac_state_extent *rows = ac_segment_rows(id);
    for (size_t i = 0; i < n; i++)
        add_own(roots, ac_load_rlx(&rows[i].base), ac_load_rlx(&rows[i].bytes));
}

/* They are nearly in order: neighbours came one after the other. */
static void sort_own(struct ac_leaks_roots *roots)
{
    for (size_t i = 1; i < roots->nown; i++) {
        struct ac_leaks_range moved = roots->own[i];
        size_t at = i;
        for (; at > 0 && roots->own[at - 1].start > moved.start; at--)
            roots->own[at] = roots->own[at - 1];
        roots->own[at] = moved;
    }
}

static void find_own(struct ac_leaks_roots *roots)
{
    const struct ac_state *state = ac_segment_state();
    const struct ac_state_chunk *chunks = ac_segment_rows(AC_STATE_CHUNKS);
    uintptr_t data;
    size_t data_bytes;
    for (size_t i = 0; i < AC_STATE_MAX_CHUNKS; i++)
        add_own(roots, ac_load_rlx(&chunks[i].base), AC_CHUNK_BYTES);
    add_extents(roots, AC_STATE_HUGE, AC_STATE_MAX_HUGE);
    add_extents(roots, AC_STATE_KEPT, AC_STATE_MAX_KEPT);
    add_extents(roots, AC_STATE_OWN, AC_STATE_MAX_OWN);
    add_own(roots, (uintptr_t)state, state->total_bytes);
    if (ac_os_own_data(&data, &data_bytes))
        add_own(roots, data, data_bytes);
    sort_own(roots);
}

/* ---- mappings ---- */

struct mapping {
    uintptr_t start;
    uintptr_t end;
    char access[4];
    const char *path;
};

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_root(const struct mapping *m)
{
    bool in_memory = m->path[0] == '\0' || starts_with(m->path, "[anon") ||
                     starts_with(m->path, "/dev/zero") || starts_with(m->path, "/memfd:") ||
                     starts_with(m->path, "/dev/shm/") || starts_with(m->path, "/SYSV");
    if (m->access[0] != 'r' || starts_with(m->path, "[v")) /* vvar, vdso, vsyscall */
        return false;
    if (m->access[3] == 's')
        return in_memory && m->access[1] == 'w';
    return m->access[1] == 'w' || m->path[0] == '\0';
}

static uintptr_t scan_hex(const char **at)
{
    uintptr_t n = 0;
    for (;; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            n = n << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            n = n << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return n;
    }
}

/* start-end rwxp offset dev inode   path */
static void parse(const char *line, struct mapping *out)
{
    out->start = scan_hex(&line);
    line += *line == '-';
    out->end = scan_hex(&line);
    line += strspn(line, " ");
    memcpy(out->access, line, sizeof out->access);
    for (unsigned field = 0; field < 4; field++) {
        line += strcspn(line, " ");
        line += strspn(line, " ");
    }
    out->path = line;
}

static void add_root(struct ac_leaks_roots *roots, const struct mapping *m, uintptr_t guard_end)
{
    if (!is_root(m))
        return;
    if (roots->n == roots->max) {
        roots->overflow = true;
        return;
    }
    roots->list[roots->n++] =
        (struct ac_leaks_range){m->start, m->end, m->access[3] == 's', m->start == guard_end};
}

static void read_maps(struct ac_leaks_roots *roots, int fd)
{
    char buffer[4608]; /* lines are shorter */
    struct mapping m;
    size_t len = 0;
    size_t got;
    uintptr_t guard_end = 0;
    while ((got = ac_os_read(fd, buffer + len, sizeof buffer - 1 - len)) != 0) {
        char *at = buffer;
        len += got;
        for (char *end; (end = memchr(at, '\n', len - (size_t)(at - buffer))) != NULL; at = end + 1) {
            *end = '\0';
            parse(at, &m);
            add_root(roots, &m, guard_end);
            guard_end = m.access[0] == '-' ? m.end : 0;
        }
        len -= (size_t)(at - buffer);
        memmove(buffer, at, len);
    }
}

bool ac_leaks_roots_make(struct ac_leaks_roots *out)
{
    size_t bytes = (MAX_ROOTS + MAX_OWN) * sizeof *out->list;
    *out = (struct ac_leaks_roots){.max = MAX_ROOTS, .max_own = MAX_OWN};
    int fd = ac_os_open("/proc/self/maps");
    out->list = ac_os_map(0, ac_align_up(bytes, ac_os_page_size()));
    if (out->list == NULL || fd < 0)
        return false;
    out->own = out->list + MAX_ROOTS;
    add_own(out, (uintptr_t)out->list, bytes);
    find_own(out);
    read_maps(out, fd);
    ac_os_close(fd);
    return out->n != 0;
}

/* ---- reading ---- */

struct reader {
    int pagemap;
    char *window;
    size_t window_bytes;
    void (*see)(void *, const uintptr_t *, size_t);
    void *context;
    uint64_t bytes;
};

static size_t copy(struct reader *r, const struct ac_leaks_range *range, uintptr_t at)
{
    size_t left = range->end - at;
    size_t piece = left < r->window_bytes ? left : r->window_bytes;
    return ac_os_copy_touched(r->pagemap, range->shared, r->window, at, piece);
}

/* Where the record of a thread that has ended begins, or the start of the range. */
static uintptr_t skip_dead_stack(struct reader *r, const struct ac_leaks_range *range)
{
    for (uintptr_t at = range->start; at < range->end; at += r->window_bytes) {
        size_t bytes = range->end - at < r->window_bytes ? range->end - at : r->window_bytes;
        if (copy(r, range, at) == 0)
            continue;
        for (size_t line = 0; line < bytes; line += LINE_BYTES) {
            if (ac_os_is_dead_thread(r->window + line, at + line))
                return at + line;
        }
    }
    return range->start;
}

static void read_range(struct reader *r, struct ac_leaks_range range, uintptr_t from)
{
    for (uintptr_t at = range.start; at < range.end; at += r->window_bytes) {
        size_t bytes = range.end - at < r->window_bytes ? range.end - at : r->window_bytes;
        size_t first = at < from ? from - at : 0;
        size_t copied = first < bytes ? copy(r, &range, at) : 0;
        r->bytes += copied;
        if (copied != 0)
            r->see(r->context, (const uintptr_t *)(void *)(r->window + first),
                   (bytes - first) / sizeof(uintptr_t));
    }
}

/* What of a mapping is not acre's, and not below `from`. */
static void read_mapping(const struct ac_leaks_roots *roots, struct reader *r, const struct ac_leaks_range *m,
                         uintptr_t from)
{
    struct ac_leaks_range piece = *m;
    for (size_t i = 0; i < roots->nown && piece.start < m->end; i++) {
        const struct ac_leaks_range *own = &roots->own[i];
        if (own->end <= piece.start || own->start >= m->end)
            continue;
        piece.end = own->start > piece.start ? own->start : piece.start;
        if (piece.start < piece.end && piece.end > from)
            read_range(r, piece, from);
        piece.start = own->end;
    }
    piece.end = m->end;
    if (piece.start < piece.end && piece.end > from)
        read_range(r, piece, from);
}

uint64_t ac_leaks_roots_read(const struct ac_leaks_roots *roots, int pagemap, uintptr_t sp, char *window,
                             size_t window_bytes, void (*see)(void *, const uintptr_t *, size_t),
                             void *context)
{
    struct reader r = {pagemap, window, window_bytes, see, context, 0};
    for (size_t i = 0; i < roots->n; i++) {
        const struct ac_leaks_range *m = &roots->list[i];
        uintptr_t from = m->start;
        if (sp >= m->start && sp < m->end)
            from = sp;
        else if (m->above_guard && !m->shared)
            from = skip_dead_stack(&r, m);
        read_mapping(roots, &r, m, from);
    }
    return r.bytes;
}
