/* SPDX-License-Identifier: MIT
 *
 * interrupt.h -- tells whether a signal handler interrupted the allocator: whether the program counter it
 * found lies in the object that malloc comes from. A test that never hits the allocator would prove
 * nothing.
 */
#ifndef AC_TEST_LIFE_INTERRUPT_H
#define AC_TEST_LIFE_INTERRUPT_H

#include "life/life.h"

#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>

struct interrupt_range {
    uintptr_t first;
    uintptr_t end;
    const void *base;
};

static struct interrupt_range interrupt_allocator;

LIFE_HELPER int interrupt_visit(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct interrupt_range *range = (struct interrupt_range *)argument;
    (void)size;
    if (info->dlpi_addr != (uintptr_t)range->base)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        range->first = info->dlpi_addr + segment->p_vaddr;
        range->end = range->first + segment->p_memsz;
    }
    return 1;
}

LIFE_HELPER void interrupt_init(void)
{
    Dl_info info;
    CHECK(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) != 0);
    interrupt_allocator.base = info.dli_fbase;
    dl_iterate_phdr(interrupt_visit, &interrupt_allocator);
    CHECK(interrupt_allocator.first != 0);
}

/* context is the third argument of an SA_SIGINFO handler. */
LIFE_HELPER int interrupt_in_allocator(const void *context)
{
    const ucontext_t *interrupted = (const ucontext_t *)context;
#if defined(__x86_64__)
    uintptr_t pc = (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    uintptr_t pc = (uintptr_t)interrupted->uc_mcontext.pc;
#else
#error "tell where the program counter is on this machine"
#endif
    return pc >= interrupt_allocator.first && pc < interrupt_allocator.end;
}

#endif
