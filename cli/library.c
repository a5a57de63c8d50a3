/* SPDX-License-Identifier: MIT
 *
 * library.c -- where libacre-preload.so is, and how LD_PRELOAD and ACRE_CONF are set for a program.
 *
 * The loader splits LD_PRELOAD at spaces and colons and expands `$`, and has no way to quote them. A library
 * whose path has one of these is reached through a symbolic link in a folder of the user's own. The link
 * stays: programs that were left running in the background still need it when they start others.
 */
#include "library.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "conf.h"

static const char file_name[] = "libacre-preload.so";
static const char unquotable[] = " :$\t\n";

static bool beside_command(const char *relative, char out[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length <= 0)
        return false;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    int written = snprintf(out, PATH_MAX, "%s/%s%s", self, relative, file_name);
    return written > 0 && written < PATH_MAX;
}

static bool use(const char *path, const char *origin, struct ac_library *out)
{
    if (!realpath(path, out->path) || !ac_elf_read(out->path, &out->elf))
        return false;
    out->origin = origin;
    return true;
}

/* A library the user named: no search goes on behind it. */
static bool use_named(const char *path, const char *origin, struct ac_library *out)
{
    if (!use(path, origin, out)) {
        ac_error("cannot use the library %s given by %s: %s", path, origin, strerror(errno));
        return false;
    }
    if (!out->elf.is_elf || !out->elf.is_executable) {
        ac_error("%s, given by %s, is not a shared library for this machine; name a libacre-preload.so", path,
                 origin);
        return false;
    }
    return true;
}

bool ac_library_find(const char *asked, struct ac_library *out_library)
{
    const char *named = getenv("ACRE_PRELOAD");
    if (asked)
        return use_named(asked, "--lib", out_library);
    if (named && named[0] != '\0')
        return use_named(named, "ACRE_PRELOAD", out_library);
    char multiarch[128];
    struct utsname machine;
    snprintf(multiarch, sizeof(multiarch), "../lib/%s-linux-gnu/",
             uname(&machine) == 0 ? machine.machine : "");
    const char *const folders[] = {"", "../lib/", "../lib64/", multiarch};
    char path[PATH_MAX] = "";
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (beside_command(folders[i], path) &&
            use(path, i == 0 ? "beside the command" : "installed", out_library))
            return true;
    }
    beside_command("", path);
    ac_error(
        "there is no library at %s, nor in the lib folder beside; build it with `make`, or name one with "
        "--lib or ACRE_PRELOAD",
        path);
    return false;
}

/* FNV-1a, to give every library path a link of its own. */
static uint64_t hash(const char *text)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * 0x100000001b3u;
    return sum;
}

/* A folder that nobody else can write to, made on first use. */
static bool own_folder(const char *base, char out[PATH_MAX])
{
    struct stat info;
    if (!base || base[0] != '/' || strpbrk(base, unquotable))
        return false;
    int written = snprintf(out, PATH_MAX - 64, "%s/acre-%u", base, (unsigned)geteuid());
    if (written <= 0 || written >= PATH_MAX - 64)
        return false;
    if (mkdir(out, 0755) != 0 && errno != EEXIST)
        return false;
    return lstat(out, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
           (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool link_to(const char *path, char out_link[PATH_MAX])
{
    const char *base = strrchr(path, '/') + 1;
    const char *name = strpbrk(base, unquotable) ? file_name : base;
    const char *const bases[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        char folder[PATH_MAX];
        if (!own_folder(bases[i], folder))
            continue;
        snprintf(out_link, PATH_MAX, "%.*s/%016" PRIx64 "-%s", PATH_MAX - 300, folder, hash(path), name);
        if (symlink(path, out_link) == 0)
            return true;
        char present[PATH_MAX];
        ssize_t length = readlink(out_link, present, sizeof(present));
        if (length == (ssize_t)strlen(path) && memcmp(present, path, (size_t)length) == 0)
            return true;
    }
    return false;
}

const char *ac_library_preloadable(const char *path, char link[PATH_MAX])
{
    if (!strpbrk(path, unquotable))
        return path;
    if (link_to(path, link))
        return link;
    ac_error(
        "the loader cannot take the path '%s' (it has a space, a colon or a dollar sign), and no "
        "link to it could be made in XDG_RUNTIME_DIR, TMPDIR or /tmp; move the library",
        path);
    return NULL;
}

bool ac_library_preload(const struct ac_library *library)
{
    char link[PATH_MAX];
    const char *path = ac_library_preloadable(library->path, link);
    if (!path)
        return false;
    const char *others = getenv("LD_PRELOAD");
    char *value;
    if (asprintf(&value, "%s%s%s", path, others && others[0] ? ":" : "", others ? others : "") < 0)
        return false;
    bool done = setenv("LD_PRELOAD", value, 1) == 0;
    free(value);
    return done;
}

bool ac_library_configure(const char *conf, const char *state_path)
{
    const char *present = getenv("ACRE_CONF");
    char *kept = malloc(strlen(present ? present : "") + 1);
    char *value = NULL;
    if (!kept)
        return false;
    ac_conf_without(present ? present : "", "state", kept);
    bool done = asprintf(&value, "%s%s%s%sstate=%s", kept, kept[0] ? "," : "", conf ? conf : "",
                         conf && conf[0] ? "," : "", state_path) >= 0;
    done = done && setenv("ACRE_CONF", value, 1) == 0;
    free(done ? value : NULL);
    free(kept);
    return done;
}
