/* SPDX-License-Identifier: MIT
 *
 * session_table.c -- a table of sessions that forgets some: who logs in again gets a new session in the place
 * of the old one. `clean`: the old one is freed.
 *
 * Lost: 40 sessions of 200 bytes (direct), each with a name of 32 (indirect).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 100, AGAIN = 40 };

struct session {
    char *name;
    char state[192];
};

static struct session *table[USERS];
static bool clean;

static void session_free(struct session *s)
{
    if (s != NULL)
        free(s->name);
    free(s);
}

__attribute__((noinline)) static struct session *session_new(unsigned user)
{
    struct session *s = malloc(sizeof *s);
    s->name = malloc(32);
    snprintf(s->name, 32, "user-%u", user);
    memset(s->state, 1, sizeof s->state);
    return s;
}

__attribute__((noinline)) static void login(unsigned user)
{
    if (clean)
        session_free(table[user]);
    table[user] = session_new(user);
}

int main(int argc, char **argv)
{
    clean = argc > 1 && strcmp(argv[1], "clean") == 0;
    for (unsigned i = 0; i < USERS; i++)
        login(i);
    for (unsigned i = 0; i < AGAIN; i++)
        login(2 * i);
    printf("%d sessions\n", USERS);
    return 0;
}
