/* SPDX-License-Identifier: MIT
 *
 * attach.c -- the state segment of a running process.
 *
 * /proc/PID/maps names the mapping; a descriptor in /proc/PID/fd leads to the same file. Neither needs more
 * than to be the same user, nor does the process have to run. A process that has closed all descriptors (old
 * daemons do) still has the mapping, which /proc/PID/map_files leads to, for those who may use that.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "segment.h"

struct mapping {
    uint64_t start;
    uint64_t end;
    unsigned major;
    unsigned minor;
    uint64_t inode;
    bool is_memory_file;
    char path[PATH_MAX];
};

/* The next shared, writable mapping of the start of a file that is long enough. */
static bool next_candidate(FILE *maps, struct mapping *out)
{
    char line[PATH_MAX + 128];
    while (fgets(line, sizeof(line), maps)) {
        uint64_t offset;
        char access[5] = "";
        int at = 0;
        int n = sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &out->start,
                       &out->end, access, &offset, &out->major, &out->minor, &out->inode, &at);
        if (n < 7 || strcmp(access, "rw-s") != 0 || offset != 0 ||
            out->end - out->start < sizeof(struct ac_state))
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(out->path, sizeof(out->path), "%s", line + at);
        out->is_memory_file = strcmp(out->path, "/memfd:" AC_STATE_NAME " (deleted)") == 0;
        return true;
    }
    return false;
}

static FILE *open_maps(pid_t pid)
{
    char path[AC_SEGMENT_PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    return fopen(path, "re");
}

static bool is_same(const struct stat *st, const struct mapping *m)
{
    /* Some file systems show another device in maps than stat tells. */
    bool device = major(st->st_dev) == m->major && minor(st->st_dev) == m->minor;
    return S_ISREG(st->st_mode) && st->st_ino == m->inode && (device || !m->is_memory_file);
}

static int open_both_ways(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* Opens `path` if that is the file of the mapping. */
static int open_if_same(const char *path, const struct mapping *m)
{
    struct stat st;
    if (stat(path, &st) != 0 || !is_same(&st, m))
        return -1;
    int fd = ac_fd_above_streams(open_both_ways(path));
    if (fd >= 0 && (fstat(fd, &st) != 0 || !is_same(&st, m))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int open_by_descriptor(pid_t pid, const struct mapping *m)
{
    char folder[AC_SEGMENT_PATH_BYTES];
    char path[AC_SEGMENT_PATH_BYTES + NAME_MAX + 2];
    int fd = -1;
    snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(folder);
    if (!dir)
        return -1;
    for (struct dirent *entry; fd < 0 && (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        fd = open_if_same(path, m);
    }
    closedir(dir);
    return fd;
}

static int open_mapping(pid_t pid, const struct mapping *m)
{
    char path[PATH_MAX + AC_SEGMENT_PATH_BYTES];
    int fd = open_by_descriptor(pid, m);
    if (fd < 0 && !m->is_memory_file) {
        snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, m->path);
        fd = open_if_same(path, m);
    }
    if (fd < 0 && m->is_memory_file) {
        snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid, m->start, m->end);
        fd = open_if_same(path, m);
    }
    return fd;
}

/* Its id in the innermost name space: what the process itself takes for its id. */
static uint32_t own_pid(pid_t pid)
{
    char line[256];
    uint32_t inner = (uint32_t)pid;
    snprintf(line, sizeof(line), "/proc/%d/status", (int)pid);
    FILE *file = fopen(line, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "NSpid:", 6) == 0)
            inner = (uint32_t)strtoul(strrchr(line, '\t') ? strrchr(line, '\t') : line, NULL, 10);
    }
    if (file)
        fclose(file);
    return inner;
}

struct search {
    bool closed;     /* there is one, but no way to it             */
    uint32_t parent; /* the process whose segment is mapped, not 0 */
};

static bool is_segment_of(int fd, uint32_t pid, struct search *search)
{
    struct ac_state head;
    if (pread(fd, &head, 64, 0) != 64 || memcmp(head.magic, AC_STATE_MAGIC, sizeof(head.magic)) != 0)
        return false;
    if (head.pid != pid)
        search->parent = head.pid;
    return head.pid == pid;
}

static int find(pid_t pid, FILE *maps, struct search *search)
{
    static struct mapping m;
    uint32_t inner = own_pid(pid);
    while (next_candidate(maps, &m)) {
        int fd = open_mapping(pid, &m);
        if (fd >= 0 && is_segment_of(fd, inner, search))
            return fd;
        if (fd >= 0)
            close(fd);
        else if (m.is_memory_file)
            search->closed = true;
    }
    return -1;
}

static void explain(pid_t pid, const struct search *search, char *why)
{
    char lead[AC_SEGMENT_PATH_BYTES];
    snprintf(lead, sizeof(lead), "process %d", (int)pid);
    if (search->parent != 0)
        snprintf(why, AC_SEGMENT_WHY_BYTES,
                 "%s was forked by process %" PRIu32
                 " and has not allocated since: it has no numbers of its own "
                 "yet; ask for those of %" PRIu32,
                 lead, search->parent, search->parent);
    else if (search->closed)
        snprintf(
            why, AC_SEGMENT_WHY_BYTES,
            "%s runs on acre but has closed the descriptor of its state segment; run this as root, or start "
            "it with ACRE_CONF=state=/dev/shm/acre.%%p",
            lead);
    else
        snprintf(
            why, AC_SEGMENT_WHY_BYTES,
            "%s has no state segment: it does not run on acre, or was started with state=none, or may not "
            "make memory files; `acre ls` lists those that have one, `acre run` starts one",
            lead);
}

/* Why a process may not be looked into. */
static const char *hint(void)
{
    return geteuid() == 0 ? "the system forbids it even root: a container or a security module does that"
                          : "it is another user's: try as root";
}

bool ac_segment_attach(pid_t pid, struct ac_segment *out_segment, char *why)
{
    struct search search = {0};
    FILE *maps = open_maps(pid);
    out_segment->fd = -1;
    snprintf(out_segment->path, sizeof(out_segment->path), "process %d", (int)pid);
    if (!maps && errno == ENOENT)
        snprintf(why, AC_SEGMENT_WHY_BYTES, "there is no process %d", (int)pid);
    else if (!maps)
        snprintf(why, AC_SEGMENT_WHY_BYTES, "cannot look into process %d: %s; %s", (int)pid, strerror(errno),
                 hint());
    if (!maps)
        return false;
    out_segment->fd = find(pid, maps, &search);
    bool readable = !ferror(maps);
    fclose(maps);
    if (out_segment->fd < 0 && !readable)
        snprintf(why, AC_SEGMENT_WHY_BYTES, "cannot look into process %d: %s", (int)pid, hint());
    else if (out_segment->fd < 0)
        explain(pid, &search, why);
    return out_segment->fd >= 0;
}

bool ac_segment_is_mapped(pid_t pid)
{
    static struct mapping m;
    FILE *maps = open_maps(pid);
    bool found = false;
    while (maps && !found && next_candidate(maps, &m))
        found = true;
    if (maps)
        fclose(maps);
    return found;
}
