/* SPDX-License-Identifier: MIT
 *
 * config.h -- every compile-time constant of the engine: its unit, why this value, and what would change it.
 *
 * Knows:      numbers.
 * Does not know: code.
 * Invariants: asserted below.
 * Threads:    constant.
 */
#ifndef AC_CORE_CONFIG_H
#define AC_CORE_CONFIG_H

#include "base/compiler.h"

#include <stddef.h>

/* Every block is aligned to this: glibc's promise, and what programs that tag pointers rely on. */
#define AC_GRANULE_BYTES 16u

/* Small blocks live in spans and pass through magazines; larger ones are runs of pages of their own. */
#define AC_SMALL_MAX_BYTES 32768u

/* The unit of the page heap and of the page map. docs/design/measurements.md compares 16, 32 and 64 KiB. */
#define AC_UNIT_SHIFT 15
#define AC_UNIT_BYTES ((size_t)1 << AC_UNIT_SHIFT)

/* A chunk is one huge page, and its units fill one 64-bit word. */
#define AC_CHUNK_UNITS 64u
#define AC_CHUNK_BYTES (AC_CHUNK_UNITS * AC_UNIT_BYTES)

/* Large blocks up to half a chunk are cut from chunks; beyond, a block has a mapping of its own (huge). */
#define AC_LARGE_MAX_UNITS 32u
#define AC_LARGE_MAX_BYTES (AC_LARGE_MAX_UNITS * AC_UNIT_BYTES)

/* Address space taken from the system at once: at least this, then a quarter of what is mapped, so that
 * start-up stays small and a big heap makes few mappings. */
#define AC_GROW_MIN_BYTES ((size_t)8 << 20)
#define AC_GROW_MAX_BYTES ((size_t)1 << 30)

/* While less than this is mapped, huge pages are declined even where the system would always use them: the
 * first block of a small program must not make 2 MiB resident. */

/* The part of the page map that one load reaches: AC_WINDOW_BYTES of addresses at 8 bytes a unit (4 MiB of
 * address space, touched as it is used). Blocks outside it are found through a second level. */
#define AC_WINDOW_BYTES ((size_t)16 << 30)

/* User addresses have 47 bits; the kernel gives more only on request. */
#define AC_ADDRESS_BITS 47

/* Shards of small objects: ids 1 .. AC_MAX_SHARDS in one byte of the page-map entry; 0 is no shard, 255
 * marks freed units. */
#define AC_MAX_SHARDS 254u
/* The last of them is no thread's: blocks that the profiler has sampled (heap/profile.h). */
#define AC_SAMPLED_SHARD AC_MAX_SHARDS
/* As many as keep threads that run at the same time out of each other's way: one a processor, and no more
 * than this. docs/design/measurements.md compares. */
#define AC_DEFAULT_SHARDS 128u
#define AC_FREED_SHARD 255u

/* What the magazines of all threads may hold beyond their first capacities: this, or a share of what is in
 * use; and of one thread at least. docs/design/measurements.md compares. */
#define AC_CACHE_BYTES ((size_t)2 << 20)
#define AC_CACHE_SHARE 8u
#define AC_THREAD_CACHE_BYTES ((size_t)128 << 10)

/* Words of a bin {top, base, limit}: the page map and the size table store the class times this. */
#define AC_BIN_WORDS 3u

/* Frees of a class that a thread checks exactly, one by one, before its magazine opens for unchecked ones. */
#define AC_CHECKED_FREES 64u

/* Blocks (and bytes) of one class and shard collected before they travel together. */
#define AC_OUTBOX_BLOCKS 32u
#define AC_OUTBOX_BYTES 4096u
/* Twice that after 16 full batches to the same place, and twice again. */
#define AC_OUTBOX_LEVELS 3u
#define AC_OUTBOX_TURNS 16u
#define AC_OUTBOX_SLOTS 64u

/* Pieces of freed huge mappings kept for re-use. */
#define AC_MAPCACHE_EXTENTS 128u

/* A freed mapping longer than this goes back to the system at once: its page faults are a small part of
 * filling it again. */
#define AC_MAPCACHE_MAX_BYTES ((size_t)64 << 20)

/* Metadata is mapped in pieces of this size and touched as it is used. */
#define AC_META_CHUNK_BYTES ((size_t)1 << 20)

AC_STATIC_ASSERT(AC_MAX_SHARDS < AC_FREED_SHARD, "shard ids must leave 255 free");
AC_STATIC_ASSERT(AC_LARGE_MAX_UNITS <= AC_CHUNK_UNITS, "a large block must fit into a chunk");

#endif
