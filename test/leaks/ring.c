/* SPDX-License-Identifier: MIT
 *
 * ring.c -- rings of blocks that count references, as cyclic data in an interpreter: each holds the next, so
 * letting go of a ring frees nothing. `clean`: rings are cut first.
 *
 * Lost: 8 rings of 5 blocks of 64 bytes: one of each is direct, 4 indirect.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RINGS = 8, LENGTH = 5 };

struct object {
    long references;
    struct object *next;
    char payload[48];
};

static struct object *roots[RINGS];

__attribute__((noinline)) static struct object *object_new(void)
{
    struct object *o = calloc(1, sizeof *o);
    o->references = 1;
    return o;
}

static void let_go(struct object *o)
{
    while (o != NULL && --o->references == 0) {
        struct object *next = o->next;
        free(o);
        o = next;
    }
}

__attribute__((noinline)) static struct object *make_ring(void)
{
    struct object *first = object_new();
    struct object *last = first;
    for (int i = 1; i < LENGTH; i++) {
        last->next = object_new();
        last = last->next;
    }
    last->next = first;
    first->references++;
    return first;
}

int main(int argc, char **argv)
{
    bool clean = argc > 1 && strcmp(argv[1], "clean") == 0;
    for (int i = 0; i < RINGS; i++)
        roots[i] = make_ring();
    for (int i = 0; i < RINGS; i++) {
        if (clean) {
            struct object *next = roots[i]->next;
            roots[i]->next = NULL;
            roots[i]->references--;
            let_go(next);
        } else {
            let_go(roots[i]);
        }
        roots[i] = NULL;
    }
    printf("%d rings\n", RINGS);
    return 0;
}
