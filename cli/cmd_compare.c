/* SPDX-License-Identifier: MIT
 *
 * cmd_compare.c -- `acre compare`: the user's own program under every allocator of the machine, in turns.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "compare.h"

enum { DEFAULT_ROUNDS = 10, BUSY_PERCENT = 50 };

struct request {
    size_t rounds;
    bool as_json;
    bool list;
    const char *html_path;
    FILE *html;
    const char *names;
    const char *extra[AC_PEERS_MAX];
    size_t nextra;
    const char *until;
    const char *load;
};

static bool parse_rounds(const char *text, size_t *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end == '\0' && text[0] >= '1' && text[0] <= '9' && value <= AC_ROUNDS_MAX) {
        *out = value;
        return true;
    }
    ac_error("-n '%s': give a number of runs, 1 to %d", text, AC_ROUNDS_MAX);
    return false;
}

static bool take_flag(enum ac_flag_id flag, struct request *out)
{
    if (flag == AC_FLAG_compare_rounds)
        return parse_rounds(optarg, &out->rounds);
    if (flag == AC_FLAG_compare_json)
        out->as_json = true;
    else if (flag == AC_FLAG_compare_html)
        out->html_path = optarg;
    else if (flag == AC_FLAG_compare_allocators)
        out->names = optarg;
    else if (flag == AC_FLAG_compare_with && out->nextra < AC_PEERS_MAX)
        out->extra[out->nextra++] = optarg;
    else if (flag == AC_FLAG_compare_until)
        out->until = optarg;
    else if (flag == AC_FLAG_compare_load)
        out->load = optarg;
    else if (flag == AC_FLAG_compare_list)
        out->list = true;
    return true;
}

static bool find_peers(const struct request *request, struct ac_peers *peers)
{
    if (!ac_peers_find(peers))
        return false;
    for (size_t i = 0; i < request->nextra; i++) {
        if (!ac_peers_add(peers, request->extra[i]))
            return false;
    }
    if (request->names && !ac_peers_keep(peers, request->names))
        return false;
    if (request->list || request->as_json || request->html_path)
        ac_peers_set_versions(peers);
    return true;
}

static void list_as_json(const struct ac_peers *peers)
{
    json_t *found = json_array();
    json_t *absent = json_array();
    for (size_t i = 0; i < peers->nfound; i++)
        json_array_append_new(found, json_pack("{s:s, s:s, s:s}", "name", peers->found[i].name, "library",
                                               peers->found[i].library, "version", peers->found[i].version));
    for (size_t i = 0; i < peers->nabsent; i++)
        json_array_append_new(absent, json_pack("{s:s, s:s}", "name", peers->absent[i].name, "package",
                                                peers->absent[i].package));
    json_t *root =
        json_pack("{s:s, s:o, s:o}", "schema", "acre.compare.list/1", "found", found, "absent", absent);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static void list(const struct ac_peers *peers)
{
    for (size_t i = 0; i < peers->nfound; i++)
        printf("%-14s  %-32s  %s\n", peers->found[i].name, peers->found[i].version, peers->found[i].library);
    for (size_t i = 0; i < peers->nabsent; i++)
        printf("%-14s  not found; Debian has it in the package %s\n", peers->absent[i].name,
               peers->absent[i].package);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Programs whose heap is for the greater part not malloc's, by the beginning of their names. */
static const struct {
    const char *program;
    const char *text;
} own_heaps[] = {
    {"python", "Python serves small objects itself; PYTHONMALLOC=malloc sends them to malloc"},
    {"node", "V8 keeps JavaScript objects in a heap of its own; only the rest is malloc's"},
    {"java", "the JVM keeps objects in a heap of its own; only the rest is malloc's"},
    {"ruby", "Ruby keeps object slots in a heap of its own; what hangs on them is malloc's"},
    {"php", "PHP serves scripts itself; USE_ZEND_ALLOC=0 sends them to malloc"},
    {"beam", "the Erlang VM has allocators of its own; only the rest is malloc's"},
    {"chrom", "Chromium has an allocator of its own; only the rest is malloc's"},
    {"firefox", "Firefox is built with an allocator of its own, which serves malloc too"},
};

static void note_program(struct ac_comparison *comparison)
{
    const struct ac_vet *vet = comparison->vet;
    const char *name = base_name(vet->target);
    if (vet->elf.allocator[0] != '\0')
        ac_compare_note(
            comparison,
            "%s is linked to %s; here every allocator is put in front of that, glibc's too. Calls that "
            "only %s knows still go there",
            name, vet->elf.allocator, vet->elf.allocator);
    if (vet->elf.defines_malloc)
        ac_compare_note(comparison, "%s exports a malloc of its own, which no library can take the place of",
                        name);
    for (size_t i = 0; i < sizeof(own_heaps) / sizeof(own_heaps[0]); i++) {
        if (strncmp(name, own_heaps[i].program, strlen(own_heaps[i].program)) == 0)
            ac_compare_note(comparison, "%s", own_heaps[i].text);
    }
}

