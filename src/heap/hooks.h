/* SPDX-License-Identifier: MIT
 *
 * hooks.h -- the few places where the engine asks something of the layers above it.
 *
 * Knows:      function pointers.
 * Does not know: who answers.
 * Invariants: HK1 each hook is installed once, before threads exist, by a constructor; NULL means nobody
 *             answers.
 * Threads:    hooks are called from any thread, with no lock held.
 */
#ifndef AC_HEAP_HOOKS_H
#define AC_HEAP_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

struct ac_hooks {
    bool (*foreign_free)(void *block);                            /* libc's own block: freed there   */
    bool (*foreign_usable)(const void *block, size_t *out_bytes); /* libc's own block: its size       */
    void (*helper_tick)(void);                                    /* the same, from the helper        */
    void (*tick)(void);                                           /* now and then, from a slow path  */
};

extern struct ac_hooks ac_hooks;

#endif
