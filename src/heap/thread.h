/* SPDX-License-Identifier: MIT
 *
 * thread.h -- birth and death of thread caches, and the way in and out of every slow path.
 *
 * PROTOCOL of a fork
 * State     fork_word: PARENT; CHILD, what a wiped page reads as; REPAIRING.
 * Roles     survivor: the one thread of the child. Others: threads that it makes before anything is repaired.
 * Steps     F1 every slow path loads the word before it takes a lock. F2 who sees CHILD swaps it for
 *           REPAIRING, abandons what torn locks guard (a lock whose owner is not itself), pools the other
 *           heaps. F3 it stores PARENT. Others wait between F2 and F3.
 * Orders    F1 acquire, F2 acquire, F3 release. fork itself orders what was stored before it.
 * ABA       each fork wipes the word anew.
 * Progress  F2 takes no lock of a thread that is gone.
 *
 * PROTOCOL of a thread's end
 * Steps     E1 ac_heap_self is the tombstone: what the thread still does goes block by block to the shards.
 *           E2 under heap->lock its bins are shut and emptied. E3 under the registry's lock it is pooled.
 *           A stealer that found it live before E3 finds nothing; a birth may take it after E3.
 * Orders    heap->lock, then the registry's; never both.
 *
 * Knows:      the registry of heaps, which shard each heap uses, options at start, forks.
 * Does not know: what a slow path does.
 * Invariants: TH1 a heap is LIVE (one thread's) or POOLED (nobody's); heaps are never freed; TH2 between
 *             ac_heap_enter and ac_heap_leave the thread is marked as in a slow path, so a signal handler
 *             that interrupts it does not enter; TH3 no lock is held outside.
 * Threads:    the registry has a lock of its own, outermost of all but heap->lock.
 */
#ifndef AC_HEAP_THREAD_H
#define AC_HEAP_THREAD_H

#include "heap/heap.h"

/* The thread's heap, made when it has none yet. NULL when it can have none now: memory is exhausted, the
 * thread is past its end, or this is a signal handler that interrupted the making of it. */
struct ac_heap *ac_thread_heap(void);

/* The same for a thread that frees: NULL also for its first few frees when it never allocates. */
struct ac_heap *ac_thread_heap_to_free(void);

/* The thread's id for locks while it has no heap. */
uint32_t ac_thread_id_without_heap(void);

/* Around the work of a thread that has no heap (and around making and ending one). Enter is false in a
 * signal handler that interrupted such work: nothing may be waited for then, and there is no leave. */
bool ac_thread_enter_without_heap(void);
void ac_thread_leave_without_heap(void);

/* False until the first heap of the process is being made: nothing can be allocated before. */
bool ac_thread_is_started(void);

/* Enter a slow path. False in a signal handler that interrupted one: use nested.h then. On true heap->lock
 * is held. */
bool ac_heap_enter(struct ac_heap *heap);
void ac_heap_leave(struct ac_heap *heap);

/* Mark the thread as in a slow path without taking heap->lock (for those who lock other heaps). */
bool ac_heap_mark(struct ac_heap *heap);
void ac_heap_unmark(struct ac_heap *heap);
void ac_heap_unmark_quietly(struct ac_heap *heap); /* with nothing that comes up now and then */

/* The same for a thread that may have no heap (NULL). */
AC_INLINE bool ac_thread_mark(struct ac_heap *heap)
{
    return heap != NULL ? ac_heap_mark(heap) : ac_thread_enter_without_heap();
}

AC_INLINE void ac_thread_unmark(struct ac_heap *heap)
{
    if (heap != NULL)
        ac_heap_unmark(heap);
    else
        ac_thread_leave_without_heap();
}

/* All heaps ever made, through next_all; grows at the front. */
struct ac_heap *ac_thread_all_heaps(void);

/* In a thread that has no heap: what a forked child must know before it takes a lock. */
void ac_thread_check_fork(uint32_t me);

/* From libc's fork, in the child: for systems that take the advice to wipe a page and do not follow it
 * (emulators). */
void ac_thread_note_fork(void);

/* Empty the calling thread's magazines and outbox through the spans, which checks every cached block. */
void ac_thread_flush(struct ac_heap *heap);

size_t ac_thread_count(void);

/* Births and deaths wait between these two. For the whole-heap checker. */
void ac_thread_hold(uint32_t me);
void ac_thread_let_go(void);

/* The first of the pooled heaps; those of a shard. The registry is held. */
struct ac_heap *ac_thread_pooled_heaps(void);
unsigned ac_thread_shard_load(unsigned shard);

/* Threads that are between ac_thread_enter_without_heap and ac_thread_leave_without_heap; without meaning
 * in a forked child. */
uint32_t ac_thread_count_without_heap(void);

/* How many forks lie between the first process and this one. */
uint32_t ac_thread_fork_generation(void);

/* True in a forked child that took no slow path yet: what it shares with its parent is its parent's. */
bool ac_thread_is_unrepaired_child(void);

/* The path given by the option "state", or "". */
const char *ac_thread_state_path(void);

#endif
