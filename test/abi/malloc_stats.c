/* SPDX-License-Identifier: MIT
 *
 * malloc_stats.c -- malloc_stats writes lines to stderr only, and is no cancellation point (glibc BZ 22830).
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "support/check.h"

static int memory_file(void)
{
    int fd = memfd_create("output", MFD_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

static off_t length_of(int fd)
{
    return lseek(fd, 0, SEEK_END);
}

/* Runs malloc_stats with both streams redirected into files. */
static void stats_into(int out, int err)
{
    int old_out = dup(STDOUT_FILENO), old_err = dup(STDERR_FILENO);
    CHECK(old_out >= 0 && old_err >= 0);
    CHECK(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    malloc_stats();
    fflush(NULL);
    CHECK(dup2(old_out, STDOUT_FILENO) >= 0 && dup2(old_err, STDERR_FILENO) >= 0);
    close(old_out);
    close(old_err);
}

static void writes_lines_to_stderr(void)
{
    int out = memory_file(), err = memory_file();
    char text[8192];
    void *block = malloc(12345);
    stats_into(out, err);
    CHECK_EQ(length_of(out), 0);
    ssize_t length = pread(err, text, sizeof text, 0);
    CHECK(length > 40);
    CHECK_EQ(text[length - 1], '\n');
    int digits = 0;
    for (ssize_t i = 0; i < length; i++) {
        CHECK(text[i] == '\n' || text[i] == '\t' || (text[i] >= ' ' && text[i] <= '~'));
        digits += text[i] >= '0' && text[i] <= '9';
    }
    CHECK(digits > 0);
    free(block);
    close(out);
    close(err);
}

static volatile int came_back;

static void *cancelled_thread(void *unused)
{
    int out = memory_file(), err = memory_file();
    CHECK_EQ(pthread_cancel(pthread_self()), 0);
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL), 0);
    int old_err = dup(STDERR_FILENO);
    CHECK(dup2(err, STDERR_FILENO) >= 0);
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL), 0);
    malloc_stats();
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL), 0);
    CHECK(dup2(old_err, STDERR_FILENO) >= 0);
    close(old_err);
    close(out);
    close(err);
    came_back = 1;
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL), 0);
    pthread_testcancel();
    return unused;
}

static void is_no_cancellation_point(void)
{
    pthread_t thread;
    void *result = NULL;
    CHECK_EQ(pthread_create(&thread, NULL, cancelled_thread, NULL), 0);
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK_EQ(came_back, 1);
    CHECK_EQ(result, PTHREAD_CANCELED);
}

int main(void)
{
    writes_lines_to_stderr();
    is_no_cancellation_point();
    return 0;
}
