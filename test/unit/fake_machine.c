/* SPDX-License-Identifier: MIT
 *
 * fake_machine.c -- the half of the unit tests' machine (os/os_fake.h) that is not memory: a clock that
 * only tests advance, waiting, threads that only tests run, barriers, the environment, and what is
 * written.
 */
#include "base/atomic.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "os/syscall.h"

#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <string.h>

#define MAX_THREADS 64u
#define MAX_WRITTEN 8192u
#define CLOCK_START_NS 1000000000u

#if defined(__SANITIZE_THREAD__)
#define SEES_BARRIERS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEES_BARRIERS 0
#endif
#endif
#ifndef SEES_BARRIERS
#define SEES_BARRIERS 1
#endif

static struct {
    uint64_t now_ns;
    const char *conf;
    const char *file_path;
    void *file;
    size_t file_bytes;
    char written[MAX_WRITTEN + 1];
    size_t nwritten;
    sigjmp_buf *abort_target;
    uint32_t forks;
    struct {
        void (*fn)(void *);
        void *arg;
        uint32_t *alive;
    } started[MAX_THREADS];
    unsigned nstarted;
} machine = {.now_ns = CLOCK_START_NS};

static struct {
    sigjmp_buf *end; /* where a thread that is being run goes when its time is up */
    uint64_t until_ns;
} run;

/* ---- time, waiting, threads ---- */

uint64_t ac_os_now_ns(void)
{
    return ac_load_rlx(&machine.now_ns);
}

void ac_os_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    if (timeout_ns == 0)
        ac_sys4(__NR_futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
    else if (ac_load_rlx(word) == value)
        ac_fake_advance_ns(timeout_ns);
    if (run.end != NULL && ac_os_now_ns() >= run.until_ns)
        siglongjmp(*run.end, 1);
}

void ac_os_wake(uint32_t *word, int nwaiters)
{
    ac_sys3(__NR_futex, word, FUTEX_WAKE_PRIVATE, nwaiters);
}

static struct {
    uint32_t lock;
    uint64_t round;               /* of the barrier asked for last         */
    uint64_t passed[MAX_THREADS]; /* the last round each thread has passed */
    bool used[MAX_THREADS];
} passes;
static _Thread_local unsigned my_pass; /* 1 + index; 0: not taking part */

static void passes_lock(bool lock)
{
    uint32_t nobody = 0;
    if (!lock) {
        ac_store_rel(&passes.lock, 0);
        return;
    }
    for (; !ac_cas_acq(&passes.lock, &nobody, 1); nobody = 0)
        ac_sys1(__NR_sched_yield, 0);
}

void ac_fake_thread_begin(void)
{
    passes_lock(true);
    for (unsigned i = 0; i < MAX_THREADS && my_pass == 0; i++) {
        if (!passes.used[i]) {
            passes.used[i] = true;
            passes.passed[i] = passes.round;
            my_pass = i + 1;
        }
    }
    passes_lock(false);
}

void ac_fake_thread_pass(void)
{
    if (SEES_BARRIERS || my_pass == 0)
        return;
    passes_lock(true);
    passes.passed[my_pass - 1] = passes.round;
    passes_lock(false);
}

void ac_fake_thread_end(void)
{
    passes_lock(true);
    if (my_pass != 0)
        passes.used[my_pass - 1] = false;
    my_pass = 0;
    passes_lock(false);
}

static bool all_have_passed(uint64_t round)
{
    bool all = true;
    passes_lock(true);
    for (unsigned i = 0; i < MAX_THREADS; i++)
        all = all && (!passes.used[i] || i + 1 == my_pass || passes.passed[i] >= round);
    passes_lock(false);
    return all;
}

