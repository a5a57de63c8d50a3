/* SPDX-License-Identifier: MIT
 *
 * doctor.h -- what is worth doing about a process's memory, with the evidence and the next command.
 */
#ifndef AC_CLI_DOCTOR_H
#define AC_CLI_DOCTOR_H

#include "look.h"

enum { AC_DOCTOR_TEXT_BYTES = 256, AC_DOCTOR_MAX = 16 };

struct ac_finding {
    const char *name; /* of the rule; the key in the JSON report */
    char what[AC_DOCTOR_TEXT_BYTES];
    char evidence[AC_DOCTOR_TEXT_BYTES];
    char next[AC_DOCTOR_TEXT_BYTES];
};

struct ac_diagnosis {
    size_t nfindings;
    struct ac_finding findings[AC_DOCTOR_MAX];
    size_t nfine; /* rules that found nothing: what they looked at */
    const char *fine[AC_DOCTOR_MAX];
};

void ac_doctor_examine(const struct ac_look *look, struct ac_diagnosis *out);

#endif
