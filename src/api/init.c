/* SPDX-License-Identifier: MIT
 *
 * The only file that knows all modules: what happens when the library is loaded and when the process
 * exits. Nothing here is needed for allocation to work, which may begin long before and go on long after.
 */
#include "api/publish.h"
#include "core/harden.h"
#include "heap/helper.h"
#include "heap/hooks.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "os/os.h"
#include "report/leaks.h"

#include <pthread.h>

/* Marked as in a slow path, so that no handler waits for what this thread holds. */
static void tick(void)
{
    struct ac_heap *heap = ac_heap_mine();
    ac_helper_poke();
    if (!ac_heap_is_real(heap) || !ac_heap_mark(heap))
        return;
    ac_publish_tick(heap->id);
    ac_heap_unmark_quietly(heap);
}

static void helper_tick(void)
{
    ac_publish_tick(AC_ID_HELPER);
}

__attribute__((constructor(101))) static void acre_load(void)
{
    ac_thread_heap();
    if (ac_os_may_ignore_advice())
        pthread_atfork(NULL, NULL, ac_thread_note_fork);
    ac_publish_start();
    ac_hooks.tick = tick;
    ac_hooks.helper_tick = helper_tick;
    ac_harden_seal();
}

static void look_for_leaks(void)
{
    struct ac_heap *heap = ac_thread_heap();
    uint32_t me = heap != NULL ? heap->id : ac_thread_id_without_heap();
    bool ok = ac_thread_mark(heap);
    ac_leaks_at_exit(me, ok);
    if (ok)
        ac_thread_unmark(heap);
}

/* What is cached goes through the spans once more, as far as this thread may touch it: a block that was
 * freed twice is found now at the latest. */
__attribute__((destructor(101))) static void acre_exit(void)
{
    struct ac_heap *heap = ac_heap_mine();
    look_for_leaks();
    ac_publish_exit();
    if (!ac_heap_is_real(heap))
        return;
    ac_thread_flush(heap);
    if (ac_heap_mark(heap)) {
        ac_trim_centers(heap->id);
        ac_heap_unmark(heap);
    }
}
