/* SPDX-License-Identifier: MIT
 *
 * fake_faults.c -- which calls of the unit tests' machine (os/os_fake.h) fail, how many there were, and
 * who comes in between.
 */
#include "base/atomic.h"
#include "os/os_fake.h"
#include "os/syscall.h"

#include <asm/unistd.h>
#include <string.h>

struct plan {
    uint64_t countdown; /* 1: the next call; 0: no plan */
    bool from_then_on;
};

static struct {
    uint32_t lock;
    uint64_t calls[AC_FAKE_CALL_COUNT];
    uint64_t refusals[AC_FAKE_CALL_COUNT];
    struct plan plans[AC_FAKE_CALL_COUNT + 1];
} faults;

static struct {
    enum ac_fake_call call;
    void (*fn)(void *);
    void *arg;
} intruder;

/* Whether the plan strikes now. */
static bool plan_step(struct plan *plan)
{
    if (plan->countdown == 0)
        return false;
    if (plan->countdown > 1) {
        plan->countdown--;
        return false;
    }
    if (!plan->from_then_on)
        plan->countdown = 0;
    return true;
}

bool ac_fake_is_refused(enum ac_fake_call call)
{
    uint32_t nobody = 0;
    for (; !ac_cas_acq(&faults.lock, &nobody, 1); nobody = 0)
        ac_sys1(__NR_sched_yield, 0);
    faults.calls[call]++;
    bool refused = plan_step(&faults.plans[call]);
    if (call <= AC_FAKE_WIPE_ON_FORK)
        refused = plan_step(&faults.plans[AC_FAKE_ANY]) || refused;
    faults.refusals[call] += refused;
    ac_store_rel(&faults.lock, 0);
    return refused;
}

void ac_fake_fail(enum ac_fake_call call, uint64_t nth, bool from_then_on)
{
    faults.plans[call].countdown = nth;
    faults.plans[call].from_then_on = from_then_on;
}

void ac_fake_heal(void)
{
    memset(faults.plans, 0, sizeof faults.plans);
}

static uint64_t sum_or_one(const uint64_t *counts, enum ac_fake_call call)
{
    if (call != AC_FAKE_ANY)
        return counts[call];
    uint64_t sum = 0;
    for (unsigned i = 0; i <= AC_FAKE_WIPE_ON_FORK; i++)
        sum += counts[i];
    return sum;
}

uint64_t ac_fake_calls(enum ac_fake_call call)
{
    return sum_or_one(faults.calls, call);
}

uint64_t ac_fake_refusals(enum ac_fake_call call)
{
    return sum_or_one(faults.refusals, call);
}

void ac_fake_intrude(enum ac_fake_call call, void (*fn)(void *), void *arg)
{
    intruder.call = call;
    intruder.fn = fn;
    intruder.arg = arg;
}

void ac_fake_let_intruder_in(enum ac_fake_call call)
{
    if (intruder.fn == NULL || intruder.call != call)
        return;
    void (*fn)(void *) = intruder.fn;
    intruder.fn = NULL;
    fn(intruder.arg);
}
