/* SPDX-License-Identifier: MIT
 *
 * cmd_pack.c -- `acre pack`: a heap profile with the files that its functions are named from, to be read on
 * another machine.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "profile_format.h"
#include "symbol.h"

struct job {
    struct ac_profile profile;
    const char *input;
    struct ac_pack_writer *writer;
    size_t nfiles;
    char why[AC_PROFILE_WHY_BYTES];
};

static bool has_addresses(const struct ac_profile *profile)
{
    for (size_t i = 0; i < profile->nframes; i++) {
        if (profile->frames[i].address != 0 && profile->frames[i].module != 0)
            return true;
    }
    return false;
}

/* Frees the bytes. */
static bool add(struct job *job, const char *name, uint8_t *bytes, size_t n)
{
    bool ok = bytes && ac_pack_add(job->writer, name, bytes, n, job->why);
    free(bytes);
    return ok;
}

static bool add_profile(struct job *job)
{
    size_t n = 0;
    uint8_t *bytes = ac_slurp(job->input, &n, job->why);
    return add(job, AC_PACK_PROFILE, bytes, n);
}

static bool add_jit_map(struct job *job)
{
    char path[64];
    size_t n = 0;
    FILE *in = job->profile.pid != 0 ? ac_perf_map_file(job->profile.pid) : NULL;
    if (!in)
        return true;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(in));
    uint8_t *bytes = ac_slurp(path, &n, job->why);
    fclose(in);
    return add(job, AC_PACK_JIT, bytes, n);
}

/* A module has a row for each of its mappings, so that a file may come twice. */
static bool is_repeated(const struct ac_symbol_file *files, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(files[k].name, files[i].name) == 0)
            return true;
    }
    return false;
}

static bool add_files(struct job *job)
{
    struct ac_symbol_file *files;
    bool ok = true;
    job->why[0] = '\0';
    size_t n = ac_symbol_files(&job->profile, &files, job->why);
    for (size_t i = 0; ok && i < n; i++) {
        size_t bytes_n;
        if (is_repeated(files, i))
            continue;
        uint8_t *bytes = ac_symbol_file_read(&files[i], job->profile.pid, &bytes_n);
        if (!bytes)
            snprintf(job->why, sizeof(job->why), "%.400s: %s", files[i].path, strerror(errno));
        ok = add(job, files[i].name, bytes, bytes_n);
        job->nfiles++;
    }
    free(files);
    return ok && job->why[0] == '\0';
}

static void say_lacking(const struct ac_profile *profile)
{
    static const char words[] = AC_PROFILE_NOT_NAMED " functions of ";
    for (size_t i = 0; i < profile->ncomments; i++) {
        if (strncmp(profile->comments[i], words, sizeof(words) - 1) == 0)
            ac_error("not packed: %s", profile->comments[i] + sizeof(words) - 1);
    }
    for (size_t i = 0; i < profile->nmodules; i++) {
        const struct ac_profile_module *module = &profile->modules[i];
        if (module->path[0] == '/' && module->build_id[0] == '\0')
            ac_error("not packed: %s, which has no build id; link it with --build-id", module->path);
    }
}

static int pack(struct job *job, const char *output)
{
    job->writer = ac_pack_create(output, job->why);
    bool created = job->writer != NULL;
    bool ok = created && add_profile(job) && add_jit_map(job) && add_files(job);
    if (created) {
        char ignored[AC_PROFILE_WHY_BYTES];
        ok = ac_pack_finish(job->writer, ok ? job->why : ignored) && ok;
    }
    if (!ok) {
        ac_error("cannot write the pack %s: %s", output, job->why);
        if (created)
            unlink(output);
        return AC_EXIT_ENVIRONMENT;
    }
    say_lacking(&job->profile);
    printf(
        "%s: the profile and %zu files with the names of its functions; `acre profile --state %s` shows it\n",
        output, job->nfiles, output);
    return AC_EXIT_DONE;
}

int ac_cmd_pack(int argc, char **argv)
{
    static struct job job;
    const char *output = NULL;
    while (ac_flag_next(AC_COMMAND_pack, argc, argv) == AC_FLAG_pack_output)
        output = optarg;
    if (argc - optind != 1 || !output) {
        ac_error("pack what, and where to? usage: acre pack PROFILE -o FILE");
        return AC_EXIT_USAGE;
    }
    job.input = argv[optind];
    int status = AC_EXIT_ENVIRONMENT;
    if (!ac_profile_load(job.input, &job.profile, job.why))
        ac_error("%s", job.why);
    else if (job.profile.pack)
        ac_error("%s is a pack already", job.input);
    else if (!has_addresses(&job.profile))
        ac_error("%s has no addresses of code to find names for: it can go as it is", job.input);
    else
        status = pack(&job, output);
    ac_profile_free(&job.profile);
    return status;
}
