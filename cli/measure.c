/* SPDX-License-Identifier: MIT
 *
 * measure.c -- one run of a program, with all its descendants, and what it cost.
 *
 * Theory
 * 1 problem    What a run costs is known to the kernel when its processes have ended (rusage), but for
 *              resident memory over time and the sum over several processes; and a server ends only when it
 *              is told to.
 * 2 idea       One loop that wakes for every signal and every 5 ms at least, looks at the tree, and moves a
 *              server through its phases: starting (--until, again and again), loaded (--load), stopping
 *              (SIGTERM). The peak of one process is the kernel's exact one; that of the sum is as of the
 *              looks, and not less than the former.
 */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "segment.h"
#include "tree.h"

const struct ac_metric_row ac_metrics[AC_NMETRICS] = {
    [AC_METRIC_WALL] = {"wall_s", "wall time", "s", 1, 3, "faster", "slower"},
    [AC_METRIC_LOAD] = {"load_s", "time of the load", "s", 1, 3, "faster", "slower"},
    [AC_METRIC_CPU] = {"cpu_s", "processor time", "s", 1, 3, "less", "more"},
    [AC_METRIC_USER] = {"user_s", "user time", "s", 1, 3, "less", "more"},
    [AC_METRIC_SYSTEM] = {"system_s", "system time", "s", 1, 3, "less", "more"},
    [AC_METRIC_PEAK] = {"peak_bytes", "peak memory", "MiB", 1 << 20, 1, "smaller", "bigger"},
    [AC_METRIC_SUM] = {"sum_peak_bytes", "peak memory of all processes", "MiB", 1 << 20, 1, "smaller",
                       "bigger"},
    [AC_METRIC_INTEGRAL] = {"rss_byte_s", "memory over time", "MiB s", 1 << 20, 1, "less", "more"},
    [AC_METRIC_FAULTS] = {"faults", "page faults", "", 1, 0, "fewer", "more"},
    [AC_METRIC_SWITCHES] = {"switches", "context switches", "", 1, 0, "fewer", "more"},
};

enum {
    LOOK_INTERVAL_NS = 5000000,
    FIRST_INTERVAL_NS = 200000, /* at first a tenth of what has passed: short programs are seen too */
    SERIES_STEP_NS = 1000000,
    RETRY_NS = 20000000, /* between two tries of --until */
};
#define READY_LIMIT_NS 60000000000u
#define STOP_LIMIT_NS 10000000000u
#define KILL_AGAIN_NS 200000000u

enum phase { RUNNING, STARTING, LOADED, STOPPING, KILLED };

struct run {
    const struct ac_launch *launch;
    struct ac_cost *cost;
    struct ac_tree tree;
    enum phase phase;
    pid_t program;
    pid_t helper; /* --until or --load, when one is running */
    bool program_ended;
    int output;
    int errors;
    uint64_t start_ns;
    uint64_t looked_ns;
    uint64_t phase_ns; /* when the phase, or its last try, began  */
    uint64_t kib;      /* resident when it was last looked at     */
    uint64_t peak_kib;
};

static sigset_t taken;
static sigset_t mask_before;
static struct sigaction chld_before;
static bool interrupted;

bool ac_measure_interrupted(void)
{
    return interrupted;
}

