/* SPDX-License-Identifier: MIT
 *
 * flame_tree.c -- a heap profile as a tree of calls.
 */
#include "flame_tree.h"

#include <stdlib.h>

struct making {
    const struct ac_profile *profile;
    struct ac_flame_tree *tree;
    struct ac_intern functions;
    struct ac_intern children;
    uint32_t *function_of; /* of every frame; 0: not looked up */
    size_t function_room;
    size_t node_room;
};

static bool same_function(const void *context, uint32_t row, const void *key)
{
    const struct ac_profile_frame *a = ((const struct making *)context)->tree->functions[row];
    const struct ac_profile_frame *b = key;
    if (!a || a->function != b->function || a->file != b->file || a->module != b->module)
        return false;
    return a->function[0] != '\0' || a->address == b->address;
}

static uint32_t function_of(struct making *m, uint32_t number)
{
    const struct ac_profile_frame *frame = &m->profile->frames[number];
    struct ac_flame_tree *tree = m->tree;
    const uint64_t words[] = {(uintptr_t)frame->function, (uintptr_t)frame->file, frame->module,
                              frame->function[0] ? 0 : frame->address};
    if (m->function_of[number] != 0)
        return m->function_of[number];
    uint32_t row = ac_intern(&m->functions, ac_hash(words, sizeof(words), 0), same_function, m, frame,
                             (uint32_t)tree->nfunctions);
    if (row == tree->nfunctions) {
        tree->functions =
            ac_grow(tree->functions, tree->nfunctions, &m->function_room, 1, sizeof(const void *));
        tree->functions[tree->nfunctions++] = frame;
    }
    m->function_of[number] = row;
    return row;
}

static bool same_child(const void *context, uint32_t row, const void *key)
{
    const struct ac_flame_node *a = &((const struct making *)context)->tree->nodes[row];
    const struct ac_flame_node *b = key;
    return a->parent == b->parent && a->function == b->function;
}

static void add_node(struct making *m, const struct ac_flame_node *node)
{
    struct ac_flame_tree *tree = m->tree;
    tree->nodes = ac_grow(tree->nodes, tree->nnodes, &m->node_room, 1, sizeof(*tree->nodes));
    tree->nodes[tree->nnodes++] = *node;
}

static uint32_t child_of(struct making *m, uint32_t parent, uint32_t frame)
{
    struct ac_flame_tree *tree = m->tree;
    const struct ac_flame_node node = {parent, function_of(m, frame), tree->nodes[parent].depth + 1,
                                       m->profile->frames[frame].line};
    const uint32_t words[] = {node.parent, node.function};
    uint32_t row = ac_intern(&m->children, ac_hash(words, sizeof(words), 0), same_child, m, &node,
                             (uint32_t)tree->nnodes);
    if (row == tree->nnodes)
        add_node(m, &node);
    else if (tree->nodes[row].line != node.line)
        tree->nodes[row].line = AC_FLAME_LINES;
    return row;
}

/* Where each node goes when every subtree is to lie in one piece: its new number. */
static uint32_t *number_nodes(const struct ac_flame_tree *tree)
{
    size_t n = tree->nnodes;
    uint32_t *sizes = ac_zeroed(n, sizeof(*sizes));
    uint32_t *taken = ac_zeroed(n, sizeof(*taken)); /* of a node's piece, itself included */
    uint32_t *numbers = ac_zeroed(n, sizeof(*numbers));
    for (size_t i = n; i-- > 0;) {
        sizes[i]++;
        if (i > 0)
            sizes[tree->nodes[i].parent] += sizes[i];
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t parent = tree->nodes[i].parent;
        taken[i] = 1;
        if (i == 0)
            continue;
        numbers[i] = numbers[parent] + taken[parent];
        taken[parent] += sizes[i];
    }
    free(sizes);
    free(taken);
    return numbers;
}

static void put_in_order(struct making *m)
{
    struct ac_flame_tree *tree = m->tree;
    uint32_t *numbers = number_nodes(tree);
    struct ac_flame_node *nodes = ac_zeroed(tree->nnodes, sizeof(*nodes));
    for (size_t i = 0; i < tree->nnodes; i++) {
        nodes[numbers[i]] = tree->nodes[i];
        nodes[numbers[i]].parent = numbers[tree->nodes[i].parent];
    }
    for (size_t i = 0; i < m->profile->nsites; i++)
        tree->site_nodes[i] = numbers[tree->site_nodes[i]];
    free(numbers);
    free(tree->nodes);
    tree->nodes = nodes;
}

void ac_flame_tree_make(const struct ac_profile *profile, struct ac_flame_tree *out)
{
    struct making m = {.profile = profile, .tree = out};
    *out = (struct ac_flame_tree){0};
    m.function_of = ac_zeroed(profile->nframes, sizeof(*m.function_of));
    out->site_nodes = ac_zeroed(profile->nsites, sizeof(*out->site_nodes));
    out->functions = ac_grow(NULL, 0, &m.function_room, 1, sizeof(const void *));
    out->functions[out->nfunctions++] = NULL;
    add_node(&m, &(struct ac_flame_node){0});
    for (size_t i = 0; i < profile->nsites; i++) {
        const struct ac_profile_site *site = &profile->sites[i];
        uint32_t node = 0;
        for (uint32_t k = site->nframes; k-- > 0;)
            node = child_of(&m, node, profile->stacks[site->first + k]);
        out->site_nodes[i] = node;
    }
    put_in_order(&m);
    ac_intern_free(&m.functions);
    ac_intern_free(&m.children);
    free(m.function_of);
}

void ac_flame_tree_free(struct ac_flame_tree *tree)
{
    free(tree->nodes);
    free(tree->functions);
    free(tree->site_nodes);
}
