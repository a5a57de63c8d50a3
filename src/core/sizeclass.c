/* SPDX-License-Identifier: MIT */
#include "core/sizeclass.h"

#include "core/sizeclass_table.h"

AC_STATIC_ASSERT(AC_SIZECLASS_TABLE_UNIT_BYTES == AC_UNIT_BYTES, "the table was generated for another unit");
AC_STATIC_ASSERT(AC_SIZECLASS_TABLE_NCLASSES == AC_NCLASSES, "AC_NCLASSES must be the table's");
AC_STATIC_ASSERT(AC_SIZECLASS_TABLE_MAX_BATCH == AC_MAX_BATCH, "AC_MAX_BATCH must be the table's");
AC_STATIC_ASSERT((AC_NCLASSES - 1) * AC_BIN_WORDS <= UINT8_MAX, "bin indexes are bytes");

const struct ac_sizeclass ac_sizeclass[AC_NCLASSES] = {{0, 0, 0, 0, 0, 0}, AC_SIZECLASS_ROWS};
const uint8_t ac_sizeclass_bin[AC_SMALL_MAX_BYTES / AC_GRANULE_BYTES + 1] = {AC_SIZECLASS_BINS};

unsigned ac_class_of_aligned(size_t size, size_t align)
{
    if (size > AC_SMALL_MAX_BYTES || align > AC_UNIT_BYTES)
        return 0;
    for (unsigned c = ac_class_of_size(size); c < AC_NCLASSES; c++) {
        if ((ac_sizeclass[c].size_bytes & (align - 1)) == 0)
            return c;
    }
    return 0;
}
