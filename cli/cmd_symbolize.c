/* SPDX-License-Identifier: MIT
 *
 * cmd_symbolize.c -- `acre symbolize`: names for the addresses in a log.
 *
 * An address is PATH+0xOFFSET, or PATH(+0xOFFSET) as backtrace_symbols(3) writes it, with an offset as
 * addr2line takes it. "BuildId: HEX" behind it, as sanitizers write it, must be the file's.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "profile_format.h"
#include "symbol.h"

enum { MAX_FILES = 256, PATH_GROUP = 1, OFFSET_GROUP = 3, NGROUPS = 5, ID_BYTES = 130 };

struct file {
    char *path;
    char id[ID_BYTES];
    struct ac_symbolizer *symbolizer; /* NULL: it cannot be used */
};

struct session {
    regex_t place;
    struct file files[MAX_FILES];
    size_t nfiles;
    struct ac_profile pack; /* of --pack; else empty */
};

/* The build id that the pack has for a path, or "". */
static const char *packed_id(const struct ac_profile *pack, const char *path)
{
    for (size_t i = 0; i < pack->nmodules; i++) {
        if (strcmp(pack->modules[i].path, path) == 0)
            return pack->modules[i].build_id;
    }
    return "";
}

static struct ac_symbolizer *symbolizer_of(struct session *s, const char *path, const char *id)
{
    char why[AC_PROFILE_WHY_BYTES];
    for (size_t i = 0; i < s->nfiles; i++) {
        if (strcmp(s->files[i].path, path) == 0 && strcmp(s->files[i].id, id) == 0)
            return s->files[i].symbolizer;
    }
    if (s->nfiles == MAX_FILES)
        return NULL;
    struct file *file = &s->files[s->nfiles++];
    file->path = strdup(path);
    snprintf(file->id, sizeof(file->id), "%s", id);
    file->symbolizer =
        ac_symbolizer_open_file(path, id[0] ? id : packed_id(&s->pack, path), s->pack.pack, why);
    if (!file->symbolizer)
        ac_error("not named: addresses in %s: %s", path, why);
    return file->symbolizer;
}

/* The build id that the log names behind an address, or "". */
static void read_id(const char *text, char id[ID_BYTES])
{
    static const char word[] = "BuildId: ";
    size_t at = strcspn(text, "\n");
    const char *found = strstr(text, word);
    id[0] = '\0';
    if (found && found < text + at)
        snprintf(id, ID_BYTES, "%.*s", (int)strspn(found + sizeof(word) - 1, "0123456789abcdef"),
                 found + sizeof(word) - 1);
}

static void put_symbols(const struct ac_symbol *symbols, size_t n, FILE *out)
{
    char text[AC_SYMBOL_NAME_BYTES];
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%s%s", i ? " < " : "", ac_symbol_demangle(symbols[i].name, text));
        if (symbols[i].file[0] != '\0')
            fprintf(out, " (%s:%" PRIu32 ")", symbols[i].file, symbols[i].line);
    }
}

/* Writes the names for the address that was matched; false when it has none. */
static bool put_place(struct session *s, const char *text, const regmatch_t *match, FILE *out)
{
    struct ac_symbol symbols[AC_SYMBOL_MAX_INLINED];
    char id[ID_BYTES];
    regmatch_t path = match[PATH_GROUP];
    char *name = strndup(text + path.rm_so, (size_t)(path.rm_eo - path.rm_so));
    uint64_t offset = strtoull(text + match[OFFSET_GROUP].rm_so, NULL, 16);
    read_id(text + match[0].rm_eo, id);
    struct ac_symbolizer *symbolizer = name ? symbolizer_of(s, name, id) : NULL;
    size_t n = symbolizer ? ac_symbolizer_at(symbolizer, offset, symbols) : 0;
    put_symbols(symbols, n, out);
    free(name);
    return n > 0;
}

static void put_line(struct session *s, const char *line, FILE *out)
{
    regmatch_t match[NGROUPS];
    while (regexec(&s->place, line, NGROUPS, match, 0) == 0) {
        fwrite(line, 1, (size_t)match[0].rm_so, out);
        if (!put_place(s, line, match, out))
            fwrite(line + match[0].rm_so, 1, (size_t)(match[0].rm_eo - match[0].rm_so), out);
        line += match[0].rm_eo;
    }
    fputs(line, out);
}

static bool put_all(struct session *s, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, in) >= 0) {
        put_line(s, line, stdout);
        fflush(stdout);
    }
    free(line);
    return !ferror(in) && !ferror(stdout);
}

static bool load_pack(struct session *s, const char *path)
{
    char why[AC_PROFILE_WHY_BYTES];
    bool ok = ac_profile_load(path, &s->pack, why);
    if (!ok)
        ac_error("%s", why);
    else if (!s->pack.pack)
        ac_error("%s is no pack; `acre pack` makes one of a profile", path);
    return ok && s->pack.pack;
}

int ac_cmd_symbolize(int argc, char **argv)
{
    static struct session session;
    const char *pack = NULL;
    while (ac_flag_next(AC_COMMAND_symbolize, argc, argv) == AC_FLAG_symbolize_pack)
        pack = optarg;
    if (argc - optind > 1) {
        ac_error("symbolize takes one log, or reads its standard input: acre symbolize [--pack FILE] [LOG]");
        return AC_EXIT_USAGE;
    }
    if (pack && !load_pack(&session, pack))
        return AC_EXIT_ENVIRONMENT;
    FILE *in = optind < argc ? fopen(argv[optind], "re") : stdin;
    if (!in) {
        ac_error("cannot read %s: %s", argv[optind], strerror(errno));
        return AC_EXIT_ENVIRONMENT;
    }
    if (regcomp(&session.place, "(/[^][ \t()<>+:]*)(\\+|\\(\\+)(0x[0-9a-f]+)(\\))?", REG_EXTENDED) != 0)
        abort();
    bool ok = put_all(&session, in);
    if (!ok)
        ac_error("could not read or write all of it: %s", strerror(errno));
    for (size_t i = 0; i < session.nfiles; i++) {
        if (session.files[i].symbolizer)
            ac_symbolizer_close(session.files[i].symbolizer);
        free(session.files[i].path);
    }
    ac_profile_free(&session.pack);
    regfree(&session.place);
    if (in != stdin)
        fclose(in);
    return ok ? AC_EXIT_DONE : AC_EXIT_ENVIRONMENT;
}
