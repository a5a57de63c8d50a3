/* SPDX-License-Identifier: MIT
 *
 * target.h -- what the commands that look at one process share: its id from the command line, its segment.
 */
#ifndef AC_CLI_TARGET_H
#define AC_CLI_TARGET_H

#include <stdint.h>

#include "segment.h"

/* The word that names the process; -1 with an error said when it is none. */
pid_t ac_target_pid(const char *word, const char *command);

/* The same of all the words (NULL at the end) of a command that takes no others. */
pid_t ac_target_only_pid(char *const *words, const char *command);

/* A process to be asked for something through its control words. */
struct ac_target {
    pid_t pid;
    struct ac_segment segment;
    struct ac_state *live; /* the fixed part, mapped; written by the process as we look */
};

/* False with an error said. */
bool ac_target_open(pid_t pid, struct ac_target *out_target);
void ac_target_close(struct ac_target *target);

/* Waits until *done is what was asked for, at most `seconds`. False when the process has not obeyed. */
bool ac_target_wait(const struct ac_target *target, const uint32_t *done, uint32_t asked, double seconds);

/* Rings the bell: something was asked. */
void ac_target_ring(struct ac_target *target);

/* Says that what was asked has not been obeyed within `seconds`, and why that may be. */
void ac_target_say_not_obeyed(const struct ac_target *target, double seconds);

/* The name of a process, at most 15 letters; "?" when it is gone. */
void ac_process_name(pid_t pid, char out_name[16]);

#endif
