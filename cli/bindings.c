/* SPDX-License-Identifier: MIT
 *
 * bindings.c -- which library the dynamic loader bound a program's calls of malloc to.
 *
 * A line of the log is
 *     4242:  binding file FROM [0] to TO [0]: normal symbol `malloc' [GLIBC_2.2.5]
 * An allocator's own libraries bind to each other, and the loader to whom it likes: neither tells about the
 * program. A name bound to the program itself is its jump table, which is bound on another line; a malloc of
 * its own leaves no other.
 */
#include "bindings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct binding {
    char *from;
    char *to;
    char *symbol;
};

bool ac_bindings_begin(struct ac_bindings *out)
{
    const char *base = getenv("TMPDIR");
    int written =
        snprintf(out->folder, sizeof(out->folder), "%s/acre-compare-XXXXXX", base && base[0] ? base : "/tmp");
    if (written <= 0 || (size_t)written > sizeof(out->folder) - 64) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(out->variable, sizeof(out->variable), "%s", "");
    if (!mkdtemp(out->folder))
        return false;
    return snprintf(out->variable, sizeof(out->variable), "LD_DEBUG_OUTPUT=%.*s/log", PATH_MAX - 64,
                    out->folder) > 0;
}

/* Cuts text before `end` and returns what follows that, or NULL. */
static char *cut(char *text, const char *end)
{
    char *at = text ? strstr(text, end) : NULL;
    if (!at)
        return NULL;
    *at = '\0';
    return at + strlen(end);
}

static bool parse(char *line, struct binding *out)
{
    static const char *const symbols[] = {"malloc", "calloc", "realloc", "free"};
    out->from = cut(line, "binding file ");
    char *rest = cut(out->from, " [");
    out->to = rest ? cut(rest, "] to ") : NULL;
    rest = cut(out->to, " [");
    out->symbol = rest ? cut(rest, "normal symbol `") : NULL;
    if (!out->symbol || !cut(out->symbol, "'"))
        return false;
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (strcmp(out->symbol, symbols[i]) == 0)
            return true;
    }
    return false;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* libtbbmalloc_proxy.so.2 and libtbbmalloc.so.2 are of one family: the letters that the names begin with. */
static bool same_family(const char *a, const char *b)
{
    size_t length = strspn(a, "abcdefghijklmnopqrstuvwxyz");
    return length > 0 && length == strspn(b, "abcdefghijklmnopqrstuvwxyz") && strncmp(a, b, length) == 0;
}

static void judge(const struct binding *binding, const char *library, struct ac_served *out)
{
    char to[PATH_MAX];
    const char *from = base_name(binding->from);
    if (same_family(from, base_name(library)) || same_family(from, "ld"))
        return;
    if (!realpath(binding->to, to))
        snprintf(to, sizeof(to), "%s", binding->to);
    if (strcmp(to, library) == 0) {
        out->nbound++;
        return;
    }
    if (!strstr(base_name(to), ".so"))
        return;
    if (out->nelsewhere++ == 0)
        snprintf(out->stray, sizeof(out->stray), "%s of %.80s is %.80s's", binding->symbol, from,
                 base_name(to));
}

static void read_log(const char *path, const char *library, struct ac_served *out)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file)
        return;
    while (getline(&line, &room, file) >= 0) {
        struct binding binding;
        if (parse(line, &binding))
            judge(&binding, library, out);
    }
    free(line);
    fclose(file);
}

void ac_bindings_end(struct ac_bindings *bindings, const char *library, struct ac_served *out)
{
    char wanted[PATH_MAX];
    memset(out, 0, sizeof(*out));
    if (!realpath(library, wanted))
        snprintf(wanted, sizeof(wanted), "%s", library);
    DIR *folder = opendir(bindings->folder);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[PATH_MAX + 300];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", bindings->folder, entry->d_name);
        read_log(path, wanted, out);
        unlink(path);
    }
    if (folder)
        closedir(folder);
    rmdir(bindings->folder);
}