static void note_machine(struct ac_comparison *comparison)
{
    long ncpus = sysconf(_SC_NPROCESSORS_ONLN);
    if (getloadavg(&comparison->load_average, 1) == 1 &&
        comparison->load_average * 100 > (double)ncpus * BUSY_PERCENT)
        ac_compare_note(comparison,
                        "the machine was busy before (load %.1f on %ld processors), so times are rough",
                        comparison->load_average, ncpus);
}

/* Only a file can be read by every run from the same place on. */
static void take_input(struct ac_launch *launch)
{
    struct stat info;
    launch->input_fd = -1;
    if (fstat(STDIN_FILENO, &info) != 0 || !S_ISREG(info.st_mode))
        return;
    launch->input_fd = STDIN_FILENO;
    launch->input_offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
}

/* Everything that can be found wrong before an hour of runs. Returns -1 to go on, or the exit status. */
static int prepare(struct request *request, struct ac_comparison *comparison, struct ac_vet *vet, char **argv)
{
    struct ac_elf self;
    if (!ac_elf_read("/proc/self/exe", &self))
        memset(&self, 0, sizeof(self));
    ac_vet_program(argv[0], &self, vet);
    if (vet->status != 0) {
        ac_error("%s", vet->message);
        return vet->status;
    }
    if (request->html_path && !(request->html = fopen(request->html_path, "we"))) {
        ac_error("cannot write %s, given by --html: %s; nothing was run", request->html_path,
                 strerror(errno));
        return AC_EXIT_ENVIRONMENT;
    }
    comparison->argv = argv;
    comparison->vet = vet;
    comparison->max_rounds = request->rounds;
    comparison->date = time(NULL);
    comparison->launch.path = vet->path;
    comparison->launch.argv = argv;
    comparison->launch.until = request->until;
    comparison->launch.load = request->load;
    take_input(&comparison->launch);
    comparison->ncolumns = comparison->peers.nfound;
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        comparison->columns[i].peer = &comparison->peers.found[i];
        comparison->columns[i].library = comparison->peers.found[i].library;
    }
    note_program(comparison);
    note_machine(comparison);
    return -1;
}

static void say_notes(const struct ac_comparison *comparison)
{
    for (size_t i = 0; i < comparison->nnotes; i++)
        ac_error("%s", comparison->notes[i]);
}

static bool write_html(struct request *request, const struct ac_comparison *comparison)
{
    if (!request->html)
        return true;
    ac_compare_print_html(comparison, request->html);
    bool failed = ferror(request->html) != 0;
    if (fclose(request->html) == 0 && !failed)
        return true;
    ac_error("could not write all of %s: %s", request->html_path, strerror(errno));
    return false;
}

static int report(struct request *request, const struct ac_comparison *comparison)
{
    bool written = true;
    if (request->as_json)
        written = ac_compare_print_json(comparison, stdout);
    else
        ac_compare_print_text(comparison, stdout);
    if (request->as_json)
        say_notes(comparison);
    if (!write_html(request, comparison) || !written || fflush(stdout) != 0)
        return AC_EXIT_ENVIRONMENT;
    if (comparison->interrupted)
        ac_error("interrupted; the figures are of the %zu rounds that were complete", comparison->nrounds);
    return comparison->found_something || comparison->interrupted ? AC_EXIT_FINDING : AC_EXIT_DONE;
}

int ac_cmd_compare(int argc, char **argv)
{
    static struct request request = {.rounds = DEFAULT_ROUNDS};
    static struct ac_comparison comparison;
    static struct ac_vet vet;
    enum ac_flag_id flag;
    while ((flag = ac_flag_next(AC_COMMAND_compare, argc, argv)) != AC_FLAGS_END) {
        if (!take_flag(flag, &request))
            return AC_EXIT_USAGE;
    }
    if (optind == argc && !request.list) {
        ac_error("which program? usage: acre compare [OPTIONS] -- PROGRAM [ARGS]");
        return AC_EXIT_USAGE;
    }
    if (!find_peers(&request, &comparison.peers))
        return AC_EXIT_USAGE;
    if (request.list) {
        (request.as_json ? list_as_json : list)(&comparison.peers);
        return AC_EXIT_DONE;
    }
    int status = prepare(&request, &comparison, &vet, argv + optind);
    if (status >= 0)
        return status;
    if (!ac_compare_run(&comparison)) {
        say_notes(&comparison);
        ac_error("there is nothing to compare: %s", comparison.interrupted
                                                        ? "it was interrupted in the first round"
                                                        : "no allocator could be measured");
        return AC_EXIT_ENVIRONMENT;
    }
    return report(&request, &comparison);
}
