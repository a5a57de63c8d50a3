/* SPDX-License-Identifier: MIT
 *
 * acre.h -- the prefixed interface of the acre memory allocator.
 *
 * The functions below are what the C library's functions of the same name without the prefix do, on acre's
 * heap; where the standards leave a choice, the choice made here is stated. Blocks from acre_malloc() and
 * from malloc() are interchangeable when acre also serves malloc() in the process (libacre-preload.so,
 * libacre.a, acre.o).
 *
 * Common to all:
 *   alignment  every block is aligned to at least 16 bytes.
 *   errors     a function that returns NULL for lack of memory sets errno to ENOMEM and has changed nothing;
 *              a size over PTRDIFF_MAX is always refused that way. No function changes errno on success.
 *   threads    all functions are safe in any thread; a block may be freed by any thread.
 *   signals    acre_malloc, acre_calloc, acre_realloc, acre_aligned_alloc and acre_free may be called from a
 *              signal handler, also from one that interrupted them (an extension: POSIX does not ask for it).
 *   fork       safe in the parent and in the child, also when other threads were allocating at the time.
 *   misuse     a bad pointer ends the process with one line on stderr that names the crime; see acre(7).
 */
#ifndef ACRE_ACRE_H
#define ACRE_ACRE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ACRE_VERSION_MAJOR 0
#define ACRE_VERSION_MINOR 1
#define ACRE_VERSION_PATCH 0
#define ACRE_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define ACRE_API __attribute__((visibility("default")))
#define ACRE_MALLOC_LIKE(...) __attribute__((malloc, warn_unused_result, __VA_ARGS__))
#else
#define ACRE_API
#define ACRE_MALLOC_LIKE(...)
#endif

/* acre_malloc -- allocate a block.
 *
 *   size       bytes wanted, 0 to PTRDIFF_MAX; 0 gives a distinct block that can be freed.
 *   returns    the block, 16-byte aligned, contents indeterminate; NULL when memory is exhausted.
 *   errors     ENOMEM.
 *   cost       a few ns up to 32 KiB; page work beyond.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        malloc(3); ISO C 7.24.3.6
 */
ACRE_API void *acre_malloc(size_t size) ACRE_MALLOC_LIKE(alloc_size(1));

/* acre_calloc -- allocate a zeroed array.
 *
 *   count, size  elements and bytes of each; their product may be 0.
 *   returns    the block, all of its usable bytes zero; NULL when the product overflows or memory is
 *              exhausted.
 *   errors     ENOMEM.
 *   cost       acre_malloc plus clearing; memory fresh from the system is not cleared again.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        calloc(3); ISO C 7.24.3.2
 */
ACRE_API void *acre_calloc(size_t count, size_t size) ACRE_MALLOC_LIKE(alloc_size(1, 2));

/* acre_realloc -- change the size of a block.
 *
 *   block      from any function here and not freed, or NULL (then as acre_malloc).
 *   size       new size in bytes; 0 with a block frees it and returns NULL, errno untouched (as glibc does).
 *   returns    the block, perhaps moved, with the first min(old, new) bytes kept; NULL on failure, block
 *              intact.
 *   errors     ENOMEM.
 *   cost       nothing while the size class stays; big blocks grow in place or move by page tables.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        realloc(3); POSIX.1-2024
 */
ACRE_API void *acre_realloc(void *block, size_t size) __attribute__((warn_unused_result, alloc_size(2)));

/* acre_reallocarray -- acre_realloc of count * size, refused on overflow.
 *
 *   returns    as acre_realloc.
 *   errors     ENOMEM, also when count * size overflows; the block is intact then.
 *   cost       as acre_realloc.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        reallocarray(3); POSIX.1-2024
 */
ACRE_API void *acre_reallocarray(void *block, size_t count, size_t size)
    __attribute__((warn_unused_result, alloc_size(2, 3)));

/* acre_free -- give a block back.
 *
 *   block      from any function here and not yet freed, or NULL.
 *   errors     none; errno is kept. Anything else as a block ends the process.
 *   cost       a few ns up to 32 KiB.
 *   threads    safe, from any thread.   signals  safe.   fork  safe.
 *   see        free(3); ISO C 7.24.3.3
 */
ACRE_API void acre_free(void *block);

/* acre_free_sized -- free a block whose requested size is known.
 *
 *   size       the size last asked of acre_malloc, acre_calloc or acre_realloc for this block. A size of
 *              another size class ends the process. NULL is accepted with any size.
 *   errors     none; errno is kept.
 *   cost       as acre_free.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        ISO C23 7.24.3.4
 */
ACRE_API void acre_free_sized(void *block, size_t size);

