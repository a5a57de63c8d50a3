/* SPDX-License-Identifier: MIT
 *
 * plan_bytes.c -- test/model's plan, told by the fuzzer: an operation is six bytes of its input. What
 * comes after the input (operations of threads let loose, of forked children) is random as ever.
 */
#include "plan_bytes.h"

#include <string.h>

struct op plan_op_random(const struct plan *plan, unsigned thread, uint64_t index);

static const unsigned char *input;
static size_t ninput;

void plan_bytes_set(const unsigned char *bytes, size_t n)
{
    input = bytes;
    ninput = n;
}

/* The exponent from one byte, what is added from another: every size up to 2 MiB can be said. */
static size_t size_of(const unsigned char *bytes)
{
    unsigned bits = bytes[0] % 22;
    size_t size = (size_t)1 << bits;
    return size - 1 + ((size * bytes[1]) >> 8) + bytes[0] / 22;
}

struct op plan_op(const struct plan *plan, unsigned thread, uint64_t index)
{
    if ((index + 1) * OP_BYTES > ninput)
        return plan_op_random(plan, thread, index);
    const unsigned char *bytes = input + index * OP_BYTES;
    struct op op = {.kind = (enum op_kind)(bytes[0] % OP_KINDS), .count = 1};
    op.slot = bytes[2] % plan->nslots;
    op.dice = bytes[3] * 0x01010101u;
    op.size = size_of(bytes + 4);
    op.alignment = (size_t)1 << bytes[3] % 22;
    if (op.kind == OP_POSIX_MEMALIGN && op.alignment < sizeof(void *))
        op.alignment = sizeof(void *);
    if (op.kind == OP_CALLOC || op.kind == OP_REALLOCARRAY)
        op.count = bytes[3] % 8 + 1u;
    op.size /= op.count;
    if (op.kind == OP_FORK && bytes[3] % 8 != 0) /* dear */
        op.kind = OP_USABLE_SIZE;
    return op;
}
