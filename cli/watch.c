/* SPDX-License-Identifier: MIT
 *
 * watch.c -- a program on acre under observation: a look whenever it has grown.
 */
#include "watch.h"

#include <errno.h>
#include <string.h>

#include "cmd.h"
#include "library.h"
#include "segment.h"
#include "vet.h"

/* How much resident memory has to grow for another look. */
static const uint64_t growth_share = 40;
static const uint64_t growth_bytes = 128 * 1024;

static void look(pid_t pid, void *context)
{
    static struct ac_look now;
    char why[AC_LOOK_WHY_BYTES];
    struct ac_watch *watch = context;
    uint64_t best = watch->seen ? watch->peak.why.identity.rss_bytes : 0;
    if (ac_process_rss_bytes(pid) < best + best / growth_share + growth_bytes || !ac_look_at(pid, &now, why))
        return;
    if (now.why.identity.walked && now.why.identity.rss_bytes > best) {
        ac_look_free(&watch->peak);
        watch->peak = now;
        watch->seen = true;
    } else {
        ac_look_free(&now);
    }
}

int ac_watch_run(char **argv, struct ac_watch *out_watch)
{
    static struct ac_library library;
    static struct ac_vet vet;
    struct ac_watcher watcher = {look, out_watch};
    if (!ac_library_find(NULL, &library))
        return AC_EXIT_OWN_FAILURE;
    ac_vet_program(argv[0], &library.elf, &vet);
    if (vet.status != 0) {
        ac_error("%s", vet.message);
        return vet.status;
    }
    if (!ac_library_preload(&library))
        return AC_EXIT_OWN_FAILURE;
    if (!ac_child_run(vet.path, argv, &watcher, &out_watch->outcome)) {
        ac_error("cannot start a process: %s", strerror(errno));
        return AC_EXIT_OWN_FAILURE;
    }
    if (out_watch->outcome.exec_errno != 0) {
        ac_error("%s could not be started: %s", vet.path, strerror(out_watch->outcome.exec_errno));
        return AC_EXIT_NOT_EXECUTABLE;
    }
    out_watch->peak.why.moment = AC_WHY_PEAK;
    return -1;
}
