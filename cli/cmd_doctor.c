/* SPDX-License-Identifier: MIT
 *
 * cmd_doctor.c -- `acre doctor`: findings about a process in plain words.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <string.h>

#include "cmd.h"
#include "doctor.h"
#include "format.h"
#include "process.h"
#include "outline.h"

static bool put_text(const struct ac_look *look, const struct ac_diagnosis *d, FILE *out)
{
    struct ac_outline tree = ac_outline_on(out, 0);
    char program[AC_WHY_PROGRAM_BYTES];
    ac_format_safely(look->why.program, program, sizeof(program));
    fprintf(out, "pid %d %s: %zu finding%s\n", (int)look->why.pid, program, d->nfindings,
            d->nfindings == 1 ? "" : "s");
    for (size_t i = 0; i < d->nfindings; i++) {
        const struct ac_finding *f = &d->findings[i];
        fprintf(out, "\n%zu. ", i + 1);
        ac_outline_label(&tree, f->what, 0);
        fprintf(out, "\n   evidence: %s\n   next: %s\n", f->evidence, f->next);
    }
    fprintf(out, "%snothing to say about:", d->nfindings > 0 ? "\n" : "");
    for (size_t i = 0; i < d->nfine; i++)
        fprintf(out, "%s %s", i > 0 ? "," : "", d->fine[i]);
    fputc('\n', out);
    return fflush(out) == 0 && !ferror(out);
}

static bool put_json(const struct ac_look *look, const struct ac_diagnosis *d, FILE *out)
{
    json_t *root = json_pack("{s:s, s:i, s:o, s:o}", "schema", "acre.doctor/1", "pid", (int)look->why.pid,
                             "findings", json_array(), "fine", json_array());
    for (size_t i = 0; i < d->nfindings; i++) {
        const struct ac_finding *f = &d->findings[i];
        json_array_append_new(json_object_get(root, "findings"),
                              json_pack("{s:s, s:s, s:s, s:s}", "name", f->name, "what", f->what, "evidence",
                                        f->evidence, "next", f->next));
    }
    for (size_t i = 0; i < d->nfine; i++)
        json_array_append_new(json_object_get(root, "fine"), json_string(d->fine[i]));
    bool written = json_dumpf(root, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return fflush(out) == 0 && written;
}

int ac_cmd_doctor(int argc, char **argv)
{
    static struct ac_look look;
    static struct ac_diagnosis diagnosis;
    char why[AC_LOOK_WHY_BYTES];
    bool json = false;
    pid_t pid;
    while (ac_flag_next(AC_COMMAND_doctor, argc, argv) == AC_FLAG_doctor_json)
        json = true;
    if (argc - optind != 1) {
        ac_error("doctor takes one process id; `acre ls` lists the processes that run on acre");
        return AC_EXIT_USAGE;
    }
    if (!ac_pid_parse(argv[optind], &pid))
        return AC_EXIT_USAGE;
    if (!ac_look_at(pid, &look, why)) {
        ac_error("%s", why);
        return AC_EXIT_ENVIRONMENT;
    }
    ac_doctor_examine(&look, &diagnosis);
    bool ok = json ? put_json(&look, &diagnosis, stdout) : put_text(&look, &diagnosis, stdout);
    ac_look_free(&look);
    if (!ok) {
        ac_error("could not write the result: %s", strerror(errno));
        return AC_EXIT_ENVIRONMENT;
    }
    return diagnosis.nfindings > 0 ? AC_EXIT_FINDING : AC_EXIT_DONE;
}
