/* SPDX-License-Identifier: MIT
 *
 * cxx_module.cc -- C++ code in a library that a C program loads at run time; part of cxx_in_c.c. It brings
 * libstdc++ along, which was not there when the process started.
 */
#include <map>
#include <new>
#include <string>

#include "support/check.h"

extern "C" int module_bad_alloc(void);
extern "C" int module_nothrow(void);
extern "C" int module_handler(void);
extern "C" int module_throwing_handler(void);
extern "C" int module_containers(void);
extern "C" void *module_new(size_t size);
extern "C" void module_delete(void *block);

/* 1 when the throwing forms throw something this library catches as bad_alloc. */
int module_bad_alloc(void)
{
    int caught = 0;
    try {
        ::operator delete(::operator new(check_opaque(PTRDIFF_MAX)));
    } catch (const std::bad_alloc &) {
        caught++;
    }
    try {
        ::operator delete[](::operator new[](check_opaque(PTRDIFF_MAX), std::align_val_t{64}),
                            std::align_val_t{64});
    } catch (const std::bad_alloc &) {
        caught++;
    }
    return caught == 2;
}

int module_nothrow(void)
{
    return ::operator new(check_opaque(PTRDIFF_MAX), std::nothrow) ==
           nullptr && ::operator new (check_opaque(PTRDIFF_MAX), std::align_val_t{64}, std::nothrow) ==
           nullptr;
}

static int handler_calls;

static void handler()
{
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

/* The number of calls of a handler that was set in this library and gives up at the third. */
int module_handler(void)
{
    handler_calls = 0;
    std::set_new_handler(handler);
    try {
        ::operator delete(::operator new(check_opaque(PTRDIFF_MAX)));
    } catch (const std::bad_alloc &) {
        return handler_calls;
    }
    return -1;
}

static void throwing_handler()
{
    throw std::bad_alloc();
}

/* 1 when a nothrow form swallows what the handler throws. */
int module_throwing_handler(void)
{
    void *block = &handler_calls;
    std::set_new_handler(throwing_handler);
    try {
        block = ::operator new(check_opaque(PTRDIFF_MAX), std::nothrow);
    } catch (...) {
        block = &handler_calls;
    }
    std::set_new_handler(nullptr);
    return block == nullptr;
}

int module_containers(void)
{
    std::map<std::string, std::string> map;
    for (int i = 0; i < 1000; i++)
        map[std::to_string(i) + " and some more characters"] = std::string(static_cast<size_t>(i), 'v');
    return static_cast<int>(map.size());
}

void *module_new(size_t size)
{
    return ::operator new(size);
}

void module_delete(void *block)
{
    ::operator delete(block);
}
