/* SPDX-License-Identifier: MIT
 *
 * main.c -- the model test: random operations on an allocator, compared with a shadow heap.
 *
 * Checked at every step: alignment, no byte shared with a live block, contents, zeroed memory, usable size,
 * errno. A failing run is run again in parts until few operations are left, which are printed.
 *
 *   PRESET              a row of the table of presets below; options change single values of it
 *   --seed N            the run's random numbers; printed, taken from the clock when absent or 0
 *   --ops N             operations in all
 *   --threads N         1 to 16; blocks are handed from one to the other
 *   --slots N           most live blocks of a thread
 *   --rounds N          how often all threads end and new ones take over their blocks
 *   --verify N          steps of a thread between two looks at the allocator's own books; 0: none
 *   --shrink-seconds N  time for making a failing run short; 0 does not try
 *   --rough N           1: mostly long and over-aligned blocks, resized between all kinds
 *   --only T:I,T:I...   just these steps, in one thread (what a failing run prints)
 *   --here              no child process, for a debugger
 */
#include "shrink.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS_PRINTED = 100, ONLY_MAX = 100000 };

struct preset {
    const char *name;
    uint64_t seed; /* 0: from the clock */
    uint64_t total_ops;
    unsigned nthreads;
    uint32_t nslots;
    unsigned rounds;
    uint64_t verify_every;
};

/* The first is the one in force when none is named. */
static const struct preset presets[] = {
    {"one_thread", 1, 3000000, 1, 1024, 4, 1000},   {"two_threads", 2, 4000000, 2, 1024, 4, 5000},
    {"four_threads", 3, 4000000, 4, 1024, 8, 5000}, {"few_slots", 4, 2000000, 2, 16, 4, 1000},
    {"many_slots", 5, 2000000, 2, 20000, 4, 5000},  {"many_rounds", 6, 2000000, 4, 512, 500, 5000},
    {"new_seed", 0, 2000000, 2, 2048, 4, 5000},     {"every_step", 7, 100000, 1, 256, 4, 1},
    {"every_step_of_two", 8, 50000, 2, 100, 4, 1},  {"long_one", 0, 60000000, 1, 300, 30, 100000},
    {"long_two", 0, 60000000, 2, 500, 60, 100000},  {"long_eight", 0, 60000000, 8, 200, 60, 100000},
    {"rough_one", 9, 30000, 1, 24, 4, 100},         {"rough_two", 0, 60000, 2, 24, 8, 500},
};

struct options {
    struct run run;
    uint64_t total_ops;
    unsigned shrink_seconds;
    bool here;
};

static void usage(const char *why, const char *what)
{
    fprintf(stderr, "model: %s%s; see the head of test/model/main.c for the options\n", why, what);
    exit(2);
}

static uint64_t parse_number(const char *text, uint64_t min, uint64_t max)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 0);
    if (end == text || *end != '\0' || number < min || number > max)
        usage("not a number in range: ", text);
    return number;
}

static void parse_steps(char *text, struct run *out_run)
{
    struct step *steps = run_map(ONLY_MAX * sizeof(*steps), false);
    for (char *word = strtok(text, ","); word && out_run->nsteps < ONLY_MAX; word = strtok(NULL, ",")) {
        unsigned thread;
        unsigned long long index;
        if (sscanf(word, "%u:%llu", &thread, &index) != 2 || thread >= THREADS_MAX)
            usage("not a step (thread:number): ", word);
        steps[out_run->nsteps++] = (struct step){.thread = thread, .index = index};
    }
    out_run->steps = steps;
    out_run->merged = true;
}

static void apply_preset(struct options *options, const char *name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        const struct preset *preset = &presets[i];
        if (name && strcmp(preset->name, name) != 0)
            continue;
        bool rough = strncmp(preset->name, "rough", 5) == 0;
        struct plan plan = {preset->seed, preset->nthreads, preset->nslots, rough};
        options->run =
            (struct run){.plan = plan, .rounds = preset->rounds, .verify_every = preset->verify_every};
        options->total_ops = preset->total_ops;
        return;
    }
    usage("no such preset: ", name);
}

static uint64_t clock_seed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void parse_option(struct options *options, int option, char *value)
{
    switch (option) {
    case 's':
        options->run.plan.seed = parse_number(value, 0, UINT64_MAX);
        break;
    case 'o':
        options->total_ops = parse_number(value, 1, UINT64_C(1) << 50);
        break;
    case 't':
        options->run.plan.nthreads = (unsigned)parse_number(value, 1, THREADS_MAX);
        break;
    case 'l':
        options->run.plan.nslots = (uint32_t)parse_number(value, 1, 1 << 20);
        break;
    case 'r':
        options->run.rounds = (unsigned)parse_number(value, 1, 1 << 20);
        break;
    case 'v':
        options->run.verify_every = parse_number(value, 0, UINT64_MAX);
        break;
    case 'k':
        options->shrink_seconds = (unsigned)parse_number(value, 0, 1 << 20);
        break;
    case 'g':
        options->run.plan.rough = parse_number(value, 0, 1) != 0;
        break;
    case 'y':
        parse_steps(value, &options->run);
        break;
    case 'h':
        options->here = true;
        break;
    default:
        usage("unknown option or missing value", "");
    }
}

