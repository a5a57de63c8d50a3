/* SPDX-License-Identifier: MIT
 *
 * cmd_version.c -- `acre version`: the version, how it was built, and which library `acre run` would use.
 */
#include <acre/acre.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "library.h"
#include "core/state.h"

struct facts {
    const char *compiler;
    char libc[64];
    struct utsname machine;
    long page_size_bytes;
    bool has_library;
    struct ac_library library;
};

static void print_json(const struct facts *facts)
{
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:s, s:s}", "schema", "acre.version/1",
                             "version", ACRE_VERSION_STRING, "compiler", facts->compiler, "libc", facts->libc,
                             "machine", facts->machine.machine, "kernel", facts->machine.release,
                             "page_size_bytes", (json_int_t)facts->page_size_bytes, "state_version",
                             (int)AC_STATE_VERSION, "library", facts->has_library ? facts->library.path : "",
                             "library_origin", facts->has_library ? facts->library.origin : "");
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static void print_text(const struct facts *facts)
{
    printf("acre %s\n", ACRE_VERSION_STRING);
    printf("  built    by compiler %s; reads state layout %u\n", facts->compiler, AC_STATE_VERSION);
    printf("  machine  %s, %s, Linux %s, pages of %ld bytes\n", facts->machine.machine, facts->libc,
           facts->machine.release, facts->page_size_bytes);
    if (facts->has_library)
        printf("  library  %s (%s)\n", facts->library.path, facts->library.origin);
}

int ac_cmd_version(int argc, char **argv)
{
    static struct facts facts = {.compiler = __VERSION__, .libc = "unknown C library"};
    bool as_json = false;
    while (ac_flag_next(AC_COMMAND_version, argc, argv) == AC_FLAG_version_json)
        as_json = true;
    confstr(_CS_GNU_LIBC_VERSION, facts.libc, sizeof(facts.libc));
    uname(&facts.machine);
    facts.page_size_bytes = sysconf(_SC_PAGESIZE);
    facts.has_library = ac_library_find(NULL, &facts.library);
    if (as_json)
        print_json(&facts);
    else
        print_text(&facts);
    return facts.has_library ? AC_EXIT_DONE : AC_EXIT_ENVIRONMENT;
}
