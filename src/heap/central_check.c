/* SPDX-License-Identifier: MIT
 *
 * Whether a block may come back to its span, and what to say when it may not.
 */
#include "base/atomic.h"
#include "core/fault.h"
#include "heap/central.h"

AC_COLD AC_NORETURN void ac_center_bad_block(const struct ac_span *span, const void *block)
{
    uint32_t offset = (uint32_t)((uintptr_t)block - span->base);
    uint32_t i = ac_class_index(offset, span->recip);
    if (offset % AC_GRANULE_BYTES != 0)
        ac_fault_raise(AC_FAULT_MISALIGNED, block, span->size_bytes, NULL);
    if (i >= span->nobj || i * span->size_bytes != offset)
        ac_fault_raise(AC_FAULT_INTERIOR_FREE, block, span->size_bytes, NULL);
    if (i >= span->fresh)
        ac_fault_raise(AC_FAULT_NEVER_ALLOCATED, block, span->size_bytes, NULL);
    ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, span->size_bytes, NULL);
}

void ac_center_check_block(const struct ac_span *span, const void *block)
{
    uint32_t offset = (uint32_t)((uintptr_t)block - span->base);
    uint32_t i = ac_class_index(offset, span->recip);
    if (AC_UNLIKELY(i * span->size_bytes != offset || i >= ac_load_rlx(&span->fresh) ||
                    (ac_load_rlx(&span->free_bits[i / 64]) >> (i % 64) & 1) != 0))
        ac_center_bad_block(span, block);
}
