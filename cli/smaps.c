/* SPDX-License-Identifier: MIT
 *
 * smaps.c -- /proc/PID/smaps, line by line.
 */
#include "smaps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 4608, MAX_GUARD_BYTES = 1 << 21 };

/* Kernels from 6.7 on mark what is mapped as a stack; before, a guard below is what tells a thread's
 * stack. */
static bool is_thread_stack(const struct ac_vma *vma, const struct ac_vma *below)
{
    return below && below->is_guard && below->is_anonymous && below->end == vma->start &&
           below->end - below->start <= MAX_GUARD_BYTES;
}

static enum ac_vma_kind kind_of_file(const char *path)
{
    const char *base = strrchr(path, '/');
    if (strncmp(path, "/memfd:acre-state", 17) == 0)
        return AC_VMA_STATE;
    if (strncmp(path, "/memfd:", 7) == 0 || strncmp(path, "/dev/shm/", 9) == 0 ||
        strncmp(path, "/SYSV", 5) == 0 || strncmp(path, "/dev/zero", 9) == 0)
        return AC_VMA_SHARED;
    return base && strncmp(base + 1, "libacre", 7) == 0 ? AC_VMA_LIBRARY : AC_VMA_FILE;
}

static enum ac_vma_kind kind_of(const struct ac_vma *vma, const char *path, const struct ac_vma *below)
{
    if (path[0] == '/')
        return kind_of_file(path);
    if (strncmp(path, "[stack", 6) == 0)
        return AC_VMA_STACK;
    if (strcmp(path, "[heap]") == 0)
        return AC_VMA_BRK;
    if (path[0] == '[' && strncmp(path, "[anon", 5) != 0)
        return AC_VMA_FILE; /* [vdso] and the like */
    if (is_thread_stack(vma, below))
        return AC_VMA_STACK;
    bool follows = below && below->end == vma->start && !below->is_anonymous && path[0] == '\0';
    bool of_file = follows && (below->kind == AC_VMA_FILE || below->kind == AC_VMA_LIBRARY);
    return of_file ? below->kind : AC_VMA_ANON;
}

static bool parse_head(const char *line, struct ac_vma *out, char mode[5], const char **out_path)
{
    uint64_t inode;
    int path_at = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %" SCNu64 " %n", &out->start, &out->end, mode,
               &inode, &path_at) < 4)
        return false;
    *out_path = line + path_at;
    return true;
}

static struct ac_vma *append(struct ac_smaps *smaps, size_t *cap)
{
    if (smaps->nvmas == *cap) {
        size_t more = *cap ? 2 * *cap : 256;
        struct ac_vma *longer = realloc(smaps->vmas, more * sizeof(*longer));
        if (!longer)
            return NULL;
        smaps->vmas = longer;
        *cap = more;
    }
    struct ac_vma *vma = &smaps->vmas[smaps->nvmas++];
    memset(vma, 0, sizeof(*vma));
    return vma;
}

static void name_vma(struct ac_vma *vma, const char *path)
{
    size_t length = strlen(path);
    size_t kept = length < sizeof(vma->name) ? length : sizeof(vma->name) - 1;
    memcpy(vma->name, path + length - kept, kept + 1);
}

static bool take_head(struct ac_smaps *smaps, size_t *cap, const char *line)
{
    struct ac_vma head = {0};
    char mode[5];
    const char *path;
    if (!parse_head(line, &head, mode, &path))
        return true;
    struct ac_vma *vma = append(smaps, cap);
    if (!vma)
        return false;
    const struct ac_vma *below = smaps->nvmas > 1 ? vma - 1 : NULL;
    vma->start = head.start;
    vma->end = head.end;
    vma->is_guard = strncmp(mode, "---", 3) == 0;
    vma->is_anonymous = path[0] != '/';
    vma->kind = kind_of(vma, path, below);
    name_vma(vma, path);
    return true;
}

static void take_value(struct ac_vma *vma, const char *line)
{
    static const struct {
        const char *key;
        size_t offset;
    } keys[] = {{"Rss:", offsetof(struct ac_vma, rss_bytes)},
                {"Swap:", offsetof(struct ac_vma, swap_bytes)},
                {"AnonHugePages:", offsetof(struct ac_vma, huge_bytes)}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        size_t length = strlen(keys[i].key);
        if (strncmp(line, keys[i].key, length) == 0)
            *(uint64_t *)((char *)vma + keys[i].offset) = strtoull(line + length, NULL, 10) * 1024;
    }
}

static bool is_value(const char *line)
{
    return line[0] >= 'A' && line[0] <= 'Z';
}

static bool parse_all(FILE *in, struct ac_smaps *out)
{
    static char line[LINE_BYTES];
    size_t cap = 0;
    while (fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        if (!is_value(line)) {
            if (!take_head(out, &cap, line))
                return false;
        } else if (out->nvmas > 0) {
            take_value(&out->vmas[out->nvmas - 1], line);
        }
    }
    for (size_t i = 0; i < out->nvmas; i++) {
        out->rss_bytes += out->vmas[i].rss_bytes;
        out->swap_bytes += out->vmas[i].swap_bytes;
        out->huge_bytes += out->vmas[i].huge_bytes;
    }
    return !ferror(in);
}

bool ac_smaps_read_file(const char *path, struct ac_smaps *out_smaps)
{
    memset(out_smaps, 0, sizeof(*out_smaps));
    FILE *in = fopen(path, "re");
    if (!in)
        return false;
    bool ok = parse_all(in, out_smaps);
    int reason = errno;
    fclose(in);
    /* A process that has ended but was not waited for still has the file, with nothing in it. */
    if (ok && out_smaps->nvmas == 0) {
        reason = ESRCH;
        ok = false;
    }
    if (!ok)
        ac_smaps_free(out_smaps);
    errno = reason;
    return ok;
}

bool ac_smaps_read(pid_t pid, struct ac_smaps *out_smaps)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
    return ac_smaps_read_file(path, out_smaps);
}

void ac_smaps_free(struct ac_smaps *smaps)
{
    free(smaps->vmas);
    memset(smaps, 0, sizeof(*smaps));
}

static bool sum_up(pid_t pid, struct ac_rollup *out)
{
    struct ac_smaps smaps;
    if (!ac_smaps_read(pid, &smaps))
        return false;
    *out = (struct ac_rollup){smaps.rss_bytes, smaps.rss_bytes, smaps.swap_bytes, smaps.huge_bytes};
    ac_smaps_free(&smaps);
    return true;
}

bool ac_rollup_read(pid_t pid, struct ac_rollup *out_rollup)
{
    char line[256];
    char path[64];
    uint64_t kib;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *in = fopen(path, "re");
    if (!in)
        return errno == ENOENT && sum_up(pid, out_rollup);
    memset(out_rollup, 0, sizeof(*out_rollup));
    while (fgets(line, sizeof(line), in)) {
        if (sscanf(line, "Rss: %" SCNu64, &kib) == 1)
            out_rollup->rss_bytes = kib * 1024;
        else if (sscanf(line, "Pss: %" SCNu64, &kib) == 1)
            out_rollup->pss_bytes = kib * 1024;
        else if (sscanf(line, "Swap: %" SCNu64, &kib) == 1)
            out_rollup->swap_bytes = kib * 1024;
        else if (sscanf(line, "AnonHugePages: %" SCNu64, &kib) == 1)
            out_rollup->huge_bytes = kib * 1024;
    }
    fclose(in);
    return true;
}
