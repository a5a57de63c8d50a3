/* SPDX-License-Identifier: MIT
 *
 * tree.h -- the processes that descend from this one, and what they have resident together.
 *
 * This process becomes the one to which orphans go (PR_SET_CHILD_SUBREAPER), so that a program that leaves
 * children behind does not get out of sight.
 */
#ifndef AC_CLI_TREE_H
#define AC_CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ac_tree_member {
    pid_t pid;
    int statm; /* /proc/PID/statm, kept open: looking must cost next to nothing */
};

struct ac_tree {
    struct ac_tree_member *members;
    size_t nmembers;
    size_t room;
    pid_t stranger;        /* a child that does not count, with its descendants; 0: none */
    uint64_t next_walk_ns; /* when to look for new members again                         */
};

void ac_tree_begin(struct ac_tree *tree);

/* Adds a process that this one has just made; others are found by themselves. */
void ac_tree_add(struct ac_tree *tree, pid_t pid);

/* The resident bytes of all members, shared pages counted for each. New members are looked for every 20 ms,
 * or less often when that takes long. */
uint64_t ac_tree_resident(struct ac_tree *tree, uint64_t now_ns);

/* Sends a signal to all members. Returns how many there are now. */
size_t ac_tree_signal(struct ac_tree *tree, int number);

void ac_tree_end(struct ac_tree *tree);

/* CLOCK_MONOTONIC. */
uint64_t ac_now_ns(void);

#endif
