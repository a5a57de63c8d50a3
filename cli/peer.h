/* SPDX-License-Identifier: MIT
 *
 * peer.h -- the allocators on this machine, and the environment that puts one under a program.
 */
#ifndef AC_CLI_PEER_H
#define AC_CLI_PEER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { AC_PEERS_MAX = 24, AC_PEER_NAME_BYTES = 24, AC_PEER_VERSION_BYTES = 96, AC_PEER_VARIABLES_MAX = 8 };

struct ac_peer {
    char name[AC_PEER_NAME_BYTES];
    char library[PATH_MAX];              /* absolute; "" for the C library's own malloc, as it is   */
    char version[AC_PEER_VERSION_BYTES]; /* of the C library, the package, or the file's real name  */
    const char *variables[AC_PEER_VARIABLES_MAX + 1]; /* NAME=VALUE set besides; NULL at the end    */
    const char *package; /* what to install when it is absent                       */
};

struct ac_peers {
    struct ac_peer found[AC_PEERS_MAX]; /* glibc first, acre last                                  */
    size_t nfound;
    struct ac_peer absent[AC_PEERS_MAX];
    size_t nabsent;
};

/* Looks for all of peer.def and for acre's library. False when there is none of acre, after saying so. */
bool ac_peers_find(struct ac_peers *out);

/* Asks the package manager for those versions that are not known yet, which takes a while. */
void ac_peers_set_versions(struct ac_peers *peers);

/* Adds NAME=PATH[,VARIABLE=VALUE]..., or replaces the one of this name; PATH may be the name of one that is
 * there. A comma begins a variable when a name in capitals and = follow it, and else belongs to the value.
 * False after saying what is wrong. */
bool ac_peers_add(struct ac_peers *peers, const char *item);

/* Keeps those of the comma-separated names, in this order. False after naming what is not there. */
bool ac_peers_keep(struct ac_peers *peers, const char *names);

/* The file of the C library that this process runs on. */
const char *ac_peers_libc(void);

/* This process's environment with `library` ("" for none) in front of LD_PRELOAD, and the variables given
 * (NULL at the end). NULL when memory is exhausted or the path cannot be given to the loader. */
char **ac_peer_environment(const char *library, const char *const *variables);

void ac_peer_environment_free(char **environment);

#endif
