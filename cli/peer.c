/* SPDX-License-Identifier: MIT
 *
 * peer.c -- the allocators on this machine, and the environment that puts one under a program.
 */
#include "peer.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "library.h"

struct known {
    const char *name;
    const char *file;
    const char *package;
};

static const struct known known[] = {
#define AC_PEER(name, file, package) {#name, file, package},
#include "peer.def"
};
enum { NKNOWN = sizeof(known) / sizeof(known[0]) };

static const char *const folders[] = {
#define AC_PEER_FOLDER(pattern) pattern,
#include "peer.def"
};

/* Writes text with the machine's name for MACHINE. */
static void put_machine(const char *text, char *out, size_t out_bytes)
{
    static const char word[] = "MACHINE";
    struct utsname machine;
    const char *at = strstr(text, word);
    if (!at || uname(&machine) != 0) {
        snprintf(out, out_bytes, "%s", text);
        return;
    }
    snprintf(out, out_bytes, "%.*s%s%s", (int)(at - text), text, machine.machine, at + sizeof(word) - 1);
}

static bool find_file(const char *file, char out_path[PATH_MAX])
{
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char pattern[PATH_MAX];
        char folder[256];
        char name[256];
        put_machine(folders[i], folder, sizeof(folder));
        put_machine(file, name, sizeof(name));
        snprintf(pattern, sizeof(pattern), "%s/%s", folder, name);
        glob_t hits;
        bool found = glob(pattern, 0, NULL, &hits) == 0;
        if (found)
            snprintf(out_path, PATH_MAX, "%s", hits.gl_pathv[hits.gl_pathc - 1]);
        globfree(&hits);
        if (found)
            return true;
    }
    return false;
}

/* One line that a command prints; false when it fails or prints nothing. */
static bool first_line(const char *command, char *out, size_t out_bytes)
{
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return false;
    bool got = fgets(out, (int)out_bytes, pipe) != NULL;
    out[got ? strcspn(out, "\n") : 0] = '\0';
    return pclose(pipe) == 0 && got;
}

/* Debian's package of the library with its version; elsewhere the name of the file behind the links. */
static void set_version(struct ac_peer *peer)
{
    char path[PATH_MAX];
    char owner[256];
    char command[2 * PATH_MAX];
    if (!realpath(peer->library, path))
        return;
    const char *slash = strrchr(path, '/');
    snprintf(peer->version, sizeof(peer->version), "%.*s", AC_PEER_VERSION_BYTES - 1, slash + 1);
    if (strchr(path, '\'') || access("/usr/bin/dpkg-query", X_OK) != 0)
        return;
    const char *without_usr = strncmp(path, "/usr/lib/", 9) == 0 ? path + 4 : path;
    snprintf(command, sizeof(command),
             "dpkg-query -S '%.2000s' 2>/dev/null || dpkg-query -S '%.2000s' 2>/dev/null", path, without_usr);
    if (!first_line(command, owner, sizeof(owner)))
        return;
    owner[strcspn(owner, ":,")] = '\0';
    snprintf(command, sizeof(command), "dpkg-query -W -f '${Package} ${Version}' '%s' 2>/dev/null", owner);
    char version[AC_PEER_VERSION_BYTES];
    if (first_line(command, version, sizeof(version)))
        memcpy(peer->version, version, sizeof(version));
}

void ac_peers_set_versions(struct ac_peers *peers)
{
    for (size_t i = 0; i < peers->nfound; i++) {
        if (peers->found[i].version[0] == '\0')
            set_version(&peers->found[i]);
    }
}

static struct ac_peer *append(struct ac_peers *peers, const char *name, const char *library)
{
    struct ac_peer *peer = &peers->found[peers->nfound++];
    memset(peer, 0, sizeof(*peer));
    snprintf(peer->name, sizeof(peer->name), "%s", name);
    snprintf(peer->library, sizeof(peer->library), "%s", library);
    return peer;
}

