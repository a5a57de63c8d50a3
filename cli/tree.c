/* SPDX-License-Identifier: MIT
 *
 * tree.c -- the processes that descend from this one, and what they have resident together.
 */
#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { WALK_INTERVAL_NS = 20000000, WALK_SHARE = 50 };

uint64_t ac_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void forget(struct ac_tree *tree, size_t i)
{
    close(tree->members[i].statm);
    tree->members[i] = tree->members[--tree->nmembers];
}

static bool is_member(const struct ac_tree *tree, pid_t pid)
{
    for (size_t i = 0; i < tree->nmembers; i++) {
        if (tree->members[i].pid == pid)
            return true;
    }
    return false;
}

void ac_tree_add(struct ac_tree *tree, pid_t pid)
{
    char path[64];
    if (tree->nmembers == tree->room) {
        size_t room = tree->room ? 2 * tree->room : 16;
        void *members = realloc(tree->members, room * sizeof(*tree->members));
        if (!members)
            return;
        tree->members = members;
        tree->room = room;
    }
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    int statm = open(path, O_RDONLY | O_CLOEXEC);
    if (statm >= 0)
        tree->members[tree->nmembers++] = (struct ac_tree_member){pid, statm};
}

/* The children that one thread has forked. */
static void take_children_of_thread(struct ac_tree *tree, pid_t pid, const char *thread)
{
    char path[128];
    char text[4096];
    snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid, thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    char *at = text;
    for (char *end; (end = strchr(at, ' ')); at = end + 1) {
        pid_t child = (pid_t)strtol(at, NULL, 10);
        if (child > 0 && child != tree->stranger && !is_member(tree, child))
            ac_tree_add(tree, child);
    }
}

static void take_children(struct ac_tree *tree, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return;
    for (const struct dirent *entry; (entry = readdir(threads));) {
        if (entry->d_name[0] != '.')
            take_children_of_thread(tree, pid, entry->d_name);
    }
    closedir(threads);
}

/* Members that were found are walked in turn: they stand behind those found before. */
static void walk(struct ac_tree *tree)
{
    take_children(tree, getpid());
    for (size_t i = 0; i < tree->nmembers; i++)
        take_children(tree, tree->members[i].pid);
}

void ac_tree_begin(struct ac_tree *tree)
{
    memset(tree, 0, sizeof(*tree));
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* 0 when the process has ended. */
static uint64_t resident(int statm)
{
    char text[128];
    ssize_t length = pread(statm, text, sizeof(text) - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    const char *second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t ac_tree_resident(struct ac_tree *tree, uint64_t now_ns)
{
    uint64_t sum = 0;
    if (now_ns >= tree->next_walk_ns) {
        walk(tree);
        uint64_t cost_ns = ac_now_ns() - now_ns;
        tree->next_walk_ns =
            now_ns + (cost_ns * WALK_SHARE > WALK_INTERVAL_NS ? cost_ns * WALK_SHARE : WALK_INTERVAL_NS);
    }
    for (size_t i = tree->nmembers; i-- > 0;) {
        uint64_t bytes = resident(tree->members[i].statm);
        if (bytes == 0)
            forget(tree, i);
        sum += bytes;
    }
    return sum;
}

size_t ac_tree_signal(struct ac_tree *tree, int number)
{
    tree->next_walk_ns = 0;
    ac_tree_resident(tree, ac_now_ns());
    for (size_t i = 0; i < tree->nmembers; i++)
        kill(tree->members[i].pid, number);
    return tree->nmembers;
}

void ac_tree_end(struct ac_tree *tree)
{
    while (tree->nmembers > 0)
        forget(tree, 0);
    free(tree->members);
    memset(tree, 0, sizeof(*tree));
}
