/* SPDX-License-Identifier: MIT
 *
 * acre_verify: the way in and out of the whole-heap checker.
 */
#include "heap/thread.h"
#include "verify/verify.h"

#include <acre/acre.h>

size_t acre_verify(struct acre_breach *out_breaches, size_t max)
{
    struct ac_heap *heap = ac_thread_heap();
    struct ac_verify verify = {.me = heap != NULL ? heap->id : ac_thread_id_without_heap()};
    if (!ac_thread_mark(heap))
        return (size_t)-1;
    size_t nbreaches = ac_verify_all(&verify);
    ac_thread_unmark(heap);
    for (size_t i = 0; i < nbreaches && i < max && i < AC_VERIFY_KEPT; i++) {
        const struct ac_breach *b = &verify.breaches[i];
        out_breaches[i] = (struct acre_breach){b->invariant, b->what, b->address, b->found, b->expected};
    }
    return nbreaches;
}
