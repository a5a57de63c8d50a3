/* SPDX-License-Identifier: MIT
 *
 * calls.c -- what the compiler calls for every access of memory in code compiled with -fsanitize=thread.
 */
#include "checker.h"
#include "memory.h"

#include <string.h>

#define HERE (memory_code = __builtin_return_address(0))
#define ACCESS(n)                                                                                            \
    void __tsan_read##n(void *addr);                                                                         \
    void __tsan_write##n(void *addr);                                                                        \
    void __tsan_unaligned_read##n(void *addr);                                                               \
    void __tsan_unaligned_write##n(void *addr);                                                              \
    void __tsan_read##n(void *addr)                                                                          \
    {                                                                                                        \
        HERE;                                                                                                \
        memory_plain(addr, n, false);                                                                        \
    }                                                                                                        \
    void __tsan_write##n(void *addr)                                                                         \
    {                                                                                                        \
        HERE;                                                                                                \
        memory_plain(addr, n, true);                                                                         \
    }                                                                                                        \
    void __tsan_unaligned_read##n(void *addr)                                                                \
    {                                                                                                        \
        HERE;                                                                                                \
        memory_plain(addr, n, false);                                                                        \
    }                                                                                                        \
    void __tsan_unaligned_write##n(void *addr)                                                               \
    {                                                                                                        \
        HERE;                                                                                                \
        memory_plain(addr, n, true);                                                                         \
    }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

#define ATOMICS(bits, type)                                                                                  \
    type __tsan_atomic##bits##_load(type *addr, int order);                                                  \
    void __tsan_atomic##bits##_store(type *addr, type value, int order);                                     \
    type __tsan_atomic##bits##_exchange(type *addr, type value, int order);                                  \
    type __tsan_atomic##bits##_fetch_add(type *addr, type value, int order);                                 \
    type __tsan_atomic##bits##_fetch_and(type *addr, type value, int order);                                 \
    type __tsan_atomic##bits##_fetch_or(type *addr, type value, int order);                                  \
    int __tsan_atomic##bits##_compare_exchange_strong(type *addr, type *expected, type value, int order,     \
                                                      int failure);                                          \
    type __tsan_atomic##bits##_load(type *addr, int order)                                                   \
    {                                                                                                        \
        HERE;                                                                                                \
        return (type)memory_load(addr, sizeof *addr, order);                                                 \
    }                                                                                                        \
    void __tsan_atomic##bits##_store(type *addr, type value, int order)                                      \
    {                                                                                                        \
        HERE;                                                                                                \
        memory_store(addr, value, sizeof *addr, order);                                                      \
    }                                                                                                        \
    type __tsan_atomic##bits##_exchange(type *addr, type value, int order)                                   \
    {                                                                                                        \
        HERE;                                                                                                \
        return (type)memory_change(addr, value, sizeof *addr, order, EXCHANGE);                              \
    }                                                                                                        \
    type __tsan_atomic##bits##_fetch_add(type *addr, type value, int order)                                  \
    {                                                                                                        \
        HERE;                                                                                                \
        return (type)memory_change(addr, value, sizeof *addr, order, ADD);                                   \
    }                                                                                                        \
    type __tsan_atomic##bits##_fetch_and(type *addr, type value, int order)                                  \
    {                                                                                                        \
        HERE;                                                                                                \
        return (type)memory_change(addr, value, sizeof *addr, order, AND);                                   \
    }                                                                                                        \
    type __tsan_atomic##bits##_fetch_or(type *addr, type value, int order)                                   \
    {                                                                                                        \
        HERE;                                                                                                \
        return (type)memory_change(addr, value, sizeof *addr, order, OR);                                    \
    }                                                                                                        \
    int __tsan_atomic##bits##_compare_exchange_strong(type *addr, type *expected, type value, int order,     \
                                                      int failure)                                           \
    {                                                                                                        \
        HERE;                                                                                                \
        uint64_t wanted = *expected;                                                                         \
        bool done = memory_compare_exchange(addr, &wanted, value, sizeof *addr, order, failure);             \
        *expected = (type)wanted;                                                                            \
        return done;                                                                                         \
    }
ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

void __tsan_init(void);
void __tsan_read_range(void *addr, size_t bytes);
void __tsan_write_range(void *addr, size_t bytes);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_init(void) {}

void __tsan_read_range(void *addr, size_t bytes)
{
    memory_plain(addr, bytes, false);
}

void __tsan_write_range(void *addr, size_t bytes)
{
    memory_plain(addr, bytes, true);
}

void __tsan_atomic_thread_fence(int order)
{
    if (order == __ATOMIC_SEQ_CST && race_self() >= 0)
        memory_fence(race_self());
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

/* The engine's calls of memcpy and the like go here: CMakeLists.txt. */
void *race_memcpy(void *to, const void *from, size_t bytes);
void *race_memmove(void *to, const void *from, size_t bytes);
void *race_memset(void *to, int with, size_t bytes);

void *race_memcpy(void *to, const void *from, size_t bytes)
{
    return race_memmove(to, from, bytes);
}

void *race_memmove(void *to, const void *from, size_t bytes)
{
    HERE;
    memory_plain((void *)(uintptr_t)from, bytes, false);
    memory_plain(to, bytes, true);
    return memmove(to, from, bytes);
}

void *race_memset(void *to, int with, size_t bytes)
{
    HERE;
    memory_plain(to, bytes, true);
    return memset(to, with, bytes);
}