static bool barrier_real(void)
{
    ac_sys3(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    return !ac_sys_failed(ac_sys3(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

static bool barrier(void)
{
    if (SEES_BARRIERS)
        return barrier_real();
    passes_lock(true);
    uint64_t round = ++passes.round;
    passes_lock(false);
    while (!all_have_passed(round))
        ac_sys1(__NR_sched_yield, 0);
    return true;
}

bool ac_os_barrier_all(void)
{
    bool ok = !ac_fake_is_refused(AC_FAKE_BARRIER) && barrier();
    if (ok)
        ac_fake_let_intruder_in(AC_FAKE_BARRIER);
    return ok;
}

bool ac_os_start_thread(void (*fn)(void *), void *arg, void *stack, size_t stack_bytes, uint32_t *alive)
{
    if (!ac_os_is_mapped((uintptr_t)stack) || !ac_os_is_mapped((uintptr_t)stack + stack_bytes - 1))
        ac_os_abort();
    if (ac_fake_is_refused(AC_FAKE_START_THREAD) || machine.nstarted == MAX_THREADS)
        return false;
    machine.started[machine.nstarted].fn = fn;
    machine.started[machine.nstarted].arg = arg;
    machine.started[machine.nstarted++].alive = alive;
    ac_store_rel(alive, 1);
    return true;
}

/* True when the thread has ended. */
static bool run_one(unsigned i)
{
    sigjmp_buf end;
    run.end = &end;
    bool ended = sigsetjmp(end, 0) == 0;
    if (ended) {
        machine.started[i].fn(machine.started[i].arg);
        ac_store_rel(machine.started[i].alive, 0);
    }
    run.end = NULL;
    return ended;
}

unsigned ac_fake_run_threads(uint64_t for_ns)
{
    unsigned nended = 0;
    run.until_ns = ac_os_now_ns() + for_ns;
    for (unsigned i = 0; i < machine.nstarted;) {
        if (!run_one(i)) {
            i++;
            continue;
        }
        machine.started[i] = machine.started[--machine.nstarted];
        nended++;
    }
    return nended;
}

/* ---- the rest of os.h ---- */

bool ac_os_write(int fd, const char *text, size_t len)
{
    size_t room = MAX_WRITTEN - machine.nwritten;
    size_t n = len < room ? len : room;
    memcpy(machine.written + machine.nwritten, text, n);
    machine.nwritten += n;
    if (machine.abort_target == NULL)
        ac_sys3(__NR_write, fd, text, len);
    return true;
}

void ac_os_abort(void)
{
    if (machine.abort_target != NULL)
        siglongjmp(*machine.abort_target, 1);
    ac_sys3(__NR_tgkill, ac_sys1(__NR_getpid, 0), ac_sys1(__NR_gettid, 0), SIGABRT);
    for (;;)
        ac_sys1(__NR_exit_group, 127);
}

uintptr_t ac_os_brk(void)
{
    return (uintptr_t)ac_sys1(__NR_brk, 0);
}

void *ac_os_map_file(const char *path, void *at, size_t bytes, struct ac_os_shared *inout_shared)
{
    (void)inout_shared;
    if (at != NULL)
        return NULL;
    bool found = machine.file_path != NULL && strcmp(path, machine.file_path) == 0;
    return found && machine.file_bytes >= bytes ? machine.file : NULL;
}

void *ac_os_map_nameless(void *at, size_t bytes)
{
    memset(at, 0, bytes);
    return at;
}

uint64_t ac_os_exact_ns(void)
{
    return ac_os_now_ns();
}

uint64_t ac_os_calendar_ns(void)
{
    return ac_os_now_ns();
}

unsigned ac_os_unwind(uintptr_t *out_addrs, unsigned max)
{
    (void)max;
    out_addrs[0] = (uintptr_t)__builtin_return_address(0);
    return 1;
}

bool ac_os_copy(void *out, uintptr_t from, size_t bytes)
{
    memcpy(out, (const void *)from, bytes);
    return true;
}

uint32_t ac_os_thread_id(void)
{
    return 1;
}

uint32_t ac_os_pid(void)
{
    return 1000 + machine.forks;
}

const char *ac_os_env(const char *name)
{
    return strcmp(name, "ACRE_CONF") == 0 ? machine.conf : NULL;
}

/* ---- what tests set and ask ---- */

bool ac_fake_is_file(const void *addr)
{
    return addr != NULL && addr == machine.file;
}

void ac_fake_advance_ns(uint64_t ns)
{
    ac_fetch_add_rlx(&machine.now_ns, ns);
}

void ac_fake_set_conf(const char *text)
{
    machine.conf = text;
}

void ac_fake_set_file(const char *path, void *content, size_t bytes)
{
    machine.file_path = path;
    machine.file = content;
    machine.file_bytes = bytes;
}

const char *ac_fake_written(void)
{
    machine.written[machine.nwritten] = '\0';
    return machine.written;
}

void ac_fake_forget_written(void)
{
    machine.nwritten = 0;
}

void ac_fake_catch_abort(sigjmp_buf *target)
{
    machine.abort_target = target;
}

void ac_fake_fork(void)
{
    machine.forks++;
    machine.nstarted = 0;
    ac_fake_wipe();
}
