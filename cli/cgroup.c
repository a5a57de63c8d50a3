/* SPDX-License-Identifier: MIT
 *
 * cgroup.c -- memory.current, memory.max and memory.events of a process's control group.
 */
#include "cgroup.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "/sys/fs/cgroup"

/* The path of the group below the root, "" for the root itself. */
static bool group_path(pid_t pid, char out[PATH_MAX])
{
    char name[64];
    char line[PATH_MAX];
    bool found = false;
    snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
    FILE *in = fopen(name, "re");
    while (in && !found && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "0::/", 4) == 0;
    }
    if (in)
        fclose(in);
    if (found)
        snprintf(out, PATH_MAX, "%s", strcmp(line + 3, "/") == 0 ? "" : line + 3);
    return found;
}

/* The number after `key` in a file of the group, or the first number when key is "". */
static bool number_in(const char *group, const char *file, const char *key, uint64_t *out)
{
    char path[2 * PATH_MAX];
    char line[256];
    bool found = false;
    snprintf(path, sizeof(path), ROOT "%s/%s", group, file);
    FILE *in = fopen(path, "re");
    while (in && !found && fgets(line, sizeof(line), in)) {
        size_t length = strlen(key);
        found = strncmp(line, key, length) == 0 && sscanf(line + length, "%" SCNu64, out) == 1;
    }
    if (in)
        fclose(in);
    return found;
}

bool ac_cgroup_read(pid_t pid, struct ac_cgroup *out_group)
{
    char path[PATH_MAX];
    memset(out_group, 0, sizeof(*out_group));
    if (!group_path(pid, path))
        return false;
    while (!number_in(path, "memory.max", "", &out_group->max_bytes)) {
        char *slash = strrchr(path, '/');
        if (!slash)
            return path[0] == '\0';
        *slash = '\0';
    }
    number_in(path, "memory.current", "", &out_group->current_bytes);
    number_in(path, "memory.events", "oom_kill ", &out_group->oom_kills);
    return true;
}
