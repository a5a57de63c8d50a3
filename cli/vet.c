/* SPDX-License-Identifier: MIT
 *
 * vet.c -- finds a program the way a shell does and says beforehand whether acre can be put under it.
 *
 * Theory
 * 1 problem    The dynamic loader runs a program without the preloaded library, and without a word, when
 * there is no
 *              loader (static), when it is another one (32-bit, musl) or when the program gains privileges.
 * 2 idea       Read the same bytes as the kernel and the loader, follow #! lines to the file that really
 * runs, and
 *              refuse with the reason. What only the kernel can decide (a format handled by binfmt_misc, a
 *              script loop) is left to execve(2); what only the loader sees shows afterwards in the state
 *              segment.
 * 3 statuses   127 and 126 as shells use them; 125 when the program would run, but not on acre.
 */
#include "vet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cmd.h"

/* As the kernel's: the first bytes of a script that it looks at, and how often a #! may lead to another. */
enum { SCRIPT_LINE_BYTES = 256, SCRIPT_DEPTH_MAX = 5 };

static const char default_path[] = "/bin:/usr/bin";

struct walk {
    const char *program; /* as the user wrote it                */
    const struct ac_elf *library;
    struct ac_vet *vet;
    int depth;
};

static bool judge_file(struct walk *walk, const char *path);

