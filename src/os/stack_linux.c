/* SPDX-License-Identifier: MIT
 *
 * The part of os.h that looks at the stack of a thread that is about to end the process.
 *
 * Frames are not followed: most programs have no frame pointers, and unwinding takes locks and allocates. The
 * words of the stack are looked at one by one; one that points behind a call instruction is taken for a
 * return address. Some may be left from calls that have ended.
 */
#include "os/os.h"

#include <string.h>

#define SCAN_WORDS 1024u

static bool is_readable(uintptr_t first, uintptr_t last)
{
    return ac_os_is_mapped(first) && ac_os_is_mapped(last);
}

/* True when a call instruction ends at the address. */
static bool follows_call(uintptr_t addr)
{
    const unsigned char *at = (const unsigned char *)addr;
#if defined(__x86_64__)
    return at[-5] == 0xe8 || (at[-6] == 0xff && (at[-5] == 0x15 || (at[-5] & 0xf8) == 0x90)) ||
           (at[-2] == 0xff && (at[-1] & 0xf8) == 0xd0) || (at[-3] == 0xff && (at[-2] & 0xf8) == 0x50);
#else
    uint32_t word;
    memcpy(&word, at - 4, sizeof word);
    return addr % 4 == 0 && ((word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000);
#endif
}

unsigned ac_os_stack(uintptr_t sp, uintptr_t *out_addrs, unsigned max)
{
    const uintptr_t *at = sp != 0 ? (const uintptr_t *)(sp & ~(sizeof sp - 1)) : __builtin_frame_address(0);
    uintptr_t page = ~(uintptr_t)0;
    unsigned n = 0;
    for (unsigned i = 0; i < SCAN_WORDS && n < max; i++, at++) {
        if ((uintptr_t)at >> 12 != page && !ac_os_is_mapped((uintptr_t)at))
            break;
        page = (uintptr_t)at >> 12;
        uintptr_t word = *at;
        bool near_stack = word - (uintptr_t)at + ((uintptr_t)1 << 23) < (uintptr_t)1 << 24;
        if (word < 65536 || word >> 47 != 0 || near_stack || !is_readable(word - 8, word - 1))
            continue;
        if (follows_call(word) && (n == 0 || out_addrs[n - 1] != word))
            out_addrs[n++] = word;
    }
    return n;
}

void ac_os_trap(void)
{
    __builtin_trap();
}