/* acre_free_aligned_sized -- free a block from acre_aligned_alloc whose alignment and size are known.
 *
 *   alignment, size  as they were given to acre_aligned_alloc; another class or alignment ends the process.
 *   errors     none; errno is kept.
 *   cost       as acre_free.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        ISO C23 7.24.3.5
 */
ACRE_API void acre_free_aligned_sized(void *block, size_t alignment, size_t size);

/* acre_aligned_alloc -- allocate an aligned block.
 *
 *   alignment  a power of two; 1 and up.
 *   size       bytes wanted; need not be a multiple of the alignment.
 *   returns    the block; NULL on failure.
 *   errors     EINVAL alignment not a power of two; ENOMEM.
 *   cost       as acre_malloc up to a page of alignment.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        aligned_alloc(3); ISO C 7.24.3.1
 */
ACRE_API void *acre_aligned_alloc(size_t alignment, size_t size)
    ACRE_MALLOC_LIKE(alloc_align(1), alloc_size(2));

/* acre_posix_memalign -- allocate an aligned block, the POSIX way.
 *
 *   out_block  set on success only.
 *   alignment  a power of two and a multiple of sizeof(void *).
 *   returns    0, EINVAL or ENOMEM.
 *   errors     errno is also set to ENOMEM when that is returned (as glibc does).
 *   cost       as acre_aligned_alloc.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        posix_memalign(3)
 */
ACRE_API int acre_posix_memalign(void **out_block, size_t alignment, size_t size)
    __attribute__((warn_unused_result));

/* acre_usable_size -- bytes that may be used in a block.
 *
 *   block      a live block or NULL.
 *   returns    at least the requested size, the same for the block's whole life; 0 for NULL.
 *   errors     none.
 *   cost       a few ns.
 *   threads    safe.   signals  safe.   fork  safe.
 *   see        malloc_usable_size(3)
 */
ACRE_API size_t acre_usable_size(const void *block);

/* acre_good_size -- the usable size a request would get.
 *
 *   size       bytes, any value.
 *   returns    what acre_usable_size() would say of acre_malloc(size); the size itself when it cannot be had.
 *   errors     none.
 *   cost       a few ns; allocates nothing.
 *   threads    safe.   signals  safe.   fork  safe.
 */
ACRE_API size_t acre_good_size(size_t size);

/* acre_trim -- empty the caches of all threads and give free pages back to the system.
 *
 *   keep_bytes free memory to leave resident, in bytes.
 *   returns    1 when any memory was given back, 0 when there was none to give.
 *   errors     none.
 *   cost       proportional to the cached and free memory; milliseconds.
 *   threads    safe.   signals  unsafe.   fork  safe.
 *   see        malloc_trim(3)
 */
ACRE_API int acre_trim(size_t keep_bytes);

/* acre_option_get -- read an option by name.
 *
 *   name       a name listed in acre(7).
 *   out_value  set to the value in force (booleans 0 or 1; sizes in bytes; times in ms).
 *   returns    0, or ENOENT for an unknown name.
 *   errors     none besides.
 *   cost       a search of a short table.
 *   threads    safe.   signals  safe.   fork  safe.
 */
ACRE_API int acre_option_get(const char *name, size_t *out_value);

/* acre_option_set -- change an option at run time.
 *
 *   name, value  as for acre_option_get.
 *   returns    0; ENOENT for an unknown name; ERANGE outside the option's range; EPERM when the option can
 *              only be set before the first allocation.
 *   errors     none besides.
 *   cost       a search of a short table.
 *   threads    safe.   signals  unsafe.   fork  safe.
 */
ACRE_API int acre_option_set(const char *name, size_t value);

/* acre_conf -- options built into a program: define it as a string of the form of the environment variable
 * ACRE_CONF, which overrides it. Read once, before the first allocation of the process. In a program
 * linked to libacre.so it must be visible to the library (it is when the program is linked with the
 * library or with -rdynamic).
 */
extern const char *acre_conf;

/* One thing that is not as it must be: a row of acre_verify(). */
struct acre_breach {
    const char *invariant;    /* its name in the source's headers, such as "SP3"               */
    const char *what;         /* what was compared, for people                                */
    const void *address;      /* of the block, span, chunk or thread cache it was seen in     */
    unsigned long long found; /* what it is, and what it must be (or at most, or at least, be) */
    unsigned long long expected;
};

/* acre_verify -- hold the whole heap against its invariants.
 *
 *   out_breaches, max  the first breaches are stored here; NULL with 0 only counts. At most 16 are stored.
 *   returns    the number of breaches: 0 for a sound heap; (size_t)-1 when it could not look, in a signal
 *              handler that interrupted the allocator.
 *   errors     none besides.
 *   cost       proportional to the heap, about 5 us a MiB in small blocks; allocates nothing. Other
 *              threads wait when they come to a slow path, and every size class of theirs takes one slow
 *              path afterwards.
 *   threads    safe.   signals  unsafe.   fork  safe; a child that another thread forks meanwhile loses what
 *              was free in caches and spans.
 *   see        acre(7)
 */
