/* SPDX-License-Identifier: MIT
 *
 * The twenty allocation operators of C++, by their mangled names (LP64), so that the library needs no C++
 * runtime: what only such a runtime has (the new-handler, throwing) is reached through weak names that are
 * there when a C++ program is.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "api/api.h"
#include "heap/alloc.h"

#include <acre/acre.h>
#include <dlfcn.h>

typedef void (*new_handler)(void);
extern new_handler _ZSt15get_new_handlerv(void) __attribute__((weak));
extern void _ZSt17__throw_bad_allocv(void) __attribute__((weak));
extern void *dlsym(void *, const char *) __attribute__((weak));
extern void *dlopen(const char *, int) __attribute__((weak));

/* A function of the C++ runtime. One that came with dlopen is bound to nothing here and perhaps visible to
 * nobody but its loader, so it is asked for in the library itself (where the operators are not ours,
 * either). */
static void *find_runtime_function(const char *name)
{
    static const char *const runtimes[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
    void *function = NULL;
    if (dlsym == NULL || dlopen == NULL)
        return NULL;
    for (size_t i = 0; function == NULL && i < sizeof runtimes / sizeof runtimes[0]; i++) {
        void *runtime = dlopen(runtimes[i], RTLD_NOLOAD | RTLD_LAZY);
        if (runtime != NULL)
            function = dlsym(runtime, name);
    }
    return function;
}

static void (*runtime_function(void (*bound)(void), const char *name))(void)
{
    union {
        void *object;
        void (*function)(void);
    } found = {NULL};
    if (bound != NULL)
        return bound;
    found.object = find_runtime_function(name);
    return found.function;
}

static new_handler current_handler(void)
{
    union {
        void (*plain)(void);
        new_handler (*get)(void);
    } f;
    f.get = _ZSt15get_new_handlerv;
    f.plain = runtime_function(f.plain, "_ZSt15get_new_handlerv");
    return f.plain == NULL ? NULL : f.get();
}

static AC_COLD void throw_bad_alloc(void)
{
    void (*thrower)(void) = runtime_function(_ZSt17__throw_bad_allocv, "_ZSt17__throw_bad_allocv");
    if (thrower != NULL)
        thrower();
    __builtin_trap();
}

static void *try_once(size_t size, size_t align)
{
    return align == 0 ? acre_malloc(size) : ac_api_aligned(align, size);
}

/* [new.delete.single]: until there is memory, call the new-handler; without one, throw. align 0: none
 * asked for. */
static AC_COLD void *new_or_throw(size_t size, size_t align)
{
    for (;;) {
        void *block = try_once(size, align);
        if (block != NULL)
            return block;
        new_handler handler = current_handler();
        if (handler == NULL)
            throw_bad_alloc();
        handler();
    }
}

static AC_COLD void *new_slow(size_t size, uint64_t top)
{
    void *block = ac_alloc_slow(size, top);
    return AC_LIKELY(block != NULL) ? block : new_or_throw(size, 0);
}

static AC_COLD void *new_large(size_t size)
{
    void *block = ac_alloc_large(size);
    return AC_LIKELY(block != NULL) ? block : new_or_throw(size, 0);
}

/* A nothrow operator must return NULL when the new-handler throws, which C cannot catch; libstdc++'s own
 * operator can: it calls the throwing one, which is ours, and catches. */
static AC_COLD void *nothrow_failed(const char *name, size_t size, size_t align, const void *tag)
{
    union {
        void *object;
        void *(*plain)(size_t, const void *);
        void *(*aligned)(size_t, size_t, const void *);
    } runtime = {NULL};
    if (current_handler() == NULL)
        return NULL;
    if (dlsym != NULL)
        runtime.object = dlsym(RTLD_NEXT, name);
    if (runtime.object == NULL)
        runtime.object = find_runtime_function(name);
    if (runtime.object == NULL)
        return new_or_throw(size, align);
    return align == 0 ? runtime.plain(size, tag) : runtime.aligned(size, align, tag);
}

static void *new_nothrow(size_t size, const void *tag)
{
    void *block = acre_malloc(size);
    return AC_LIKELY(block != NULL) ? block : nothrow_failed("_ZnwmRKSt9nothrow_t", size, 0, tag);
}

static void *new_aligned(size_t size, size_t align)
{
    void *block = ac_api_aligned(align, size);
    return AC_LIKELY(block != NULL) ? block : new_or_throw(size, align);
}

static void *new_aligned_nothrow(size_t size, size_t align, const void *tag)
{
    void *block = ac_api_aligned(align, size);
    return AC_LIKELY(block != NULL) ? block
                                    : nothrow_failed("_ZnwmSt11align_val_tRKSt9nothrow_t", size, align, tag);
}

/* ---- operator new ---- */

void *_Znwm(size_t size);
void *_Znam(size_t size);
void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag);
void *_ZnamRKSt9nothrow_t(size_t size, const void *tag);
void *_ZnwmSt11align_val_t(size_t size, size_t align);
void *_ZnamSt11align_val_t(size_t size, size_t align);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *tag);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *tag);

