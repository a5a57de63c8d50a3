/* SPDX-License-Identifier: MIT
 *
 * segment.c -- the state segment as a file: made before the program starts, opened, read.
 */
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { READ_TRIES = 50, FIRST_PRIVATE_FD = 3 };
static const struct timespec retry_delay = {.tv_nsec = 1000 * 1000};

int ac_fd_above_streams(int fd)
{
    if (fd < 0 || fd >= FIRST_PRIVATE_FD)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_PRIVATE_FD);
    int reason = errno;
    close(fd);
    errno = reason;
    return moved;
}

bool ac_segment_create(struct ac_segment *out_segment)
{
    int fd = ac_fd_above_streams(memfd_create("acre-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (fd < 0)
        return false;
    if (ftruncate(fd, (off_t)AC_STATE_MAX_BYTES) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return false;
    }
    out_segment->fd = fd;
    snprintf(out_segment->path, sizeof(out_segment->path), "/proc/%d/fd/%d", (int)getpid(), fd);
    return true;
}

bool ac_segment_open(const char *path, struct ac_segment *out_segment, char *why)
{
    out_segment->fd = ac_fd_above_streams(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (out_segment->fd < 0 && (errno == EACCES || errno == EROFS))
        out_segment->fd = ac_fd_above_streams(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    snprintf(out_segment->path, sizeof(out_segment->path), "%s", path);
    if (out_segment->fd < 0)
        snprintf(why, AC_SEGMENT_WHY_BYTES, "cannot open the state file %s: %s", path, strerror(errno));
    return out_segment->fd >= 0;
}

void ac_segment_close(struct ac_segment *segment)
{
    if (segment->fd >= 0)
        close(segment->fd);
    segment->fd = -1;
}

static bool copy_once(int fd, struct ac_state *out)
{
    struct ac_state again;
    if (pread(fd, out, sizeof(*out), 0) != (ssize_t)sizeof(*out))
        return false;
    if (pread(fd, &again, sizeof(again), 0) != (ssize_t)sizeof(again))
        return false;
    return out->seq % 2 == 0 && again.seq == out->seq;
}

static void bound(struct ac_state *state)
{
    if (state->nstats > AC_STATE_MAX_STATS)
        state->nstats = AC_STATE_MAX_STATS;
    if (state->nclasses > AC_STATE_MAX_CLASSES)
        state->nclasses = AC_STATE_MAX_CLASSES;
    state->library[sizeof(state->library) - 1] = '\0';
}

enum ac_segment_verdict ac_segment_read(const struct ac_segment *segment, struct ac_state *out_state)
{
    /* A descendant may still be publishing, so a torn copy is read again; a dead writer leaves it torn for
     * good. */
    memset(out_state, 0, sizeof(*out_state));
    bool whole = copy_once(segment->fd, out_state);
    for (int i = 0; !whole && i < READ_TRIES; i++) {
        nanosleep(&retry_delay, NULL);
        whole = copy_once(segment->fd, out_state);
    }
    bound(out_state);
    if (out_state->pid == 0)
        return AC_SEGMENT_EMPTY;
    if (memcmp(out_state->magic, AC_STATE_MAGIC, sizeof(out_state->magic)) != 0)
        return AC_SEGMENT_CLAIMED;
    if (out_state->version != AC_STATE_VERSION || out_state->size_bytes != sizeof(*out_state))
        return AC_SEGMENT_FOREIGN;
    return whole ? AC_SEGMENT_READ : AC_SEGMENT_TORN;
}
