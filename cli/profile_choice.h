/* SPDX-License-Identifier: MIT
 *
 * profile_choice.h -- what `acre profile`, `acre convert` and `acre diff` understand alike.
 */
#ifndef AC_CLI_PROFILE_CHOICE_H
#define AC_CLI_PROFILE_CHOICE_H

#include "profile_format.h"

/* A number of lines, 0 for all. False after saying that it is none. */
bool ac_profile_parse_lines(const char *text, size_t *out);

/* Reads a profile and names its functions. False after saying why not; also when it has not the value. */
bool ac_profile_open(const char *path, struct ac_profile_show *inout_show, bool value_given,
                     struct ac_profile *out);

#endif