static void fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first reason counts. */
static void fail(struct run *run, const char *format, ...)
{
    if (run->cost->why[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(run->cost->why, sizeof(run->cost->why), format, args);
    va_end(args);
}

/* Files that vanish with their descriptor: for a program's output, which may be long. */
static int scratch_file(void)
{
    const char *folder = getenv("TMPDIR");
    int fd = open(folder && folder[0] ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return ac_fd_above_streams(fd >= 0 ? fd : memfd_create("acre-compare", MFD_CLOEXEC));
}

static int open_input(const struct ac_launch *launch)
{
    char path[64];
    if (launch->input_fd < 0)
        return ac_fd_above_streams(open("/dev/null", O_RDONLY | O_CLOEXEC));
    /* Opened anew, so that no run moves another's place in the file. */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", launch->input_fd);
    int fd = ac_fd_above_streams(open(path, O_RDONLY | O_CLOEXEC));
    if (fd >= 0)
        lseek(fd, launch->input_offset, SEEK_SET);
    return fd;
}

static void become_child(int input, int output, int errors)
{
    sigaction(SIGCHLD, &chld_before, NULL);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing may go on when acre is killed */
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
}

static bool start_program(struct run *run)
{
    const struct ac_launch *launch = run->launch;
    int input = open_input(launch);
    run->start_ns = ac_now_ns();
    run->program = fork();
    if (run->program == 0) {
        become_child(input, run->output, run->errors);
        execve(launch->path, launch->argv, launch->environment);
        dprintf(STDERR_FILENO, "%s could not be started: %s\n", launch->path, strerror(errno));
        _exit(AC_EXIT_NOT_EXECUTABLE);
    }
    close(input);
    if (run->program < 0)
        fail(run, "no process could be made: %s", strerror(errno));
    else
        ac_tree_add(&run->tree, run->program);
    return run->program > 0;
}

/* Starts --until or --load, in the environment of the command itself: on no allocator but its own. */
static void start_helper(struct run *run, const char *command)
{
    int null = ac_fd_above_streams(open("/dev/null", O_RDWR | O_CLOEXEC));
    int words = run->phase == LOADED ? run->errors : null;
    run->helper = fork();
    if (run->helper == 0) {
        become_child(null, null, words);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(AC_EXIT_NOT_FOUND);
    }
    close(null);
    run->tree.stranger = run->helper;
    if (run->helper < 0) {
        run->helper = 0;
        fail(run, "no process could be made: %s", strerror(errno));
    }
}

static void enter(struct run *run, enum phase phase)
{
    run->phase = phase;
    run->phase_ns = ac_now_ns();
    if (phase == LOADED && run->launch->load)
        start_helper(run, run->launch->load);
    else if (phase == LOADED)
        enter(run, STOPPING);
    else if (phase == STOPPING && !run->program_ended)
        kill(run->program, SIGTERM);
    else if (phase == STOPPING)
        run->cost->nleft = ac_tree_signal(&run->tree, SIGTERM);
    else if (phase == KILLED)
        ac_tree_signal(&run->tree, SIGKILL);
}

/* One that put itself into the background counts until its last process has ended. */
static bool is_server(const struct ac_launch *launch)
{
    return launch->until || launch->load;
}

static int exit_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? AC_EXIT_SIGNAL_BASE + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static void helper_ended(struct run *run, int status)
{
    run->helper = 0;
    run->tree.stranger = 0;
    if (run->phase == STARTING && status == 0) {
        enter(run, LOADED);
    } else if (run->phase == LOADED) {
        run->cost->values[AC_METRIC_LOAD] = (double)(ac_now_ns() - run->phase_ns) / 1e9;
        if (status != 0)
            fail(run, "--load ended with status %d", status);
        enter(run, STOPPING);
    }
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void add_usage(struct ac_cost *cost, const struct rusage *usage)
{
    double peak = (double)usage->ru_maxrss * 1024;
    cost->values[AC_METRIC_USER] += seconds(usage->ru_utime);
    cost->values[AC_METRIC_SYSTEM] += seconds(usage->ru_stime);
    cost->values[AC_METRIC_FAULTS] += (double)(usage->ru_minflt + usage->ru_majflt);
    cost->values[AC_METRIC_SWITCHES] += (double)(usage->ru_nvcsw + usage->ru_nivcsw);
    if (peak > cost->values[AC_METRIC_PEAK])
        cost->values[AC_METRIC_PEAK] = peak;
}

static void program_ended(struct run *run, int status)
{
    run->program_ended = true;
    run->cost->status = status;
    run->cost->values[AC_METRIC_WALL] = (double)(ac_now_ns() - run->start_ns) / 1e9;
    run->tree.next_walk_ns = 0; /* has it left something in the background? */
    if (run->phase == RUNNING)
        enter(run, STOPPING);
}

/* Takes note of every child that has ended. False when none is left. */
static bool reap(struct run *run)
{
    for (;;) {
        int wait_status;
        struct rusage usage;
        pid_t pid = wait4(-1, &wait_status, WNOHANG, &usage);
        if (pid <= 0)
            return pid == 0;
        if (pid == run->helper) {
            helper_ended(run, exit_status(wait_status));
            continue;
        }
        add_usage(run->cost, &usage);
        if (pid == run->program)
            program_ended(run, exit_status(wait_status));
        else if (run->program_ended && is_server(run->launch))
            run->cost->values[AC_METRIC_WALL] = (double)(ac_now_ns() - run->start_ns) / 1e9;
    }
}

static void add_point(struct ac_series *series, uint64_t at_ns, uint64_t kib)
{
    size_t i = (size_t)(at_ns / series->step_ns);
    while (i >= AC_SERIES_POINTS) {
        for (size_t j = 0; j < AC_SERIES_POINTS / 2; j++) {
            uint32_t a = series->kib[2 * j];
            uint32_t b = 2 * j + 1 < series->npoints ? series->kib[2 * j + 1] : 0;
            series->kib[j] = a > b ? a : b;
        }
        series->npoints = (series->npoints + 1) / 2;
        series->step_ns *= 2;
        i = (size_t)(at_ns / series->step_ns);
    }
    uint32_t before = series->npoints > 0 ? series->kib[series->npoints - 1] : 0;
    for (; series->npoints <= i; series->npoints++)
        series->kib[series->npoints] = series->npoints < i ? before : 0;
    if (kib > series->kib[i])
        series->kib[i] = (uint32_t)kib;
}

static void look(struct run *run)
{
    uint64_t now_ns = ac_now_ns();
    run->cost->values[AC_METRIC_INTEGRAL] +=
        (double)run->kib * 1024 * (double)(now_ns - run->looked_ns) / 1e9;
    run->kib = ac_tree_resident(&run->tree, now_ns) / 1024;
    run->looked_ns = now_ns;
    if (run->kib > run->peak_kib)
        run->peak_kib = run->kib;
    if (run->kib > 0)
        add_point(&run->cost->series, now_ns - run->start_ns, run->kib);
}

/* A server of which nothing is left will not get any further. */
static void check_gone(struct run *run)
{
    bool is_awaited = run->phase == STARTING || run->phase == LOADED;
    if (!is_awaited || !run->program_ended || run->kib > 0)
        return;
    fail(run, "the server ended with status %d before %s", run->cost->status,
         run->phase == STARTING ? "it was ready" : "its load was done");
    if (run->helper)
        kill(run->helper, SIGKILL);
    enter(run, STOPPING);
}

/* Phases that last too long, and the next try of --until. */
static void check_time(struct run *run)
{
    uint64_t now_ns = ac_now_ns();
    if (run->phase == STARTING && now_ns - run->start_ns > READY_LIMIT_NS) {
        fail(run, "not ready after 60 s, by --until '%s'", run->launch->until);
        if (run->helper)
            kill(run->helper, SIGKILL);
        enter(run, STOPPING);
    } else if (run->phase == STARTING && !run->helper && now_ns - run->phase_ns > RETRY_NS) {
        run->phase_ns = now_ns;
        start_helper(run, run->launch->until);
    } else if (run->phase == STOPPING && now_ns - run->phase_ns > STOP_LIMIT_NS) {
        if (!run->program_ended)
            fail(run, "still there 10 s after SIGTERM");
        enter(run, KILLED);
    } else if (run->phase == KILLED && now_ns - run->phase_ns > KILL_AGAIN_NS) {
        enter(run, KILLED); /* one may have been forked meanwhile */
    }
}

static void obey(struct run *run, const siginfo_t *signal)
{
    if (signal->si_signo == SIGCHLD)
        return;
    /* The second time, or when the program would not see the first (the terminal sends to all). */
    if (interrupted)
        enter(run, KILLED);
    else if (signal->si_code <= 0 || run->phase != RUNNING)
        enter(run, STOPPING);
    if (run->helper)
        kill(run->helper, SIGTERM);
    interrupted = true;
}

static long interval_ns(const struct run *run)
{
    uint64_t tenth_ns = (ac_now_ns() - run->start_ns) / 10;
    if (tenth_ns < FIRST_INTERVAL_NS)
        return FIRST_INTERVAL_NS;
    return tenth_ns < LOOK_INTERVAL_NS ? (long)tenth_ns : LOOK_INTERVAL_NS;
}

static void follow(struct run *run)
{
    while (reap(run)) {
        const struct timespec interval = {0, interval_ns(run)};
        siginfo_t signal;
        if (sigtimedwait(&taken, &signal, &interval) > 0)
            obey(run, &signal);
        look(run);
        check_gone(run);
        check_time(run);
    }
    run->kib = 0;
    check_gone(run);
}

/* FNV-1a. */
static void hash_output(struct run *run)
{
    static unsigned char bytes[1 << 16];
    uint64_t sum = 0xcbf29ce484222325u;
    ssize_t length;
    lseek(run->output, 0, SEEK_SET);
    while ((length = read(run->output, bytes, sizeof(bytes))) > 0) {
        run->cost->output_bytes += (uint64_t)length;
        for (ssize_t i = 0; i < length; i++)
            sum = (sum ^ bytes[i]) * 0x100000001b3u;
    }
    run->cost->output_hash = sum;
}

/* The end of what went to standard error, behind the reason why a run does not count. */
static void add_last_words(struct run *run)
{
    char words[160];
    size_t used = strlen(run->cost->why);
    off_t size = lseek(run->errors, 0, SEEK_END);
    off_t from = size > (off_t)sizeof(words) - 1 ? size - (off_t)sizeof(words) + 1 : 0;
    ssize_t length = pread(run->errors, words, sizeof(words) - 1, from);
    while (length > 0 && words[length - 1] == '\n')
        length--;
    for (ssize_t i = 0; i < length; i++)
        words[i] = (unsigned char)words[i] < ' ' ? ' ' : words[i];
    if (length > 0)
        snprintf(run->cost->why + used, sizeof(run->cost->why) - used, "%s%.*s",
                 used ? "; its last words: " : "", (int)length, words);
}

void ac_measure_begin(void)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigemptyset(&taken);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&taken, numbers[i]);
    /* Were SIGCHLD ignored, as our starter may have left it, every status would be lost. */
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &by_default, &chld_before);
    sigprocmask(SIG_BLOCK, &taken, &mask_before);
}

void ac_measure_end(void)
{
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
    sigaction(SIGCHLD, &chld_before, NULL);
}

static void finish(struct run *run)
{
    struct ac_cost *cost = run->cost;
    double *values = cost->values;
    hash_output(run);
    values[AC_METRIC_CPU] = values[AC_METRIC_USER] + values[AC_METRIC_SYSTEM];
    double sum = (double)run->peak_kib * 1024;
    values[AC_METRIC_SUM] = sum > values[AC_METRIC_PEAK] ? sum : values[AC_METRIC_PEAK];
    if (cost->why[0] != '\0' || cost->status != 0)
        add_last_words(run);
}

bool ac_measure(const struct ac_launch *launch, struct ac_cost *out_cost)
{
    struct run run = {.launch = launch, .cost = out_cost, .output = scratch_file(), .errors = scratch_file()};
    memset(out_cost, 0, sizeof(*out_cost));
    out_cost->series.step_ns = SERIES_STEP_NS;
    if (run.output < 0 || run.errors < 0)
        fail(&run, "no file for its output could be made in TMPDIR or /tmp: %s", strerror(errno));
    ac_tree_begin(&run.tree);
    if (out_cost->why[0] == '\0' && start_program(&run)) {
        run.looked_ns = run.start_ns;
        run.phase = launch->until ? STARTING : RUNNING;
        if (!launch->until && launch->load)
            enter(&run, LOADED);
        follow(&run);
    }
    bool counts = out_cost->why[0] == '\0';
    finish(&run);
    ac_tree_end(&run.tree);
    close(run.output);
    close(run.errors);
    return counts;
}
