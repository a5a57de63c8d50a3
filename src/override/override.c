/* SPDX-License-Identifier: MIT
 *
 * Every malloc name of libc, all in one object: a program that links statically takes all of them from
 * here or none, and never pulls libc's own malloc in through a name that is missing.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "api/api.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "heap/alloc.h"
#include "heap/trim.h"
#include "os/os.h"
#include "report/report.h"

#include <acre/acre.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define ALIAS(of) __attribute__((alias(#of), visibility("default"), nothrow, copy(of)))
#if defined(__clang__)
#undef ALIAS
#define ALIAS(of) __attribute__((alias(#of), visibility("default")))
#endif

/* ---- the fast four ---- */

AC_EXPORT void *malloc(size_t size)
{
    return ac_alloc_with(size, ac_api_alloc_slow, ac_api_alloc_large);
}

AC_EXPORT void free(void *block)
{
    ac_free(block);
}

AC_EXPORT void *calloc(size_t count, size_t size)
{
    return acre_calloc(count, size);
}

AC_EXPORT void *realloc(void *block, size_t size)
{
    return acre_realloc(block, size);
}

/* ---- variants ---- */

AC_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    return acre_reallocarray(block, count, size);
}

AC_EXPORT void *aligned_alloc(size_t align, size_t size)
{
    return acre_aligned_alloc(align, size);
}

AC_EXPORT int posix_memalign(void **out_block, size_t align, size_t size)
{
    return acre_posix_memalign(out_block, align, size);
}

/* As glibc: an alignment that is no power of two is rounded up to one. */
AC_EXPORT void *memalign(size_t align, size_t size)
{
    if (align > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    return ac_api_aligned(ac_pow2_up(align), size);
}

AC_EXPORT void *valloc(size_t size)
{
    return ac_api_aligned(ac_os_page_size(), size);
}

AC_EXPORT void *pvalloc(size_t size)
{
    size_t page = ac_os_page_size();
    return ac_api_aligned(page, size > PTRDIFF_MAX ? size : ac_align_up(size == 0 ? 1 : size, page));
}

AC_EXPORT size_t malloc_usable_size(void *block)
{
    return acre_usable_size(block);
}

void free_sized(void *block, size_t size);
AC_EXPORT void free_sized(void *block, size_t size)
{
    ac_free_sized(block, size);
}

void free_aligned_sized(void *block, size_t align, size_t size);
AC_EXPORT void free_aligned_sized(void *block, size_t align, size_t size)
{
    acre_free_aligned_sized(block, align, size);
}

void cfree(void *block);
AC_EXPORT void cfree(void *block)
{
    ac_free(block);
}

/* ---- control and statistics ---- */

/* M_PERTURB is honoured. The rest are parameters of another allocator's internals: accepted, as programs
 * check for success, and without effect. */
AC_EXPORT int mallopt(int param, int value)
{
    if (param == M_PERTURB)
        ac_trim_perturb((uint8_t)value);
    return 1;
}

AC_EXPORT int malloc_trim(size_t keep_bytes)
{
    return acre_trim(keep_bytes);
}

AC_EXPORT void malloc_stats(void)
{
    struct ac_report *r = ac_report_begin();
    if (r == NULL)
        return;
    ac_text_people(&r->snapshot, ACRE_VERSION_STRING, &r->text);
    ac_os_write(2, r->buffer, r->text.len);
    ac_report_end(r);
}

AC_EXPORT int malloc_info(int options, FILE *file)
{
    if (options != 0)
        return EINVAL;
    struct ac_report *r = ac_report_begin();
    if (r == NULL)
        return ENOMEM;
    ac_text_xml(&r->snapshot, ACRE_VERSION_STRING, &r->text);
    bool written = fwrite(r->buffer, 1, r->text.len, file) == r->text.len;
    ac_report_end(r);
    return written ? 0 : -1;
}

/* glibc's fields in glibc's sense: blocks with a mapping-like life of their own (over 32 KiB) count under
 * hblk, the rest under ordblks. */
AC_EXPORT struct mallinfo2 mallinfo2(void)
{
    struct mallinfo2 mi = {0};
    struct ac_report *r = ac_report_begin();
    if (r == NULL)
        return mi;
    const uint64_t *stats = r->snapshot.stats;
    mi.hblks = stats[AC_STAT_large_live_objects];
    mi.hblkhd = stats[AC_STAT_large_live_bytes];
    mi.uordblks = stats[AC_STAT_small_live_bytes];
    mi.fordblks = stats[AC_STAT_thread_cache_bytes] + stats[AC_STAT_transfer_cache_bytes] +
                  stats[AC_STAT_span_free_bytes] + stats[AC_STAT_dirty_bytes];
    mi.arena = mi.uordblks + mi.fordblks;
    mi.ordblks = stats[AC_STAT_small_live_objects];
    mi.keepcost = stats[AC_STAT_dirty_bytes];
    ac_report_end(r);
    return mi;
}

static int clamp(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

AC_EXPORT struct mallinfo mallinfo(void)
{
    struct mallinfo2 wide = mallinfo2();
    struct mallinfo mi = {0};
    mi.hblks = clamp(wide.hblks);
    mi.hblkhd = clamp(wide.hblkhd);
    mi.uordblks = clamp(wide.uordblks);
    mi.fordblks = clamp(wide.fordblks);
    mi.arena = clamp(wide.arena);
    mi.ordblks = clamp(wide.ordblks);
    mi.keepcost = clamp(wide.keepcost);
    return mi;
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* ---- libc's other names for the same: a block from one of these may be freed by any of the above ---- */

void *__libc_malloc(size_t) ALIAS(malloc);
void __libc_free(void *) ALIAS(free);
void __libc_cfree(void *) ALIAS(cfree);
void *__libc_calloc(size_t, size_t) ALIAS(calloc);
void *__libc_realloc(void *, size_t) ALIAS(realloc);
void *__libc_reallocarray(void *, size_t, size_t) ALIAS(reallocarray);
void *__libc_memalign(size_t, size_t) ALIAS(memalign);
void *__libc_valloc(size_t) ALIAS(valloc);
void *__libc_pvalloc(size_t) ALIAS(pvalloc);
int __posix_memalign(void **, size_t, size_t) ALIAS(posix_memalign);
struct mallinfo __libc_mallinfo(void) ALIAS(mallinfo);
int __libc_mallopt(int, int) ALIAS(mallopt);
