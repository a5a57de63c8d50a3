/* SPDX-License-Identifier: MIT
 *
 * memory.h -- patterns in blocks and the resident size of the process, for test programs. Nothing here
 * allocates.
 */
#ifndef AC_TEST_MEMORY_H
#define AC_TEST_MEMORY_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "check.h"

enum { MEMORY_EDGE_BYTES = 256, MEMORY_MIB = 1 << 20 };

/* Byte `offset` of pattern `id`; neighbouring offsets, pages and ids differ. */
static inline unsigned char memory_byte(size_t id, size_t offset)
{
    return (unsigned char)((offset * 167 + (offset >> 8) * 59 + id * 101 + 1) & 0xff);
}

__attribute__((unused)) static void memory_fill_span(unsigned char *bytes, size_t begin, size_t end,
                                                     size_t id, size_t stride)
{
    for (size_t i = begin; i < end; i += stride)
        bytes[i] = memory_byte(id, i);
}

__attribute__((unused)) static bool memory_span_holds(const unsigned char *bytes, size_t begin, size_t end,
                                                      size_t id, size_t stride)
{
    for (size_t i = begin; i < end; i += stride) {
        if (bytes[i] != memory_byte(id, i))
            return false;
    }
    return true;
}

/* Writes pattern `id` at every `stride`-th byte of the block and over its first and last 256 bytes. */
__attribute__((unused)) static void memory_fill(void *block, size_t size, size_t id, size_t stride)
{
    size_t edge = size < MEMORY_EDGE_BYTES ? size : MEMORY_EDGE_BYTES;
    memory_fill_span((unsigned char *)block, 0, size, id, stride);
    memory_fill_span((unsigned char *)block, 0, edge, id, 1);
    memory_fill_span((unsigned char *)block, size - edge, size, id, 1);
}

/* Whether the first `kept` bytes of a block filled with the same id and stride are still as written. */
__attribute__((unused)) static bool memory_holds(const void *block, size_t kept, size_t id, size_t stride)
{
    size_t edge = kept < MEMORY_EDGE_BYTES ? kept : MEMORY_EDGE_BYTES;
    return memory_span_holds((const unsigned char *)block, 0, edge, id, 1) &&
           memory_span_holds((const unsigned char *)block, 0, kept, id, stride);
}

/* Whether the last 256 bytes of a block that was filled to `size` are as written. */
__attribute__((unused)) static bool memory_tail_holds(const void *block, size_t size, size_t id)
{
    size_t edge = size < MEMORY_EDGE_BYTES ? size : MEMORY_EDGE_BYTES;
    return memory_span_holds((const unsigned char *)block, size - edge, size, id, 1);
}

__attribute__((unused)) static bool memory_is_zero(const void *block, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)block;
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Resident bytes of the process, from /proc/self/statm. */
__attribute__((unused)) static size_t memory_resident_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t length = read(fd, text, sizeof text - 1);
    CHECK(length > 0);
    close(fd);
    text[length] = '\0';
    char *field = NULL;
    (void)strtoul(text, &field, 10);
    return strtoul(field, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

#endif
