/* SPDX-License-Identifier: MIT
 *
 * machine.c -- os.h, and the two functions of libc that the engine calls; see machine.h. Not compiled for the
 * checker: what changes here is logged by hand.
 */
#include "machine.h"

#include "checker.h"
#include "os/os.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#define SPACE_BYTES ((size_t)64 << 30)

bool machine_has_no_barrier;
unsigned machine_nstarted;
bool machine_forbids_threads;
static uintptr_t next_map;
static uint32_t *wiped;
static char written[200];
static void (*key_destructor)(void *);
static void *key_values[RACE_MAX_THREADS + 1];

void *ac_os_map(uintptr_t hint, size_t bytes)
{
    return ac_os_map_aligned(hint, bytes, 4096);
}

void *ac_os_map_aligned(uintptr_t hint, size_t bytes, size_t align)
{
    (void)hint;
    if (next_map == 0) {
        void *space = mmap(NULL, SPACE_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        next_map = (uintptr_t)space;
    }
    race_log(&next_map, sizeof next_map);
    uintptr_t at = (next_map + align - 1) & ~(align - 1);
    next_map = at + bytes;
    return (void *)at;
}

/* Whoever still writes there races with this. */
static void take_away(void *addr, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 32768) {
        race_note_write((char *)addr + at, 8);
        memset((char *)addr + at, 0, 8);
    }
}

bool ac_os_unmap(void *addr, size_t bytes)
{
    take_away(addr, bytes);
    return true;
}

bool ac_os_purge(void *addr, size_t bytes)
{
    race_yield();
    take_away(addr, bytes);
    return true;
}

bool ac_os_resize(void *addr, size_t old_bytes, size_t new_bytes)
{
    (void)addr;
    return new_bytes <= old_bytes;
}

bool ac_os_move(void *addr, size_t old_bytes, size_t new_bytes, void *target, bool *out_lost)
{
    (void)addr;
    (void)old_bytes;
    (void)new_bytes;
    (void)target;
    *out_lost = false;
    return false;
}

bool ac_os_fill_huge_pages(void *addr, size_t bytes, void *at)
{
    (void)addr;
    (void)bytes;
    (void)at;
    return false;
}

void ac_os_avoid_huge_pages(void *addr, size_t bytes)
{
    (void)addr;
    (void)bytes;
}

bool ac_os_wipe_on_fork(void *addr, size_t bytes)
{
    (void)bytes;
    wiped = addr;
    return true;
}

size_t ac_os_page_size(void)
{
    return 4096;
}

void ac_os_pretend_page_size(size_t bytes)
{
    (void)bytes;
}

uint64_t ac_os_now_ns(void)
{
    return 1000000000;
}

void ac_os_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    if (timeout_ns == 0)
        race_wait(word, value);
    else
        race_yield();
}

void ac_os_wake(uint32_t *word, int nwaiters)
{
    race_wake(word, nwaiters);
}

bool ac_os_barrier_all(void)
{
    if (!machine_has_no_barrier)
        race_barrier_all();
    return true;
}

static struct {
    void (*fn)(void *);
    void *arg;
    uint32_t *alive;
} started;

bool ac_os_start_thread(void (*fn)(void *), void *arg, void *stack, size_t stack_bytes, uint32_t *alive)
{
    (void)stack;
    (void)stack_bytes;
    race_yield();
    if (machine_forbids_threads)
        race_fail("a thread is started where none may be");
    race_log(&machine_nstarted, sizeof machine_nstarted);
    race_log(&started, sizeof started);
    race_log(alive, sizeof *alive);
    machine_nstarted++;
    started.fn = fn;
    started.arg = arg;
    started.alive = alive;
    *alive = 1;
    return true;
}

bool machine_has_started(void)
{
    return started.alive != NULL && *started.alive != 0;
}

void machine_run_started(void)
{
    started.fn(started.arg);
    race_log(started.alive, sizeof *started.alive);
    *started.alive = 0;
    race_wake(started.alive, RACE_MAX_THREADS);
}

bool ac_os_write(int fd, const char *text, size_t len)
{
    (void)fd;
    size_t n = len < sizeof written - 1 ? len : sizeof written - 1;
    memcpy(written, text, n);
    written[n] = '\0';
    return true;
}

void ac_os_abort(void)
{
    race_fail("the engine ends the process: %s", written);
}

/* ---- the profiler, which no scenario turns on ---- */

uint64_t ac_os_exact_ns(void)
{
    return 0;
}

uint64_t ac_os_calendar_ns(void)
{
    return 0;
}

unsigned ac_os_unwind(uintptr_t *out_addrs, unsigned max)
{
    (void)out_addrs;
    (void)max;
    return 0;
}

bool ac_os_copy(void *out, uintptr_t from, size_t bytes)
{
    (void)out;
    (void)from;
    (void)bytes;
    return false;
}

uint32_t ac_os_pid(void)
{
    return 1;
}

uint32_t ac_os_thread_id(void)
{
    return 0;
}

/* A machine without memory files: nothing is published, and no protocol is about that. */
void *ac_os_map_file(const char *path, void *at, size_t bytes, struct ac_os_shared *inout_shared)
{
    return ac_os_map_shared(path, at, bytes, inout_shared);
}

void *ac_os_map_nameless(void *at, size_t bytes)
{
    (void)at, (void)bytes;
    return NULL;
}

/* What only hardened mode asks for, in which no scenario allocates. */
bool ac_os_guard(void *addr, size_t bytes)
{
    (void)addr;
    (void)bytes;
    return false;
}

bool ac_os_unguard(void *addr, size_t bytes)
{
    return ac_os_guard(addr, bytes);
}

bool ac_os_no_access(void *addr, size_t bytes)
{
    take_away(addr, bytes);
    return true;
}

bool ac_os_map_again(void *addr, size_t bytes)
{
    take_away(addr, bytes);
    return true;
}

bool ac_os_read_only(void *addr, size_t bytes)
{
    return ac_os_guard(addr, bytes);
}

size_t ac_os_rss_bytes(void)
{
    return 0;
}

const char *ac_os_env(const char *name)
{
    (void)name;
    return NULL;
}

/* ---- libc ---- */

int race_key_create(pthread_key_t *key, void (*destructor)(void *));
int race_setspecific(pthread_key_t key, const void *value);

int race_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    race_log(&key_destructor, sizeof key_destructor);
    *key = 1;
    key_destructor = destructor;
    return 0;
}

int race_setspecific(pthread_key_t key, const void *value)
{
    void **place = &key_values[race_self() + 1];
    (void)key;
    race_log(place, sizeof *place);
    *place = (void *)(uintptr_t)value;
    return 0;
}

void machine_end_thread(void)
{
    void **place = &key_values[race_self() + 1];
    void *value = *place;
    race_log(place, sizeof *place);
    *place = NULL;
    if (value != NULL)
        key_destructor(value);
}

void machine_fork(void)
{
    race_fork();
    race_log(wiped, sizeof *wiped);
    *wiped = 0;
}
