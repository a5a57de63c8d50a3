/* SPDX-License-Identifier: MIT
 *
 * Memory that other processes may look into: memory files and files, mapped shared.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/os.h"

#include "os/syscall.h"

#include <asm/errno.h>
#include <asm/unistd.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

/* Above what programs count on for themselves, select's included where that can be; no higher, since the
 * system copies the table up to the highest descriptor on every fork. */
#define HIGH_FD 100
#define ABOVE_STREAMS 3

static void *map_fd(long fd, void *at, size_t bytes)
{
    long flags = MAP_SHARED | (at != NULL ? MAP_FIXED : 0);
    long result = ac_sys6(__NR_mmap, (long)at, (long)bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    return ac_sys_failed(result) ? NULL : (void *)result;
}

static bool get_status(long fd, struct stat *out)
{
    return !ac_sys_failed(ac_sys4(__NR_newfstatat, fd, "", out, AT_EMPTY_PATH));
}

/* Making a file longer than the limit is a signal, not an error. */
static bool may_be_so_long(size_t bytes)
{
    struct rlimit limit;
    return !ac_sys_failed(ac_sys4(__NR_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit)) && limit.rlim_cur >= bytes;
}

/* A file with holes would end the program when its disk is full. */
static long make_file(const char *path, size_t bytes)
{
    if (!may_be_so_long(bytes))
        return -EFBIG;
    long fd = ac_sys4(__NR_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (ac_sys_failed(fd) || !ac_sys_failed(ac_sys4(__NR_fallocate, fd, 0, 0, bytes)))
        return fd;
    ac_sys3(__NR_unlinkat, AT_FDCWD, path, 0);
    ac_sys1(__NR_close, fd);
    return -ENOSPC;
}

static long memory_file(const char *name)
{
    long fd = ac_sys2(__NR_memfd_create, name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd == -EINVAL) /* kernels before 6.3 */
        fd = ac_sys2(__NR_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

static long close_fd(long fd)
{
    ac_sys1(__NR_close, fd);
    return -1;
}

static bool is_still(const struct ac_os_shared *shared)
{
    struct stat st;
    return shared->fd >= 0 && get_status(shared->fd, &st) && st.st_dev == shared->device &&
           st.st_ino == shared->inode;
}

/* Out of the program's way: where the old one was, else high, at least not in the place of a stream. */
static long put_away(long fd, const struct ac_os_shared *old)
{
    if (is_still(old) && !ac_sys_failed(ac_sys3(__NR_dup3, fd, old->fd, O_CLOEXEC))) {
        close_fd(fd);
        return old->fd;
    }
    long high = ac_sys3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (ac_sys_failed(high))
        high = ac_sys3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, ABOVE_STREAMS);
    close_fd(fd);
    return ac_sys_failed(high) ? -1 : high;
}

/* Map what the descriptor leads to, and keep that, if there is enough of it. */
static void *map_and_keep(long fd, void *at, size_t bytes, struct ac_os_shared *inout_shared)
{
    struct stat st;
    void *addr = NULL;
    if (get_status(fd, &st) && S_ISREG(st.st_mode) && (size_t)st.st_size >= bytes)
        addr = map_fd(fd, at, bytes);
    if (addr == NULL) {
        close_fd(fd);
        return NULL;
    }
    inout_shared->fd = (int)put_away(fd, inout_shared);
    inout_shared->device = st.st_dev;
    inout_shared->inode = st.st_ino;
    return addr;
}

void *ac_os_map_file(const char *path, void *at, size_t bytes, struct ac_os_shared *inout_shared)
{
    long fd = ac_sys4(__NR_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd == -ENOENT)
        fd = make_file(path, bytes);
    return ac_sys_failed(fd) ? NULL : map_and_keep(fd, at, bytes, inout_shared);
}

void *ac_os_map_shared(const char *name, void *at, size_t bytes, struct ac_os_shared *inout_shared)
{
    long fd = may_be_so_long(bytes) ? memory_file(name) : -EFBIG;
    if (ac_sys_failed(fd))
        return NULL;
    ac_sys2(__NR_fchmod, fd, 0600);
    ac_sys2(__NR_ftruncate, fd, bytes);
    ac_sys3(__NR_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    return map_and_keep(fd, at, bytes, inout_shared);
}

void *ac_os_map_nameless(void *at, size_t bytes)
{
    long flags = MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    long result =
        ac_sys6(__NR_mmap, (long)at, (long)bytes, PROT_READ | PROT_WRITE, flags | MAP_SHARED, -1, 0);
    if (ac_sys_failed(result))
        result =
            ac_sys6(__NR_mmap, (long)at, (long)bytes, PROT_READ | PROT_WRITE, flags | MAP_PRIVATE, -1, 0);
    return ac_sys_failed(result) ? NULL : (void *)result;
}

void ac_os_zero_shared(void *addr, size_t bytes)
{
    if (ac_sys_failed(ac_sys3(__NR_madvise, addr, bytes, MADV_REMOVE)))
        memset(addr, 0, bytes);
}
