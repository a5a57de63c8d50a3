/* SPDX-License-Identifier: MIT
 *
 * cmd_completion.c -- `acre completion`: prints the script for a shell.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "completion.h"

int ac_cmd_completion(int argc, char **argv)
{
    while (ac_flag_next(AC_COMMAND_completion, argc, argv) != AC_FLAGS_END)
        continue;
    for (size_t i = 0; argc - optind == 1 && i < AC_NSHELLS; i++) {
        if (strcmp(ac_shells[i].name, argv[optind]) == 0) {
            ac_shells[i].print(stdout);
            return AC_EXIT_DONE;
        }
    }
    ac_error("completion takes one shell: bash, zsh or fish; for example: eval \"$(acre completion bash)\"");
    return AC_EXIT_USAGE;
}