__attribute__((format(printf, 3, 4))) static bool refuse(struct ac_vet *vet, int status, const char *format,
                                                         ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(vet->message, sizeof(vet->message), format, args);
    va_end(args);
    vet->status = status;
    return false;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_runnable(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* Looks for name in the folders of PATH. False with errno EACCES when only files that cannot be executed
 * were found, ENOENT when none. An empty folder name is the current one, as in execvp(3). */
static bool find_in_path(const char *name, char out_path[PATH_MAX])
{
    const char *folders = getenv("PATH");
    if (!folders)
        folders = default_path;
    int reason = ENOENT;
    for (;;) {
        size_t length = strcspn(folders, ":");
        int written =
            snprintf(out_path, PATH_MAX, "%.*s%s%s", (int)length, folders, length ? "/" : "./", name);
        bool fits = written > 0 && written < PATH_MAX;
        if (fits && is_runnable(out_path))
            return true;
        if (fits && access(out_path, F_OK) == 0)
            reason = EACCES;
        if (folders[length] == '\0')
            break;
        folders += length + 1;
    }
    errno = reason;
    return false;
}

static bool find_program(struct walk *walk)
{
    struct ac_vet *vet = walk->vet;
    if (strchr(walk->program, '/')) {
        if (strlen(walk->program) >= PATH_MAX)
            return refuse(vet, AC_EXIT_NOT_FOUND, "the path of the program is longer than %d bytes",
                          PATH_MAX - 1);
        strcpy(vet->path, walk->program);
        return true;
    }
    if (walk->program[0] != '\0' && find_in_path(walk->program, vet->path))
        return true;
    if (walk->program[0] != '\0' && errno == EACCES)
        return refuse(vet, AC_EXIT_NOT_EXECUTABLE,
                      "%s is in a folder of PATH but is not an executable file; "
                      "give its path or `chmod +x` it",
                      walk->program);
    const char *folders = getenv("PATH");
    return refuse(vet, AC_EXIT_NOT_FOUND,
                  "'%s' was not found in PATH (%s); check the spelling or give its path", walk->program,
                  folders ? folders : "not set");
}

/* Whether the kernel would start this file with AT_SECURE, so that the loader ignores LD_PRELOAD. */
static const char *privilege_gained(const char *path)
{
    struct stat info;
    struct statvfs mount;
    if (stat(path, &info) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return NULL;
    if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID))
        return NULL;
    bool set_gid = (info.st_mode & S_ISGID) && (info.st_mode & S_IXGRP);
    if ((info.st_mode & S_ISUID) && info.st_uid != getuid())
        return "set-user-ID";
    if (set_gid && info.st_gid != getgid())
        return "set-group-ID";
    if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
        return "given file capabilities";
    return NULL;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat info_a;
    struct stat info_b;
    return stat(a, &info_a) == 0 && stat(b, &info_b) == 0 && info_a.st_dev == info_b.st_dev &&
           info_a.st_ino == info_b.st_ino;
}

static bool judge_loader(struct walk *walk, const char *path)
{
    struct ac_vet *vet = walk->vet;
    const char *loader = vet->elf.loader;
    struct ac_elf self;
    if (!ac_elf_read("/proc/self/exe", &self))
        self.loader[0] = '\0';
    if (loader[0] == '\0' && is_same_file(path, self.loader))
        return true;
    if (loader[0] == '\0')
        return refuse(
            vet, AC_EXIT_OWN_FAILURE, "%s is statically linked%s, so no library can be put under it; %s",
            path, vet->elf.is_go ? " (a Go program, with an allocator of its own)" : "",
            vet->elf.is_go ? "run it without acre" : "link it with acre.o or libacre.a, see acre(7)");
    if (access(loader, F_OK) != 0)
        return refuse(vet, AC_EXIT_NOT_FOUND,
                      "%s needs the loader %s, which does not exist; install the C library it "
                      "was built for",
                      path, loader);
    if (self.loader[0] != '\0' && strcmp(base_name(loader), base_name(self.loader)) != 0)
        return refuse(vet, AC_EXIT_OWN_FAILURE,
                      "%s uses another C library (its loader is %s, acre's is %s); build acre "
                      "with that C library to run it",
                      path, loader, self.loader);
    return true;
}

static bool judge_elf(struct walk *walk, const char *path)
{
    struct ac_vet *vet = walk->vet;
    const struct ac_elf *elf = &vet->elf;
    if (elf->class_id != walk->library->class_id || elf->machine != walk->library->machine)
        return refuse(vet, AC_EXIT_OWN_FAILURE,
                      "%s is a program for %s and this acre is for %s; build acre for that "
                      "machine to run it",
                      path, ac_elf_machine_name(elf), ac_elf_machine_name(walk->library));
    const char *privilege = privilege_gained(path);
    if (privilege)
        return refuse(vet, AC_EXIT_OWN_FAILURE,
                      "%s is %s, and the loader ignores preloaded libraries when privileges "
                      "are gained; run it as its owner or from a copy without them",
                      path, privilege);
    if (!elf->is_executable)
        return true;
    if (!judge_loader(walk, path))
        return false;
    if (elf->sanitizer[0] != '\0')
        return refuse(vet, AC_EXIT_OWN_FAILURE,
                      "%s is built with a sanitizer (%s), which must serve malloc itself; run a "
                      "build without it",
                      path, elf->sanitizer);
    return true;
}

/* The program that `#!/usr/bin/env ...` will look for, or NULL. Cuts the argument. */
static char *word_for_env(char *argument)
{
    char *rest = NULL;
    for (char *word = strtok_r(argument, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (word[0] == '-' && word[1] == 'S' && word[2] != '\0')
            return word + 2;
        if (word[0] != '-' && !strchr(word, '='))
            return word;
    }
    return NULL;
}

static bool judge_script(struct walk *walk, const char *path, char *line)
{
    struct ac_vet *vet = walk->vet;
    char *interpreter = line + 2 + strspn(line + 2, " \t");
    char *argument = interpreter + strcspn(interpreter, " \t");
    if (*argument != '\0')
        *argument++ = '\0';
    if (*interpreter == '\0' || ++walk->depth > SCRIPT_DEPTH_MAX)
        return true;
    struct stat info;
    if (stat(interpreter, &info) != 0 && errno == ENOENT) {
        bool carriage_return = interpreter[strlen(interpreter) - 1] == '\r';
        interpreter[strcspn(interpreter, "\r")] = '\0';
        return refuse(vet, AC_EXIT_NOT_FOUND,
                      "the script %s asks for the interpreter '%s%s', which does not exist; %s", path,
                      interpreter, carriage_return ? "\\r" : "",
                      carriage_return ? "remove the carriage returns from its line ends"
                                      : "install it or correct the first line");
    }
    if (!judge_file(walk, interpreter))
        return false;
    char by_env[PATH_MAX];
    char *word = strcmp(base_name(interpreter), "env") == 0 ? word_for_env(argument) : NULL;
    if (!word)
        return true;
    if (strchr(word, '/'))
        return access(word, F_OK) != 0 || judge_file(walk, word);
    return !find_in_path(word, by_env) || judge_file(walk, by_env);
}

/* The first line of a file, without its end. False when it cannot be read, which does not keep it from
 * running. */
static bool read_line(const char *path, char line[SCRIPT_LINE_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, line, SCRIPT_LINE_BYTES - 1);
    close(fd);
    line[length > 0 ? length : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return length > 0;
}

static bool judge_file(struct walk *walk, const char *path)
{
    struct ac_vet *vet = walk->vet;
    struct stat info;
    char line[SCRIPT_LINE_BYTES];
    if (stat(path, &info) != 0)
        return refuse(vet, errno == ENOENT || errno == ENOTDIR ? AC_EXIT_NOT_FOUND : AC_EXIT_NOT_EXECUTABLE,
                      "cannot run %s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return refuse(vet, AC_EXIT_NOT_EXECUTABLE, "%s is a folder, not a program", path);
    if (!S_ISREG(info.st_mode))
        return refuse(vet, AC_EXIT_NOT_EXECUTABLE, "%s is not a regular file, so it cannot be executed",
                      path);
    if (!is_runnable(path))
        return refuse(vet, AC_EXIT_NOT_EXECUTABLE,
                      "%s is not executable for you; `chmod +x` it, or give it to its "
                      "interpreter: acre run -- INTERPRETER %s",
                      path, path);
    if (read_line(path, line) && line[0] == '#' && line[1] == '!')
        return judge_script(walk, path, line);
    snprintf(vet->target, sizeof(vet->target), "%s", path);
    if (!ac_elf_read(path, &vet->elf) || !vet->elf.is_elf)
        return true;
    return judge_elf(walk, path);
}

void ac_vet_program(const char *program, const struct ac_elf *library, struct ac_vet *out_vet)
{
    struct walk walk = {program, library, out_vet, 0};
    memset(out_vet, 0, sizeof(*out_vet));
    if (find_program(&walk))
        judge_file(&walk, out_vet->path);
}
