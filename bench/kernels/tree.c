/* SPDX-License-Identifier: MIT
 *
 * tree.c -- binary trees built depth first and torn down: one size, bursts of allocation, bursts of
 * freeing in another order.
 */
#include "kernel.h"

struct node {
    struct node *left;
    struct node *right;
    uint64_t value;
};

static struct node *build(unsigned depth, uint64_t value)
{
    struct node *node = need(malloc(sizeof *node));

    node->value = value;
    node->left = depth > 0 ? build(depth - 1, value * 2) : NULL;
    node->right = depth > 0 ? build(depth - 1, value * 2 + 1) : NULL;
    return node;
}

static uint64_t tear_down(struct node *node)
{
    uint64_t sum = node->value;

    if (node->right != NULL)
        sum += tear_down(node->right);
    if (node->left != NULL)
        sum ^= tear_down(node->left);
    free(node);
    return sum;
}

int main(int argc, char **argv)
{
    size_t nrounds = kernel_work(argc, argv, 2000) / 100;
    struct node *keep = build(18, 1);
    uint64_t sum = 0;

    nrounds = nrounds > 0 ? nrounds : 1;
    for (size_t i = 0; i < nrounds; i++) {
        struct node *big = build(18, i);

        for (unsigned depth = 4; depth < 16; depth++)
            sum += tear_down(build(depth, i));
        sum ^= tear_down(big);
    }
    sum += tear_down(keep);
    return kernel_done(sum);
}