AC_EXPORT void *_Znwm(size_t size)
{
    return ac_alloc_with(size, new_slow, new_large);
}

AC_EXPORT void *_Znam(size_t size)
{
    return ac_alloc_with(size, new_slow, new_large);
}

AC_EXPORT void *_ZnwmRKSt9nothrow_t(size_t size, const void *tag)
{
    return new_nothrow(size, tag);
}

AC_EXPORT void *_ZnamRKSt9nothrow_t(size_t size, const void *tag)
{
    return new_nothrow(size, tag);
}

AC_EXPORT void *_ZnwmSt11align_val_t(size_t size, size_t align)
{
    return new_aligned(size, align);
}

AC_EXPORT void *_ZnamSt11align_val_t(size_t size, size_t align)
{
    return new_aligned(size, align);
}

AC_EXPORT void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *tag)
{
    return new_aligned_nothrow(size, align, tag);
}

AC_EXPORT void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *tag)
{
    return new_aligned_nothrow(size, align, tag);
}

/* ---- operator delete ---- */

void _ZdlPv(void *block);
void _ZdaPv(void *block);
void _ZdlPvm(void *block, size_t size);
void _ZdaPvm(void *block, size_t size);
void _ZdlPvRKSt9nothrow_t(void *block, const void *tag);
void _ZdaPvRKSt9nothrow_t(void *block, const void *tag);
void _ZdlPvSt11align_val_t(void *block, size_t align);
void _ZdaPvSt11align_val_t(void *block, size_t align);
void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t align);
void _ZdaPvmSt11align_val_t(void *block, size_t size, size_t align);
void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align, const void *tag);
void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align, const void *tag);

AC_EXPORT void _ZdlPv(void *block)
{
    ac_free(block);
}

AC_EXPORT void _ZdaPv(void *block)
{
    ac_free(block);
}

AC_EXPORT void _ZdlPvm(void *block, size_t size)
{
    ac_free_sized(block, size);
}

AC_EXPORT void _ZdaPvm(void *block, size_t size)
{
    ac_free_sized(block, size);
}

AC_EXPORT void _ZdlPvRKSt9nothrow_t(void *block, const void *tag)
{
    (void)tag;
    ac_free(block);
}

AC_EXPORT void _ZdaPvRKSt9nothrow_t(void *block, const void *tag)
{
    (void)tag;
    ac_free(block);
}

AC_EXPORT void _ZdlPvSt11align_val_t(void *block, size_t align)
{
    (void)align;
    ac_free(block);
}

AC_EXPORT void _ZdaPvSt11align_val_t(void *block, size_t align)
{
    (void)align;
    ac_free(block);
}

AC_EXPORT void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t align)
{
    acre_free_aligned_sized(block, align, size);
}

AC_EXPORT void _ZdaPvmSt11align_val_t(void *block, size_t size, size_t align)
{
    acre_free_aligned_sized(block, align, size);
}

AC_EXPORT void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align, const void *tag)
{
    (void)align;
    (void)tag;
    ac_free(block);
}

AC_EXPORT void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align, const void *tag)
{
    (void)align;
    (void)tag;
    ac_free(block);
}