static void append_libc(struct ac_peers *peers, const char *name, const char *variable)
{
    struct ac_peer *peer = append(peers, name, "");
    peer->variables[0] = variable;
    snprintf(peer->version, sizeof(peer->version), "glibc %s", gnu_get_libc_version());
}

static void look_for(struct ac_peers *peers, const struct known *first, size_t nrows)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < nrows; i++) {
        if (find_file(first[i].file, path)) {
            append(peers, first->name, path);
            return;
        }
    }
    struct ac_peer *peer = &peers->absent[peers->nabsent++];
    snprintf(peer->name, sizeof(peer->name), "%s", first->name);
    peer->package = first[nrows - 1].package;
}

bool ac_peers_find(struct ac_peers *out)
{
    static struct ac_library library;
    memset(out, 0, sizeof(*out));
    append_libc(out, "glibc", NULL);
    append_libc(out, "glibc-2arenas", "MALLOC_ARENA_MAX=2");
    for (size_t i = 0, end; i < NKNOWN; i = end) {
        for (end = i; end < NKNOWN && strcmp(known[end].name, known[i].name) == 0; end++)
            continue;
        look_for(out, &known[i], end - i);
    }
    if (!ac_library_find(NULL, &library))
        return false;
    snprintf(append(out, "acre", library.path)->version, AC_PEER_VERSION_BYTES, "%s", library.origin);
    return true;
}

static struct ac_peer *find(struct ac_peers *peers, const char *name, size_t length)
{
    for (size_t i = 0; i < peers->nfound; i++) {
        if (strlen(peers->found[i].name) == length && memcmp(peers->found[i].name, name, length) == 0)
            return &peers->found[i];
    }
    return NULL;
}

