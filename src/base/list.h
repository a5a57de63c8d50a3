/* SPDX-License-Identifier: MIT
 *
 * list.h -- an intrusive doubly linked list: the head and the links are the same struct.
 *
 * Knows:      links.
 * Does not know: the objects around them (AC_CONTAINER gets back to them).
 * Invariants: LI1 an empty head points at itself; LI2 a link in no list points at itself.
 * Threads:    none of its own; the caller holds whatever lock guards the list.
 */
#ifndef AC_BASE_LIST_H
#define AC_BASE_LIST_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct ac_list {
    struct ac_list *next;
    struct ac_list *prev;
};

#define AC_CONTAINER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

AC_INLINE void ac_list_init(struct ac_list *list)
{
    list->next = list;
    list->prev = list;
}

AC_INLINE bool ac_list_is_empty(const struct ac_list *list)
{
    return list->next == list;
}

AC_INLINE void ac_list_push(struct ac_list *head, struct ac_list *link)
{
    link->next = head->next;
    link->prev = head;
    head->next->prev = link;
    head->next = link;
}

AC_INLINE void ac_list_append(struct ac_list *head, struct ac_list *link)
{
    ac_list_push(head->prev, link);
}

AC_INLINE void ac_list_remove(struct ac_list *link)
{
    link->next->prev = link->prev;
    link->prev->next = link->next;
    ac_list_init(link);
}

#endif
