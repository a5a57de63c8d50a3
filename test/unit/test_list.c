/* SPDX-License-Identifier: MIT
 *
 * test_list.c -- base/list.h: order, both kinds of emptiness, and random work against an array.
 */
#include "base/list.h"
#include "unit.h"

#define NITEMS 40

struct item {
    unsigned id;
    struct ac_list link;
};

static void test_list__init_is_empty(void **state)
{
    struct ac_list head;
    (void)state;
    ac_list_init(&head);
    assert_true(ac_list_is_empty(&head));
    assert_ptr_equal(head.next, &head);
    assert_ptr_equal(head.prev, &head);
}

static void test_list__push_puts_in_front(void **state)
{
    struct ac_list head;
    struct item items[3] = {{0, {0, 0}}, {1, {0, 0}}, {2, {0, 0}}};
    (void)state;
    ac_list_init(&head);
    for (unsigned i = 0; i < 3; i++)
        ac_list_push(&head, &items[i].link);
    unsigned expected = 2;
    for (struct ac_list *l = head.next; l != &head; l = l->next)
        assert_int_equal(AC_CONTAINER(l, struct item, link)->id, expected--);
    for (struct ac_list *l = head.prev; l != &head; l = l->prev)
        assert_int_equal(AC_CONTAINER(l, struct item, link)->id, ++expected);
    assert_int_equal(expected, 2);
}

static void test_list__removed_link_points_at_itself(void **state)
{
    struct ac_list head;
    struct item item;
    (void)state;
    ac_list_init(&head);
    ac_list_push(&head, &item.link);
    assert_false(ac_list_is_empty(&head));
    ac_list_remove(&item.link);
    assert_true(ac_list_is_empty(&head));
    assert_ptr_equal(item.link.next, &item.link);
    assert_ptr_equal(item.link.prev, &item.link);
    ac_list_remove(&item.link); /* LI2: harmless */
    assert_true(ac_list_is_empty(&head));
}

static void check_against(const struct ac_list *head, const unsigned *order, unsigned n)
{
    const struct ac_list *l = head->next;
    for (unsigned i = 0; i < n; i++, l = l->next) {
        assert_ptr_not_equal(l, head);
        assert_int_equal(AC_CONTAINER(l, const struct item, link)->id, order[i]);
        assert_ptr_equal(l->prev->next, l);
        assert_ptr_equal(l->next->prev, l);
    }
    assert_ptr_equal(l, head);
}

static void test_list__random_work(void **state)
{
    struct ac_list head;
    struct item items[NITEMS];
    unsigned order[NITEMS];
    unsigned n = 0;
    uint64_t seed = 7;
    (void)state;
    ac_list_init(&head);
    for (unsigned i = 0; i < NITEMS; i++) {
        items[i].id = i;
        ac_list_init(&items[i].link);
    }
    for (unsigned round = 0; round < 4000; round++) {
        unsigned i = (unsigned)(unit_random(&seed) % NITEMS);
        unsigned at = 0;
        while (at < n && order[at] != i)
            at++;
        if (at < n) {
            ac_list_remove(&items[i].link);
            n--;
            memmove(&order[at], &order[at + 1], (n - at) * sizeof order[0]);
        } else {
            ac_list_push(&head, &items[i].link);
            memmove(&order[1], &order[0], n * sizeof order[0]);
            order[0] = i;
            n++;
        }
        check_against(&head, order, n);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_list__init_is_empty),
    UNIT_TEST(test_list__push_puts_in_front),
    UNIT_TEST(test_list__removed_link_points_at_itself),
    UNIT_TEST(test_list__random_work),
};
UNIT_MAIN(tests)
