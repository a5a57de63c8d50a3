/* SPDX-License-Identifier: MIT
 *
 * The public functions of the heap profiler.
 */
#include "heap/profile.h"

#include "heap/thread.h"
#include "watch/prof_dump.h"

#include <acre/acre.h>
#include <errno.h>

/* Marked as in a slow path, so that no handler waits for what this thread holds. */
static bool enter(uint32_t *out_me)
{
    struct ac_heap *heap = ac_thread_heap();
    *out_me = heap != NULL ? heap->id : ac_thread_id_without_heap();
    return heap != NULL ? ac_heap_mark(heap) : ac_thread_enter_without_heap();
}

static void leave(void)
{
    struct ac_heap *heap = ac_heap_mine();
    if (ac_heap_is_real(heap))
        ac_heap_unmark(heap);
    else
        ac_thread_leave_without_heap();
}

int acre_prof_start(size_t rate_bytes)
{
    uint32_t me;
    if (!enter(&me))
        return EBUSY;
    int error = ac_profile_start(rate_bytes, me);
    leave();
    return error;
}

int acre_prof_stop(void)
{
    uint32_t me;
    if (!enter(&me))
        return EBUSY;
    int error = ac_profile_stop(me);
    leave();
    return error;
}

int acre_prof_dump(const char *path)
{
    return path != NULL ? ac_prof_dump(path) : EINVAL;
}