static void parse(struct options *options, int argc, char **argv)
{
    static const struct option table[] = {
        {"seed", required_argument, NULL, 's'},
        {"ops", required_argument, NULL, 'o'},
        {"threads", required_argument, NULL, 't'},
        {"slots", required_argument, NULL, 'l'},
        {"rounds", required_argument, NULL, 'r'},
        {"verify", required_argument, NULL, 'v'},
        {"shrink-seconds", required_argument, NULL, 'k'},
        {"rough", required_argument, NULL, 'g'},
        {"only", required_argument, NULL, 'y'},
        {"here", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool named = argc > 1 && argv[1][0] != '-';
    apply_preset(options, named ? argv[1] : NULL);
    optind = named ? 2 : 1;
    for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;)
        parse_option(options, option, optarg);
    if (optind < argc)
        usage("unknown argument: ", argv[optind]);
    if (options->run.plan.seed == 0)
        options->run.plan.seed = clock_seed();
    options->run.nops = options->total_ops / options->run.plan.nthreads;
}

static void print_step(const struct run *run, struct step step)
{
    char text[200];
    plan_describe(plan_op(&run->plan, step.thread, step.index), text, sizeof(text));
    printf("  thread %u step %llu: %s\n", step.thread, (unsigned long long)step.index, text);
}

static void print_failure(const struct run *run, const struct outcome *outcome)
{
    printf("model: FAILED: %s\n", outcome->message);
    for (unsigned i = 0; i < run->plan.nthreads; i++) {
        printf("%s", outcome->failed && i == outcome->thread ? "failed at" : "was at   ");
        print_step(run, (struct step){.thread = i, .index = outcome->progress[i]});
    }
    fflush(stdout);
}

static void print_steps(const struct run *run)
{
    printf("model: these %zu steps fail%s:\n", run->nsteps, run->merged ? " in one thread" : "");
    for (size_t i = 0; i < run->nsteps && i < STEPS_PRINTED; i++)
        print_step(run, run->steps[i]);
    printf("model: to run them: --seed %llu --threads %u --slots %u --rough %d --only ",
           (unsigned long long)run->plan.seed, run->plan.nthreads, run->plan.nslots, run->plan.rough);
    for (size_t i = 0; i < run->nsteps && i < ONLY_MAX; i++)
        printf("%s%u:%llu", i ? "," : "", run->steps[i].thread, (unsigned long long)run->steps[i].index);
    printf("\n");
}

static void report_failure(struct options *options, struct outcome *outcome)
{
    print_failure(&options->run, outcome);
    if (options->shrink_seconds == 0 || options->run.steps)
        return;
    struct run shrunk = options->run;
    if (!shrink(&shrunk, outcome, options->shrink_seconds)) {
        printf("model: the failure did not come back when the run was repeated\n");
        return;
    }
    printf("model: shrunk: %s\n", outcome->message);
    print_steps(&shrunk);
}

static void report_success(const struct outcome *outcome)
{
    uint64_t total = 0;
    for (unsigned kind = 0; kind < OP_KINDS; kind++)
        total += outcome->done[kind];
    printf(
        "model: passed: %llu operations, of them %llu malloc, %llu calloc, %llu realloc, %llu free, "
        "%llu handed over, %llu trim\n",
        (unsigned long long)total, (unsigned long long)outcome->done[OP_MALLOC],
        (unsigned long long)outcome->done[OP_CALLOC], (unsigned long long)outcome->done[OP_REALLOC],
        (unsigned long long)(outcome->done[OP_FREE] + outcome->done[OP_FREE_SIZED]),
        (unsigned long long)outcome->done[OP_GIVE], (unsigned long long)outcome->done[OP_TRIM]);
}

int main(int argc, char **argv)
{
    struct options options = {.shrink_seconds = 30};
    parse(&options, argc, argv);
    printf("model: %s, seed %llu, %llu operations, %u threads, %u slots, %u rounds\n", subject_get()->name,
           (unsigned long long)options.run.plan.seed, (unsigned long long)options.total_ops,
           options.run.plan.nthreads, options.run.plan.nslots, options.run.rounds);
    fflush(stdout);
    struct outcome *outcome = run_map(sizeof(*outcome), true);
    if (options.here)
        run_here(&options.run, outcome);
    else if (!run_forked(&options.run, outcome, 0, false)) {
        report_failure(&options, outcome);
        return 1;
    }
    report_success(outcome);
    return 0;
}
