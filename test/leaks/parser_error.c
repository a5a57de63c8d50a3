/* SPDX-License-Identifier: MIT
 *
 * parser_error.c -- a parser that forgets what it has built so far when a line is wrong. `clean`: it frees
 * that.
 *
 * Lost: 25 heads of 48 bytes (direct), to each a list of 3 nodes of 24 bytes (indirect).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;
    long value[2];
};

struct list {
    struct node *first;
    char name[40];
};

static bool clean;

__attribute__((noinline)) static struct node *node_new(struct node *next, long value)
{
    struct node *n = malloc(sizeof *n);
    *n = (struct node){next, {value, -value}};
    return n;
}

static void list_free(struct list *l)
{
    for (struct node *n = l->first, *next; n != NULL; n = next) {
        next = n->next;
        free(n);
    }
    free(l);
}

/* NULL when there is a letter in it. */
__attribute__((noinline)) static struct list *parse(const char *line)
{
    struct list *l = calloc(1, sizeof *l);
    for (char *end; *line != '\0'; line = end + strspn(end, " ")) {
        long value = strtol(line, &end, 10);
        if (end == line) {
            if (clean)
                list_free(l);
            return NULL;
        }
        l->first = node_new(l->first, value);
    }
    return l;
}

int main(int argc, char **argv)
{
    unsigned wrong = 0;
    clean = argc > 1 && strcmp(argv[1], "clean") == 0;
    for (unsigned i = 0; i < 100; i++) {
        struct list *l = parse(i % 4 == 3 ? "1 2 3 x" : "1 2 3 4");
        if (l == NULL)
            wrong++;
        else
            list_free(l);
    }
    printf("%u wrong lines\n", wrong);
    return 0;
}
