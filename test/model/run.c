/* SPDX-License-Identifier: MIT
 *
 * run.c -- see run.h.
 */
#include "run.h"

#include "perform.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHORT_STEPS = 2000 };

struct job {
    const struct run *run;
    struct worker worker;
    uint64_t from; /* operations [from, to) when the run has no list */
    uint64_t to;
};

void *run_map(size_t bytes, bool shared)
{
    int flags = MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) {
        perror("model: cannot map memory for the books; run it with fewer --ops or --slots");
        exit(2);
    }
    return memory;
}

static void do_steps(struct job *job)
{
    const struct run *run = job->run;
    unsigned mine = job->worker.thread;
    for (size_t i = 0; i < run->nsteps; i++) {
        if (!run->merged && run->steps[i].thread != mine)
            continue;
        job->worker.thread = run->steps[i].thread;
        job->worker.index = run->steps[i].index;
        perform(&job->worker);
    }
    job->worker.thread = mine;
}

static void *do_job(void *argument)
{
    struct job *job = argument;
    if (job->run->steps)
        do_steps(job);
    for (uint64_t i = job->from; i < job->to; i++) {
        job->worker.index = i;
        perform(&job->worker);
    }
    return NULL;
}

static void do_round(struct job *jobs, unsigned nthreads)
{
    pthread_t threads[THREADS_MAX];
    for (unsigned i = 1; i < nthreads; i++)
        if (pthread_create(&threads[i], NULL, do_job, &jobs[i]) != 0)
            world_fail(&jobs[i].worker, "cannot start a thread");
    do_job(&jobs[0]);
    for (unsigned i = 1; i < nthreads; i++)
        pthread_join(threads[i], NULL);
}

/* Thread 0 is the calling thread in even rounds and a new one in odd ones, so that its blocks change hands
 * as well. */
static void *do_round_in_thread(void *argument)
{
    struct job *jobs = argument;
    do_round(jobs, jobs[0].run->merged ? 1 : jobs[0].run->plan.nthreads);
    return NULL;
}

static void do_rounds(struct job *jobs)
{
    const struct run *run = jobs[0].run;
    unsigned rounds = run->steps ? 1 : run->rounds;
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < run->plan.nthreads && !run->steps; i++) {
            jobs[i].from = run->nops * round / rounds;
            jobs[i].to = run->nops * (round + 1) / rounds;
        }
        pthread_t thread;
        if (round % 2 == 0)
            do_round_in_thread(jobs);
        else if (pthread_create(&thread, NULL, do_round_in_thread, jobs) == 0)
            pthread_join(thread, NULL);
        else
            world_fail(&jobs[0].worker, "cannot start a thread");
        world_verify_all(&jobs[0].worker);
        world_verify_books(&jobs[0].worker);
    }
}

void run_here(const struct run *run, struct outcome *outcome)
{
    struct world *world = world_create(&run->plan, subject_get(), outcome);
    bool is_short = run->steps && run->nsteps <= SHORT_STEPS;
    world->verify_every = is_short && run->verify_every ? 1 : run->verify_every;
    struct job *jobs = run_map(THREADS_MAX * sizeof(*jobs), false);
    for (unsigned i = 0; i < run->plan.nthreads; i++)
        jobs[i] = (struct job){.run = run, .worker = {.world = world, .thread = i}};
    do_rounds(jobs);
    for (unsigned i = 0; i < run->plan.nthreads; i++)
        for (unsigned kind = 0; kind < OP_KINDS; kind++)
            outcome->done[kind] += jobs[i].worker.done[kind];
    perform_end(&jobs[0].worker);
    world_verify_books(&jobs[0].worker);
}

static void run_child(const struct run *run, struct outcome *outcome, unsigned seconds, bool quiet)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(seconds);
    int nothing = quiet ? open("/dev/null", O_WRONLY) : -1;
    if (nothing >= 0)
        dup2(nothing, STDERR_FILENO);
    run_here(run, outcome);
    exit(0);
}

bool run_forked(const struct run *run, struct outcome *out_outcome, unsigned seconds, bool quiet)
{
    memset(out_outcome, 0, sizeof(*out_outcome));
    pid_t child = fork();
    if (child == 0)
        run_child(run, out_outcome, seconds, quiet);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("model: cannot run a child process");
        exit(2);
    }
    if (WIFSIGNALED(status))
        snprintf(out_outcome->message, sizeof(out_outcome->message), "killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 && !out_outcome->failed)
        snprintf(out_outcome->message, sizeof(out_outcome->message), "exit status %d", WEXITSTATUS(status));
    return status == 0;
}