ACRE_API size_t acre_verify(struct acre_breach *out_breaches, size_t max);

/* The statistics of the heap, each as acre(7) explains it. Later versions add fields at the end. */
struct acre_stats {
    size_t size;      /* set by the caller: sizeof(struct acre_stats)            */
    unsigned version; /* ACRE_STATS_VERSION of the library                       */
    unsigned nstats;  /* fields below that the library knows; the others are 0   */
    unsigned long long small_live_bytes;
    unsigned long long small_live_objects;
    unsigned long long large_live_bytes;
    unsigned long long large_live_objects;
    unsigned long long thread_cache_bytes;
    unsigned long long transfer_cache_bytes;
    unsigned long long span_free_bytes;
    unsigned long long span_purged_bytes;
    unsigned long long span_fresh_bytes;
    unsigned long long dirty_bytes;
    unsigned long long metadata_bytes;
    unsigned long long mapped_bytes;
    unsigned long long purged_bytes;
    unsigned long long remote_frees;
    unsigned long long refills;
    unsigned long long flushes;
    unsigned long long threads;
    unsigned long long rss_bytes;
};
#define ACRE_STATS_VERSION 1u

/* acre_stats_get -- read the statistics of the heap.
 *
 *   inout_stats  with its size set; filled in. rss_bytes is 0: it is the system's to say.
 *   returns    0; EINVAL when the size is smaller than the fields before the first statistic; ENOMEM.
 *   errors     none besides.
 *   cost       some microseconds, more with many threads; allocates nothing.
 *   threads    safe; exact but for what other threads do meanwhile.   signals  safe.   fork  safe.
 *   see        acre(7)
 */
ACRE_API int acre_stats_get(struct acre_stats *inout_stats);

enum acre_stats_format {
    ACRE_STATS_TEXT,      /* for people, as malloc_stats() writes it      */
    ACRE_STATS_JSON,      /* one object, schema acre.stats/1              */
    ACRE_STATS_PROMETHEUS /* the text format of its exporters             */
};

/* acre_stats_print -- write the statistics as text.
 *
 *   format     what it is to look like.
 *   write      called once or more with `len` bytes of text, which no zero ends; it may allocate.
 *   context    passed on to it.
 *   returns    0; EINVAL for an unknown format; ENOMEM.
 *   errors     none besides.
 *   cost       that of acre_stats_get() and a mapping made and removed.
 *   threads    safe.   signals  unsafe.   fork  safe.
 */
ACRE_API int acre_stats_print(enum acre_stats_format format,
                              void (*write)(void *context, const char *text, size_t len), void *context);

/* acre_ctl -- read, change or do something by name.
 *
 *   name       "stats.NAME": a statistic (unsigned long long, read); "option.NAME": an option (size_t, read
 *              and write); "trim": acre_trim(0) (int, read: whether memory was given back); "version" (const
 *              char *, read).
 *   out, inout_out_size  where the value goes, and the size of that; NULL: it is not wanted.
 *   in, in_size  the new value; NULL: none.
 *   returns    0; ENOENT for an unknown name; EINVAL when a size is not that of the type; EPERM when the
 *              thing cannot be written (now); ERANGE as acre_option_set(); ENOMEM.
 *   errors     none besides.
 *   cost       a search; for "stats." that of acre_stats_get().
 *   threads    safe.   signals  unsafe.   fork  safe.
 */
ACRE_API int acre_ctl(const char *name, void *out, size_t *inout_out_size, const void *in, size_t in_size);

/* Blocks of one size class. */
struct acre_class {
    size_t size;               /* of a block                                              */
    size_t span_size;          /* of the runs of pages they are cut from                  */
    unsigned long long spans;  /* number of those                                         */
    unsigned long long live;   /* blocks that the program has                             */
    unsigned long long cached; /* free ones in the caches of threads and shards           */
    unsigned long long free;   /* free ones in spans, handed out before                   */
};

/* acre_visit_classes -- look at every size class.
 *
 *   visit      called for each, smallest first, until it returns other than 0; it may allocate.
 *   context    passed on to it.
 *   returns    what the last call of visit returned; 0 when there was none.
 *   errors     none; ENOMEM is returned when there is no memory for the numbers.
 *   cost       that of acre_stats_get().
 *   threads    safe.   signals  unsafe.   fork  safe.
 */
ACRE_API int acre_visit_classes(int (*visit)(void *context, const struct acre_class *c), void *context);

/* A run of pages that serves one purpose: blocks of one size class, or one block over 32 KiB. Later versions
 * add fields at the end. */
