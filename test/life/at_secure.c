/* SPDX-License-Identifier: MIT
 *
 * A set-uid program must not take orders from the environment: with AT_SECURE set, ACRE_CONF is ignored,
 * its options and the state file alike. The library is linked into the program, because the loader drops
 * LD_PRELOAD by itself.
 */
#include "life/life.h"

#include <acre/acre.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { ORDERED_DECAY_MS = 123, NOBODY = 65534 };

static char folder[4096];

static void path_in_folder(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/life.at_secure.%d.%s", folder, (int)getpid(), name);
}

static int report(void)
{
    size_t decay_ms = 0;
    free(check_escape(malloc(100)));
    CHECK_EQ(acre_option_get("decay_ms", &decay_ms), 0);
    check_note("AT_SECURE %lu, decay_ms %zu", getauxval(AT_SECURE), decay_ms);
    return getauxval(AT_SECURE) != 0 ? decay_ms == ORDERED_DECAY_MS : 10 + (decay_ms != ORDERED_DECAY_MS);
}

/* Runs the program file with orders in the environment; returns its exit status. */
static int run_ordered(const char *program, const char *state)
{
    char orders[4500];
    snprintf(orders, sizeof orders, "decay_ms=%d,state=%s", ORDERED_DECAY_MS, state);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        setenv("ACRE_CONF", orders, 1);
        execl(program, program, "report", (char *)NULL);
        _exit(126);
    }
    int status = 0;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void make_setuid_copy(const char *path)
{
    struct stat status;
    int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    CHECK(in >= 0 && out >= 0);
    CHECK_EQ(fstat(in, &status), 0);
    CHECK_EQ(sendfile(out, in, NULL, (size_t)status.st_size), status.st_size);
    CHECK_EQ(fchown(out, NOBODY, NOBODY), 0);
    CHECK_EQ(fchmod(out, 04755), 0);
    close(in);
    close(out);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "report") == 0)
        return report();
    (void)argv;
    if (geteuid() != 0)
        check_skip("not root: a set-uid program cannot be made, AT_SECURE is NOT tested here");
    /* Not the build folder: the other user may have no way into it. */
    snprintf(folder, sizeof folder, "%s", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    char copy[4200], state[4200];
    struct stat status;
    path_in_folder(copy, sizeof copy, "program");
    path_in_folder(state, sizeof state, "state");
    close(open(state, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    CHECK_EQ(chmod(state, 0666), 0);
    make_setuid_copy(copy);
    int secure = run_ordered(copy, state);
    CHECK_EQ(stat(state, &status), 0);
    off_t written = status.st_size;
    int plain = run_ordered("/proc/self/exe", state);
    unlink(copy);
    unlink(state);
    CHECK_EQ(plain, 10); /* without AT_SECURE the orders are followed, so the test can tell */
    if (secure >= 10)
        check_skip("the file system in %s ignores set-uid; AT_SECURE is NOT tested here", folder);
    CHECK_EQ(secure, 0);
    CHECK_EQ(written, 0);
    return 0;
}
