/* SPDX-License-Identifier: MIT
 *
 * process.c -- process ids.
 */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "segment.h"

bool ac_pid_parse(const char *text, pid_t *out_pid)
{
    char *end;
    errno = 0;
    long pid = strtol(text, &end, 10);
    bool ok = errno == 0 && end != text && *end == '\0' && pid > 0 && pid <= INT_MAX;
    *out_pid = ok ? (pid_t)pid : 0;
    if (!ok)
        ac_error("'%s' is no process id; `acre ls` lists the processes that run on acre", text);
    return ok;
}

static int ascending(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a;
    pid_t y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

size_t ac_process_list(pid_t *out_pids, size_t max)
{
    size_t n = 0;
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    while (dir && n < max && (entry = readdir(dir)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && ac_segment_is_mapped(pid))
            out_pids[n++] = pid;
    }
    if (dir)
        closedir(dir);
    qsort(out_pids, n, sizeof(out_pids[0]), ascending);
    return n;
}

bool ac_process_is_stopped(pid_t pid)
{
    char path[AC_SEGMENT_PATH_BYTES];
    char line[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[length] = '\0';
    const char *name_end = strrchr(line, ')'); /* what comes before is the program's to choose */
    return name_end && length > 0 && (strncmp(name_end, ") T", 3) == 0 || strncmp(name_end, ") t", 3) == 0);
}
