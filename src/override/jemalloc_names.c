/* SPDX-License-Identifier: MIT
 *
 * jemalloc's names for looking at a heap and asking it to give memory back: what monitors and servers that
 * were built for jemalloc call. mallocx and its family are not here, so a program that looks for all of
 * jemalloc does not take this for it.
 *
 * A program that is linked to jemalloc and runs on acre may still have blocks and arenas of jemalloc's own,
 * by mallocx. So a name that is unknown here is passed on to the next library that has it. Like deepbind.c
 * only in the library to preload.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "base/atomic.h"
#include "base/bits.h"
#include "os/os.h"
#include "report/report.h"

#include <acre/acre.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define ALL_ARENAS 4096u
#define LAST_ARENA 1u /* there is one; the number after it stands for all, too */
#define MAX_PARTS 3u
#define OURS ((size_t)0xac4e << 32) /* jemalloc's own parts are small numbers */

enum node {
    VERSION,
    EPOCH,
    BACKGROUND_THREAD,
    NARENAS,
    ALLOCATED,
    ACTIVE,
    RESIDENT,
    MAPPED,
    METADATA,
    PURGE
};

static const struct {
    const char *name;
    size_t nparts;
    enum node node;
} names[] = {
    {"version", 1, VERSION},
    {"epoch", 1, EPOCH},
    {"background_thread", 1, BACKGROUND_THREAD},
    {"arenas.narenas", 2, NARENAS},
    {"stats.allocated", 2, ALLOCATED},
    {"stats.active", 2, ACTIVE},
    {"stats.resident", 2, RESIDENT},
    {"stats.mapped", 2, MAPPED},
    {"stats.metadata", 2, METADATA},
};

/* A name in parts; of ours the first says which it is and the second of arena.N.purge which arena. */
struct mib {
    size_t parts[MAX_PARTS];
    size_t nparts;
};

/* As jemalloc has them: what is read, and what is written. */
struct values {
    void *old;
    size_t *old_len;
    void *new;
    size_t new_len;
};

int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len);
int mallctlnametomib(const char *name, size_t *out_mib, size_t *inout_nparts);
int mallctlbymib(const size_t *mib, size_t nparts, void *old, size_t *old_len, void *new, size_t new_len);
void malloc_stats_print(void (*write)(void *, const char *), void *context, const char *options);

/* ---- names ---- */

static bool is_arena(size_t arena)
{
    return arena <= LAST_ARENA || arena == ALL_ARENAS;
}

static bool parse_purge(const char *name, struct mib *out_mib)
{
    size_t arena = 0;
    if (strncmp(name, "arena.", 6) != 0 || name[6] < '0' || name[6] > '9')
        return false;
    for (name += 6; *name >= '0' && *name <= '9' && arena <= ALL_ARENAS; name++)
        arena = arena * 10 + (size_t)(*name - '0');
    *out_mib = (struct mib){{OURS + PURGE, arena, 0}, 3};
    return strcmp(name, ".purge") == 0 && is_arena(arena);
}

static bool parse(const char *name, struct mib *out_mib)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) != 0)
            continue;
        *out_mib = (struct mib){{OURS + names[i].node, 0, 0}, names[i].nparts};
        return true;
    }
    return parse_purge(name, out_mib);
}

/* ---- values ---- */

/* As much as fits is read also when the size is wrong. */
static int put(const struct values *v, const void *value, size_t size)
{
    if (v->old == NULL || v->old_len == NULL)
        return 0;
    size_t wanted = *v->old_len;
    size_t len = wanted < size ? wanted : size;
    memcpy(v->old, value, len);
    *v->old_len = len;
    return wanted == size ? 0 : EINVAL;
}

static int put_read_only(const struct values *v, const void *value, size_t size)
{
    return v->new != NULL || v->new_len != 0 ? EPERM : put(v, value, size);
}

static size_t statistic(enum node node)
{
    struct acre_stats s = {.size = sizeof s};
    if (acre_stats_get(&s) != 0)
        return 0;
    size_t allocated = s.small_live_bytes + s.large_live_bytes;
    size_t kept = s.thread_cache_bytes + s.transfer_cache_bytes + s.span_free_bytes;
    size_t active = allocated + (kept > s.span_purged_bytes ? kept - s.span_purged_bytes : 0);
    active = ac_align_up(active, ac_os_page_size());
    switch (node) {
    case ALLOCATED:
        return allocated;
    case ACTIVE:
        return active;
    case RESIDENT:
        return active + s.dirty_bytes + s.metadata_bytes;
    case MAPPED:
        return s.mapped_bytes;
    default:
        return s.metadata_bytes;
    }
}

