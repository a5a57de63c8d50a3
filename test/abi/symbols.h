/* SPDX-License-Identifier: MIT
 *
 * symbols.h -- the names acre replaces, all of them: the list the documentation promises and the tests look
 * up.
 */
#ifndef AC_TEST_SYMBOLS_H
#define AC_TEST_SYMBOLS_H

static const char *const c_names[] = {
    "malloc",
    "free",
    "calloc",
    "realloc",
    "reallocarray",
    "aligned_alloc",
    "posix_memalign",
    "memalign",
    "valloc",
    "pvalloc",
    "malloc_usable_size",
    "free_sized",
    "free_aligned_sized",
    "cfree",
    "mallopt",
    "malloc_trim",
    "malloc_stats",
    "malloc_info",
    "mallinfo",
    "mallinfo2",
};

static const char *const alias_names[] = {
    "__libc_malloc",   "__libc_free",         "__libc_calloc",  "__libc_realloc",
    "__libc_memalign", "__libc_valloc",       "__libc_pvalloc", "__libc_mallinfo",
    "__libc_mallopt",  "__libc_reallocarray", "__libc_cfree",   "__posix_memalign",
};

static const char *const cxx_names[] = {
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "_ZnamSt11align_val_tRKSt9nothrow_t",
    "_ZdlPv",
    "_ZdaPv",
    "_ZdlPvm",
    "_ZdaPvm",
    "_ZdlPvRKSt9nothrow_t",
    "_ZdaPvRKSt9nothrow_t",
    "_ZdlPvSt11align_val_t",
    "_ZdaPvSt11align_val_t",
    "_ZdlPvmSt11align_val_t",
    "_ZdaPvmSt11align_val_t",
    "_ZdlPvSt11align_val_tRKSt9nothrow_t",
    "_ZdaPvSt11align_val_tRKSt9nothrow_t",
};

static const char *const acre_names[] = {
    "acre_malloc",
    "acre_calloc",
    "acre_realloc",
    "acre_reallocarray",
    "acre_free",
    "acre_free_sized",
    "acre_free_aligned_sized",
    "acre_aligned_alloc",
    "acre_posix_memalign",
    "acre_usable_size",
    "acre_good_size",
    "acre_trim",
    "acre_option_get",
    "acre_option_set",
    "acre_version",
    "acre_verify",
    "acre_stats_get",
    "acre_stats_print",
    "acre_ctl",
    "acre_visit_classes",
    "acre_visit_spans",
    "acre_visit_blocks",
};

#define NAMES_COUNT(names) (sizeof(names) / sizeof((names)[0]))

#endif
