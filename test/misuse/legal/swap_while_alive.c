// expect: quiet
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// Two live threads free each other's blocks for a while.

#include "../common/crime.h"

#include <pthread.h>

enum { COUNT = 64, ROUNDS = 2000 };

static void *slots[COUNT];

static void *swap(void *unused)
{
    for (int i = 0; i < ROUNDS * COUNT; i++)
        free(__atomic_exchange_n(&slots[i % COUNT], get_block(), __ATOMIC_ACQ_REL));
    return unused;
}

void crime(void)
{
    pthread_t other;
    if (pthread_create(&other, NULL, swap, NULL) != 0)
        lost("cannot run a thread");
    swap(NULL);
    pthread_join(other, NULL);
    for (int i = 0; i < COUNT; i++)
        free(slots[i]);
}