struct acre_span {
    const void *address;
    size_t size;               /* of the run                                                      */
    size_t block_size;         /* of a block; bytes that may be used of a block over 32 KiB       */
    unsigned long long blocks; /* that there is room for                                          */
    unsigned long long live;   /* blocks that the program has                                     */
    unsigned long long cached; /* free ones in the caches of threads and shards                   */
    unsigned long long free;   /* free ones in the span, handed out before                        */
    unsigned shard;            /* whose threads draw from it; 0: one block over 32 KiB            */
    size_t purged;             /* bytes of free blocks that were given back to the system         */
};

/* acre_visit_spans -- look at every span.
 *
 *   visit      called for each, in no order to rely on, until it returns other than 0; it may do anything,
 *              also allocate, free and walk: it is shown a copy, and no lock is held. It must not write into
 *              the span. All spans of a shard are copied at one moment; of blocks that other threads are just
 *              taking or giving back, one a thread and class may be counted on either side.
 *   context    passed on to it.
 *   returns    what the last call of visit returned; 0 when there was none.
 *   errors     none; returned are ENOMEM when there is no memory for the copy, and EBUSY in a signal handler
 *              that interrupted the allocator: visit was not called then.
 *   cost       proportional to the heap: a copy of its bookkeeping, about 1 % of blocks of 16 bytes and less
 *              of longer ones, in a mapping of its own. While it is made other threads wait when they come
 *              to a slow path; every size class of theirs takes one slow path afterwards.
 *   threads    safe.   signals  unsafe.   fork  safe; as for acre_verify().
 */
ACRE_API int acre_visit_spans(int (*visit)(void *context, const struct acre_span *span), void *context);

/* A block that the program has. */
struct acre_block {
    const void *address;          /* as it was given to the program                                     */
    size_t size;                  /* of its size class; bytes that may be used of a block over 32 KiB    */
    const struct acre_span *span; /* that it lies in                                                    */
};

/* acre_visit_blocks -- look at every live block.
 *
 *   visit      called for each, in no order to rely on, until it returns other than 0; as for
 *              acre_visit_spans(). It may look into a block only if it knows that no thread frees it
 *              meanwhile: the copy is of before the first call.
 *   context    passed on to it.
 *   returns    as acre_visit_spans().
 *   errors     as acre_visit_spans().
 *   cost       that of acre_visit_spans(), and a call a block.
 *   threads    safe.   signals  unsafe.   fork  safe; as for acre_verify().
 */
ACRE_API int acre_visit_blocks(int (*visit)(void *context, const struct acre_block *block), void *context);

/* acre_prof_start -- begin to profile the heap: who allocates, what lives, what lived at the peak.
 *
 *   rate_bytes  bytes allocated from one sample to the next, on average; 0: as the option "profile" says, or
 *              512 KiB. More than 500 samples a second in all double it.
 *   returns    0; EALREADY when the profiler is on; ENOMEM; EBUSY in a signal handler that
 *              interrupted acre.
 *   errors     none besides.
 *   cost       a system call and some 100 KiB; while it is on, an instruction or two at each malloc, and
 *              some microseconds a sample. What was recorded before is forgotten.
 *   threads    safe: counts what all threads allocate from now on.   signals  safe.   fork  safe: a child
 *              profiles on, from nothing.
 *   see        acre-profile(1), acre(7)
 */
ACRE_API int acre_prof_start(size_t rate_bytes);

/* acre_prof_stop -- end what acre_prof_start() began, or the option "profile".
 *
 *   returns    0; EALREADY when the profiler is not on; EBUSY as acre_prof_start(). What was recorded stays.
 *   errors     none besides.
 *   cost       a look at the process's mappings.
 *   threads    safe.   signals  safe.   fork  safe.
 */
ACRE_API int acre_prof_stop(void);

/* acre_prof_dump -- write the profile to a file, as text that pprof, google-pprof and jeprof read.
 *
 *   path       of the file, which is made for this user only, or overwritten.
 *   returns    0; ENODATA when the profiler was never on; EINVAL when path is NULL; what open(2) says; EIO
 *              when it cannot be written whole.
 *   errors     none besides; allocates nothing.
 *   cost       a line a stack and the process's mappings.
 *   threads    safe; others go on, so that sums may be an event apart.   signals  safe.   fork  safe.
 *   see        pprof(1)
 */
ACRE_API int acre_prof_dump(const char *path);

/* acre_version -- the version of the library that is running, as "major.minor.patch".
 *
 *   returns    a static string.
 *   errors     none.   cost  none.   threads  safe.   signals  safe.   fork  safe.
 */
ACRE_API const char *acre_version(void);

#ifdef __cplusplus
}
#endif

#endif
