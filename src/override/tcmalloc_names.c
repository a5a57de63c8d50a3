/* SPDX-License-Identifier: MIT
 *
 * tcmalloc's names, of its interface for C, for looking at a heap and asking it to give memory back. Like
 * deepbind.c only in the library to preload.
 */
#include "base/compiler.h"
#include "report/report.h"

#include <acre/acre.h>
#include <stddef.h>
#include <string.h>

int MallocExtension_GetNumericProperty(const char *property, size_t *out_value);
void MallocExtension_ReleaseFreeMemory(void);
void MallocExtension_GetStats(char *out_text, int cap);

/* Addresses that are mapped for blocks and hold no memory. */
static size_t unmapped(const struct acre_stats *s)
{
    size_t held = s->small_live_bytes + s->large_live_bytes + s->thread_cache_bytes +
                  s->transfer_cache_bytes + s->span_free_bytes + s->dirty_bytes;
    size_t empty = s->mapped_bytes + s->span_purged_bytes;
    return empty > held ? empty - held : 0;
}

/* 1, or 0 when the property is not known. */
AC_EXPORT int MallocExtension_GetNumericProperty(const char *property, size_t *out_value)
{
    struct acre_stats s = {.size = sizeof s};
    if (acre_stats_get(&s) != 0)
        return 0;
    const struct {
        const char *name;
        size_t value;
    } properties[] = {
        {"generic.current_allocated_bytes", s.small_live_bytes + s.large_live_bytes},
        {"generic.heap_size", s.mapped_bytes},
        {"tcmalloc.pageheap_free_bytes", s.dirty_bytes},
        {"tcmalloc.pageheap_unmapped_bytes", unmapped(&s)},
        {"tcmalloc.current_total_thread_cache_bytes", s.thread_cache_bytes},
    };
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        if (strcmp(properties[i].name, property) != 0)
            continue;
        *out_value = properties[i].value;
        return 1;
    }
    return 0;
}

AC_EXPORT void MallocExtension_ReleaseFreeMemory(void)
{
    acre_trim(0);
}

/* As much as fits with a zero after it. */
AC_EXPORT void MallocExtension_GetStats(char *out_text, int cap)
{
    if (cap <= 0)
        return;
    size_t room = (size_t)cap - 1, len = 0;
    struct ac_report *r = ac_report_begin();
    if (r != NULL) {
        ac_text_people(&r->snapshot, ACRE_VERSION_STRING, &r->text);
        len = r->text.len < room ? r->text.len : room;
        memcpy(out_text, r->buffer, len);
        ac_report_end(r);
    }
    out_text[len] = '\0';
}
