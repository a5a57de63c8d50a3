/* SPDX-License-Identifier: MIT
 *
 * target.c -- what the commands that look at one process share: its id from the command line, its segment.
 */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "format.h"
#include "process.h"

enum { LOOK_EVERY_MS = 5 };

pid_t ac_target_pid(const char *word, const char *command)
{
    char *end;
    errno = 0;
    long pid = word ? strtol(word, &end, 10) : 0;
    if (!word)
        ac_error("which process? usage: acre %s PID; `acre ls` lists those on acre", command);
    else if (errno != 0 || *end != '\0' || end == word || pid <= 0 || pid > INT32_MAX)
        ac_error("'%s' is no process id; `acre ls` lists the processes that run on acre", word);
    else
        return (pid_t)pid;
    return -1;
}

pid_t ac_target_only_pid(char *const *words, const char *command)
{
    if (words[0] && words[1]) {
        ac_error("one process at a time: '%s' is too many; `acre ls` shows all", words[1]);
        return -1;
    }
    return ac_target_pid(words[0], command);
}

static bool map_live(struct ac_target *target, char *why)
{
    struct stat st;
    struct ac_state head;
    enum ac_segment_verdict verdict = ac_segment_read(&target->segment, &head);
    if (verdict != AC_SEGMENT_READ && verdict != AC_SEGMENT_TORN) {
        snprintf(
            why, AC_SEGMENT_WHY_BYTES,
            "process %d publishes layout %u, this command knows %u; use the acre command that came with its "
            "library",
            (int)target->pid, head.version, AC_STATE_VERSION);
        return false;
    }
    if (fstat(target->segment.fd, &st) == 0 && st.st_size >= (off_t)sizeof(head))
        target->live = mmap(NULL, sizeof(head), PROT_READ | PROT_WRITE, MAP_SHARED, target->segment.fd, 0);
    if (target->live == MAP_FAILED)
        target->live = NULL;
    if (!target->live)
        snprintf(why, AC_SEGMENT_WHY_BYTES, "cannot write to the state segment of process %d: %s",
                 (int)target->pid, strerror(errno));
    return target->live != NULL;
}

bool ac_target_open(pid_t pid, struct ac_target *out_target)
{
    char why[AC_SEGMENT_WHY_BYTES];
    *out_target = (struct ac_target){.pid = pid, .segment.fd = -1};
    if (ac_segment_attach(pid, &out_target->segment, why) && map_live(out_target, why))
        return true;
    ac_error("%s", why);
    ac_target_close(out_target);
    return false;
}

void ac_target_close(struct ac_target *target)
{
    if (target->live)
        munmap(target->live, sizeof(*target->live));
    target->live = NULL;
    ac_segment_close(&target->segment);
}

void ac_target_ring(struct ac_target *target)
{
    __atomic_fetch_add(&target->live->bell, 1, __ATOMIC_RELEASE);
}

bool ac_target_wait(const struct ac_target *target, const uint32_t *done, uint32_t asked, double seconds)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000};
    (void)target;
    for (int left_ms = (int)(seconds * 1000); left_ms > 0; left_ms -= LOOK_EVERY_MS) {
        if (__atomic_load_n(done, __ATOMIC_ACQUIRE) == asked)
            return true;
        nanosleep(&pause, NULL);
    }
    return __atomic_load_n(done, __ATOMIC_ACQUIRE) == asked;
}

void ac_target_say_not_obeyed(const struct ac_target *target, double seconds)
{
    if (ac_process_is_stopped(target->pid))
        ac_error(
            "process %d is stopped and has not obeyed within %.0f s; it will when it is continued and "
            "takes memory from its heap",
            (int)target->pid, seconds);
    else
        ac_error(
            "process %d has not obeyed within %.0f s: it is idle, or allocates from its threads' caches "
            "alone; it will when a cache runs empty or full",
            (int)target->pid, seconds);
}

void ac_process_name(pid_t pid, char out_name[16])
{
    char path[AC_SEGMENT_PATH_BYTES];
    char name[32] = "?";
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fgets(name, sizeof(name), file))
        name[strcspn(name, "\n")] = '\0';
    if (file)
        fclose(file);
    ac_format_safely(name, out_name, 16);
}
