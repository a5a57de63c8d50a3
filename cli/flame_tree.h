/* SPDX-License-Identifier: MIT
 *
 * flame_tree.h -- a heap profile as a tree of calls, for pictures: equal functions below equal callers are
 * one.
 */
#ifndef AC_CLI_FLAME_TREE_H
#define AC_CLI_FLAME_TREE_H

#include "profile.h"

/* A line that is not known, and one that is not the same for all of a node's calls. */
enum { AC_FLAME_NO_LINE = 0, AC_FLAME_LINES = -1 };

struct ac_flame_node {
    uint32_t parent;   /* comes before it                        */
    uint32_t function; /* of the root: 0, which is no function   */
    uint32_t depth;    /* of the root: 0                         */
    int64_t line;      /* in the function's file                 */
};

struct ac_flame_tree {
    struct ac_flame_node *nodes; /* each follows its caller, and all below it follow at once */
    size_t nnodes;
    const struct ac_profile_frame **functions; /* one frame of each; the first is NULL: the root's */
    size_t nfunctions;
    uint32_t *site_nodes; /* the node that each site's stack ends in */
};

/* Frames differ by function, file and module; those without a name by their address. */
void ac_flame_tree_make(const struct ac_profile *profile, struct ac_flame_tree *out);
void ac_flame_tree_free(struct ac_flame_tree *tree);

#endif
