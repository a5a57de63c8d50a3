/* SPDX-License-Identifier: MIT
 *
 * What a trivial program pays for running on the library: at most 64 MiB of address space and 300 KiB of
 * resident memory more than on libc's malloc. The program measures itself, run with and without the
 * preload; the least of 40, since what the system maps of a file besides the pages asked for comes on top
 * and varies.
 */
#include "life/life.h"

enum { RUNS = 40, EXTRA_VM_KIB = 64 * 1024, EXTRA_RSS_KIB = 300 };

struct cost {
    size_t vm_kib;
    size_t rss_kib;
};

static struct cost run_once(const char *self, const char *preload)
{
    int ends[2];
    struct cost cost = {0, 0};
    CHECK_EQ(pipe(ends), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        if (preload == NULL)
            unsetenv("LD_PRELOAD");
        else
            setenv("LD_PRELOAD", preload, 1);
        execl(self, self, "report", (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    CHECK_EQ(read(ends[0], &cost, sizeof cost), sizeof cost);
    close(ends[0]);
    life_reap(pid);
    return cost;
}

static int compare(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static struct cost least(const char *self, const char *preload)
{
    size_t vm[RUNS], rss[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        struct cost cost = run_once(self, preload);
        vm[i] = cost.vm_kib;
        rss[i] = cost.rss_kib;
    }
    qsort(vm, RUNS, sizeof *vm, compare);
    qsort(rss, RUNS, sizeof *rss, compare);
    return (struct cost){vm[0], rss[0]};
}

static int report(void)
{
    free(check_escape(malloc(100)));
    struct cost cost = {life_vm_kib(), life_rss_kib()};
    return write(STDOUT_FILENO, &cost, sizeof cost) == sizeof cost ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "report") == 0)
        return report();
    const char *preload = getenv("ACRE_TEST_PRELOAD");
    CHECK(preload != NULL);
    struct cost libc = least("/proc/self/exe", NULL), acre = least("/proc/self/exe", preload);
    (void)argv;
    check_note("libc: %zu KiB mapped, %zu KiB resident; acre: %zu and %zu", libc.vm_kib, libc.rss_kib,
               acre.vm_kib, acre.rss_kib);
    CHECK_LE(libc.vm_kib, acre.vm_kib); /* else the preload did not take */
    life_bound("address space over libc at start", acre.vm_kib - libc.vm_kib, EXTRA_VM_KIB, "KiB");
    life_bound("resident memory over libc at start",
               acre.rss_kib > libc.rss_kib ? acre.rss_kib - libc.rss_kib : 0, EXTRA_RSS_KIB, "KiB");
    return 0;
}