/* The comma before the next VARIABLE=, or the end. */
static const char *next_variable(const char *text)
{
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    for (; *text != '\0'; text++) {
        size_t length = strspn(text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        if (*text == ',' && text[1] != '\0' && strchr(capitals, text[1]) && text[1 + length] == '=')
            break;
    }
    return text;
}

/* Fills in the variables behind a path; the texts are never freed. */
static bool take_variables(struct ac_peer *peer, const char *item, const char *text)
{
    for (size_t n = 0; *text == ','; n++) {
        const char *end = next_variable(++text);
        if (n == AC_PEER_VARIABLES_MAX) {
            ac_error("--with '%s': %d variables are enough", item, AC_PEER_VARIABLES_MAX);
            return false;
        }
        peer->variables[n] = strndup(text, (size_t)(end - text));
        if (strncmp(text, "LD_PRELOAD=", 11) == 0 || strncmp(text, "LD_DEBUG=", 9) == 0 ||
            strncmp(text, "LD_DEBUG_OUTPUT=", 16) == 0) {
            ac_error("--with '%s': %s is what acre compare itself sets", item, peer->variables[n]);
            return false;
        }
        text = end;
    }
    return true;
}

/* The library that PATH is, or that the allocator of this name has. */
static bool take_library(struct ac_peers *peers, struct ac_peer *peer, const char *item, const char *path)
{
    struct ac_elf elf;
    const struct ac_peer *other = find(peers, path, strlen(path));
    if (other) {
        memcpy(peer->library, other->library, sizeof(peer->library));
        memcpy(peer->version, other->version, sizeof(peer->version));
        return true;
    }
    bool is_there = realpath(path, peer->library) && ac_elf_read(peer->library, &elf);
    if (is_there && elf.is_executable)
        return true;
    ac_error("--with '%s': %s: %s", item, path,
             is_there ? "that file is not a library for this machine" : strerror(errno));
    return false;
}

bool ac_peers_add(struct ac_peers *peers, const char *item)
{
    static struct ac_peer made;
    char path[PATH_MAX];
    size_t length = strcspn(item, "=");
    if (length == 0 || length >= AC_PEER_NAME_BYTES || item[length] == '\0' || strcspn(item, ", ") < length) {
        ac_error(
            "--with '%s': give it as NAME=PATH,VARIABLE=VALUE, the name short and without comma or space",
            item);
        return false;
    }
    const char *end = next_variable(item + length + 1);
    made = (struct ac_peer){0};
    snprintf(made.name, sizeof(made.name), "%.*s", (int)length, item);
    snprintf(path, sizeof(path), "%.*s", (int)(end - item - (ptrdiff_t)length - 1), item + length + 1);
    if (!take_library(peers, &made, item, path) || !take_variables(&made, item, end))
        return false;
    struct ac_peer *peer = find(peers, item, length);
    if (!peer && peers->nfound == AC_PEERS_MAX) {
        ac_error("--with '%s': %d allocators at a time are enough", item, AC_PEERS_MAX);
        return false;
    }
    if (!peer)
        peer = &peers->found[peers->nfound++];
    *peer = made;
    return true;
}

static void say_not_found(const struct ac_peers *peers, const char *name, size_t length)
{
    char names[AC_PEERS_MAX * (AC_PEER_NAME_BYTES + 2)] = "";
    for (size_t i = 0; i < peers->nfound; i++) {
        strcat(names, i > 0 ? ", " : "");
        strcat(names, peers->found[i].name);
    }
    ac_error("there is no allocator '%.*s' here; found are %s. Name another with --with NAME=PATH",
             (int)length, name, names);
}

bool ac_peers_keep(struct ac_peers *peers, const char *names)
{
    static struct ac_peers all;
    all = *peers;
    peers->nfound = 0;
    peers->nabsent = 0;
    for (const char *name = names; *name != '\0'; name += strspn(name, ",")) {
        size_t length = strcspn(name, ",");
        const struct ac_peer *peer = find(&all, name, length);
        if (!peer) {
            say_not_found(&all, name, length);
            return false;
        }
        if (!find(peers, name, length))
            peers->found[peers->nfound++] = *peer;
        name += length;
    }
    return true;
}

const char *ac_peers_libc(void)
{
    static char path[PATH_MAX];
    Dl_info info;
    if (path[0] == '\0' &&
        (!dladdr((void *)(uintptr_t)gnu_get_libc_version, &info) || !realpath(info.dli_fname, path)))
        path[0] = '\0';
    return path;
}

static bool is_named(const char *variable, const char *name)
{
    size_t length = strcspn(name, "=");
    return strncmp(variable, name, length) == 0 && variable[length] == '=';
}

static bool is_replaced(const char *variable, const char *const *others)
{
    for (; *others; others++) {
        if (is_named(variable, *others))
            return true;
    }
    return is_named(variable, "LD_PRELOAD");
}

/* LD_PRELOAD=library:what-was-there, or NULL. */
static char *preload(const char *library)
{
    char link[PATH_MAX];
    const char *others = getenv("LD_PRELOAD");
    char *value = NULL;
    others = others ? others : "";
    if (library[0] != '\0' && !(library = ac_library_preloadable(library, link)))
        return NULL;
    bool both = library[0] != '\0' && others[0] != '\0';
    return asprintf(&value, "LD_PRELOAD=%s%s%s", library, both ? ":" : "", others) < 0 ? NULL : value;
}

char **ac_peer_environment(const char *library, const char *const *variables)
{
    size_t count = 0;
    size_t nvariables = 0;
    while (environ[count])
        count++;
    while (variables[nvariables])
        nvariables++;
    char **out = calloc(count + nvariables + 2, sizeof(*out));
    char *first = preload(library);
    if (!out || !first) {
        free(first);
        free(out);
        return NULL;
    }
    size_t n = 0;
    out[n++] = first;
    for (size_t i = 0; i < nvariables; i++)
        out[n++] = (char *)(uintptr_t)variables[i];
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(environ[i], variables))
            out[n++] = environ[i];
    }
    return out;
}

void ac_peer_environment_free(char **environment)
{
    if (environment)
        free(environment[0]);
    free(environment);
}
