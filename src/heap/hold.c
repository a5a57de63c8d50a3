/* SPDX-License-Identifier: MIT */
#include "heap/hold.h"

#include "heap/flush.h"
#include "heap/thread.h"
#include "os/os.h"

/* S1 and S2 of the stealer's protocol (heap.h). The caller's own bins cannot move under it. */
bool ac_hold_all(void (*look)(void *, const struct ac_heap *), void *context, uint32_t me)
{
    bool others = false;
    ac_flush_lock(me);
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        if (ac_load_rlx(&h->state) != AC_HEAP_LIVE)
            continue;
        ac_lock(&h->lock, me);
        if (look != NULL)
            look(context, h);
        if (h->id != me) {
            ac_flush_shut(h);
            others = true;
        }
    }
    return !others || ac_os_barrier_all();
}

void ac_hold_let_go(void)
{
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        if (ac_load_rlx(&h->state) == AC_HEAP_LIVE)
            ac_unlock(&h->lock);
    }
    ac_flush_unlock();
}
