/* SPDX-License-Identifier: MIT
 *
 * The public functions that allocate and free: argument rules and errno around heap/alloc.h and heap/block.h.
 */
#include "api/api.h"

#include "base/bits.h"
#include "heap/alloc.h"
#include "heap/block.h"
#include "heap/trim.h"

#include <acre/acre.h>
#include <errno.h>

static AC_COLD void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

AC_NOINLINE void *ac_api_alloc_slow(size_t size, uint64_t top)
{
    void *block = ac_alloc_slow(size, top);
    return AC_LIKELY(block != NULL) ? block : no_memory();
}

AC_NOINLINE void *ac_api_alloc_large(size_t size)
{
    void *block = ac_alloc_large(size);
    return AC_LIKELY(block != NULL) ? block : no_memory();
}

void *ac_api_aligned(size_t align, size_t size)
{
    void *block = size <= PTRDIFF_MAX ? ac_block_aligned(size, align) : NULL;
    return block != NULL ? block : no_memory();
}

void *acre_malloc(size_t size)
{
    return ac_alloc_with(size, ac_api_alloc_slow, ac_api_alloc_large);
}

void *acre_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (AC_UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
        return no_memory();
    void *block = ac_block_zeroed(bytes);
    return AC_LIKELY(block != NULL) ? block : no_memory();
}

void *acre_realloc(void *block, size_t size)
{
    if (block == NULL)
        return acre_malloc(size);
    if (size == 0) {
        ac_free(block);
        return NULL;
    }
    void *resized = size <= PTRDIFF_MAX ? ac_block_resize(block, size) : NULL;
    return AC_LIKELY(resized != NULL) ? resized : no_memory();
}

void *acre_reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (AC_UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
        return no_memory();
    return acre_realloc(block, bytes);
}

void acre_free(void *block)
{
    ac_free(block);
}

void acre_free_sized(void *block, size_t size)
{
    ac_free_sized(block, size);
}

void acre_free_aligned_sized(void *block, size_t alignment, size_t size)
{
    ac_block_free_aligned_sized(block, alignment, size);
}

void *acre_aligned_alloc(size_t alignment, size_t size)
{
    if (!ac_is_pow2(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return ac_api_aligned(alignment, size);
}

int acre_posix_memalign(void **out_block, size_t alignment, size_t size)
{
    if (!ac_is_pow2(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;
    void *block = ac_api_aligned(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *out_block = block;
    return 0;
}

size_t acre_usable_size(const void *block)
{
    return block == NULL ? 0 : ac_block_usable(block);
}

size_t acre_good_size(size_t size)
{
    size_t good = ac_block_good_size(size);
    return good != 0 ? good : size;
}

int acre_trim(size_t keep_bytes)
{
    return ac_trim(keep_bytes) != 0;
}