/* Statistics are always fresh here; the number only grows, as programs may expect. */
static int epoch(const struct values *v)
{
    static uint64_t now = 1;
    if (v->new != NULL && v->new_len != sizeof now)
        return EINVAL;
    uint64_t value = v->new != NULL ? ac_fetch_add_rlx(&now, (uint64_t)1) + 1 : ac_load_rlx(&now);
    return put(v, &value, sizeof value);
}

static int background_thread(const struct values *v)
{
    size_t helper = 0;
    if (v->new != NULL && v->new_len != sizeof(bool))
        return EINVAL;
    acre_option_get("helper", &helper);
    bool value = helper != 0;
    int error = put(v, &value, sizeof value);
    if (error != 0 || v->new == NULL)
        return error;
    return acre_option_set("helper", *(const unsigned char *)v->new != 0);
}

static int purge(size_t arena, const struct values *v)
{
    if (!is_arena(arena))
        return ENOENT;
    if (v->old != NULL || v->old_len != NULL || v->new != NULL || v->new_len != 0)
        return EPERM;
    acre_trim(0);
    return 0;
}

static int answer(const size_t *parts, const struct values *v)
{
    const char *version = "acre " ACRE_VERSION_STRING;
    unsigned narenas = LAST_ARENA;
    enum node node = (enum node)(parts[0] - OURS);
    switch (node) {
    case VERSION:
        return put_read_only(v, &version, sizeof(const char *));
    case NARENAS:
        return put_read_only(v, &narenas, sizeof narenas);
    case EPOCH:
        return epoch(v);
    case BACKGROUND_THREAD:
        return background_thread(v);
    case PURGE:
        return purge(parts[1], v);
    default:
        return put_read_only(v, &(size_t){statistic(node)}, sizeof(size_t));
    }
}

/* ---- the functions ---- */

AC_EXPORT int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
{
    struct mib mib;
    union {
        void *object;
        int (*function)(const char *, void *, size_t *, void *, size_t);
    } next;
    if (parse(name, &mib))
        return answer(mib.parts, &(struct values){old, old_len, new, new_len});
    next.object = dlsym(RTLD_NEXT, "mallctl");
    return next.object == NULL ? ENOENT : next.function(name, old, old_len, new, new_len);
}

AC_EXPORT int mallctlnametomib(const char *name, size_t *out_mib, size_t *inout_nparts)
{
    struct mib mib;
    union {
        void *object;
        int (*function)(const char *, size_t *, size_t *);
    } next;
    if (parse(name, &mib)) {
        if (*inout_nparts > mib.nparts)
            *inout_nparts = mib.nparts;
        memcpy(out_mib, mib.parts, *inout_nparts * sizeof *out_mib);
        return 0;
    }
    next.object = dlsym(RTLD_NEXT, "mallctlnametomib");
    return next.object == NULL ? ENOENT : next.function(name, out_mib, inout_nparts);
}

static bool is_ours(const size_t *mib, size_t nparts)
{
    return nparts > 0 && mib[0] >= OURS && mib[0] <= OURS + PURGE;
}

static size_t parts_of(enum node node)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].node == node)
            return names[i].nparts;
    }
    return 3;
}

AC_EXPORT int mallctlbymib(const size_t *mib, size_t nparts, void *old, size_t *old_len, void *new,
                           size_t new_len)
{
    union {
        void *object;
        int (*function)(const size_t *, size_t, void *, size_t *, void *, size_t);
    } next;
    if (is_ours(mib, nparts)) {
        bool is_whole = nparts == parts_of((enum node)(mib[0] - OURS));
        return is_whole ? answer(mib, &(struct values){old, old_len, new, new_len}) : ENOENT;
    }
    next.object = dlsym(RTLD_NEXT, "mallctlbymib");
    return next.object == NULL ? ENOENT : next.function(mib, nparts, old, old_len, new, new_len);
}

/* Of jemalloc's options J is known: JSON, by acre's schema. */
AC_EXPORT void malloc_stats_print(void (*write)(void *, const char *), void *context, const char *options)
{
    bool is_json = options != NULL && strchr(options, 'J') != NULL;
    struct ac_report *r = ac_report_begin();
    if (r == NULL)
        return;
    (is_json ? ac_text_json : ac_text_people)(&r->snapshot, ACRE_VERSION_STRING, &r->text);
    if (write != NULL)
        write(context, r->buffer);
    else
        ac_os_write(2, r->buffer, r->text.len);
    ac_report_end(r);
}
