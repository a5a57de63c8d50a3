/* SPDX-License-Identifier: MIT
 *
 * compare_session.c -- the runs of a comparison: one of each allocator to warm up and to see who serves, then
 * rounds in which each has its turn.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "format.h"
#include "tree.h"

void ac_compare_note(struct ac_comparison *comparison, const char *format, ...)
{
    if (comparison->nnotes == AC_NOTES_MAX)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(comparison->notes[comparison->nnotes++], AC_NOTE_BYTES, format, args);
    va_end(args);
}

static void erase_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static void show_progress(const struct ac_comparison *comparison, size_t column, size_t round,
                          uint64_t left_ns)
{
    char left[AC_TEXT_BYTES] = "";
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[Kacre compare: %s, ", comparison->columns[column].peer->name);
    if (round == 0)
        fputs("warming up", stderr);
    else
        fprintf(stderr, "round %zu of %zu, %s left", round, comparison->max_rounds,
                ac_format_duration(left_ns, left));
    fflush(stderr);
}

static void leave_out(struct ac_comparison *comparison, struct ac_column *column, const char *why)
{
    column->failed = true;
    comparison->found_something = true;
    ac_compare_note(comparison, "%s is left out: %s", column->peer->name, why);
}

/* One run under an allocator; the variables are set besides. */
static bool run_once(struct ac_comparison *comparison, struct ac_column *column, const char *const *variables,
                     struct ac_cost *cost)
{
    comparison->launch.environment = ac_peer_environment(column->library, variables);
    if (!comparison->launch.environment) {
        snprintf(cost->why, sizeof(cost->why), "its environment could not be made");
        return false;
    }
    bool counts = ac_measure(&comparison->launch, cost);
    ac_peer_environment_free(comparison->launch.environment);
    return counts;
}

/* The first run, with the loader's log. */
static bool look_into(struct ac_comparison *comparison, struct ac_column *column)
{
    struct ac_bindings bindings;
    if (!ac_bindings_begin(&bindings)) {
        snprintf(column->first.why, sizeof(column->first.why),
                 "no folder for the loader's log in TMPDIR or /tmp");
        return false;
    }
    const char *variables[2 + AC_PEER_VARIABLES_MAX + 1] = {"LD_DEBUG=bindings", bindings.variable};
    memcpy(variables + 2, column->peer->variables, sizeof(column->peer->variables));
    bool counts = run_once(comparison, column, variables, &column->first);
    ac_bindings_end(&bindings, column->library[0] ? column->library : ac_peers_libc(), &column->served);
    return counts;
}

static bool is_served(const struct ac_column *column)
{
    return column->served.nbound > 0;
}

/* The base's status is what the others have to end with. */
static void judge_first(struct ac_comparison *comparison, struct ac_column *column, bool counts)
{
    char why[AC_MEASURE_WHY_BYTES + AC_STRAY_BYTES];
    const struct ac_column *base = &comparison->columns[comparison->base];
    if (!counts)
        leave_out(comparison, column, column->first.why);
    else if (!is_served(column)) {
        snprintf(why, sizeof(why), "by the loader's bindings it did not serve; %s",
                 column->served.stray[0] ? column->served.stray
                                         : "no call of malloc was bound to it, so the program has its own");
        leave_out(comparison, column, why);
    } else if (column != base && !base->failed && column->first.status != base->first.status) {
        snprintf(why, sizeof(why), "the program ended with status %d instead of %d %s%s",
                 column->first.status, base->first.status, column->first.why[0] ? "and said: " : "",
                 column->first.why);
        leave_out(comparison, column, why);
    } else if (column->served.nelsewhere > 0) {
        ac_compare_note(comparison, "%s served in part: %zu of %zu bindings go elsewhere, %s",
                        column->peer->name, column->served.nelsewhere,
                        column->served.nelsewhere + column->served.nbound, column->served.stray);
    }
}

static void warm_up(struct ac_comparison *comparison)
{
    for (size_t i = 0; i < comparison->ncolumns && !ac_measure_interrupted(); i++) {
        struct ac_column *column = &comparison->columns[i];
        show_progress(comparison, i, 0, 0);
        bool counts = look_into(comparison, column);
        /* A program that is linked with another allocator: libc's has to be put in front as well. */
        if (counts && !is_served(column) && column->library[0] == '\0') {
            column->library = ac_peers_libc();
            counts = look_into(comparison, column);
        }
        judge_first(comparison, column, counts);
        while (comparison->base < comparison->ncolumns && comparison->columns[comparison->base].failed)
            comparison->base++;
    }
}

static void measure(struct ac_comparison *comparison, size_t i, size_t round)
{
    struct ac_column *column = &comparison->columns[i];
    char why[AC_MEASURE_WHY_BYTES + 64];
    struct ac_cost *cost = &column->costs[round];
    if (!run_once(comparison, column, column->peer->variables, cost) && !ac_measure_interrupted())
        leave_out(comparison, column, cost->why);
    else if (cost->status != column->first.status && !ac_measure_interrupted()) {
        snprintf(why, sizeof(why), "it ended with status %d in one run, with %d in others", cost->status,
                 column->first.status);
        leave_out(comparison, column, why);
    }
}

/* A new order for each round, so that none is always behind the same neighbour. */
static void shuffle(size_t *order, size_t n, size_t round)
{
    uint64_t state = 0x9E3779B97F4A7C15u * (round + 1);
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(ac_random(&state) % i);
        size_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

static void run_rounds(struct ac_comparison *comparison)
{
    uint64_t begin_ns = ac_now_ns();
    size_t nruns = 0;
    size_t order[AC_PEERS_MAX] = {0};
    for (size_t i = 0; i < comparison->ncolumns; i++)
        order[i] = i;
    while (comparison->nrounds < comparison->max_rounds) {
        shuffle(order, comparison->ncolumns, comparison->nrounds);
        for (size_t turn = 0; turn < comparison->ncolumns; turn++) {
            size_t i = order[turn];
            if (comparison->columns[i].failed)
                continue;
            uint64_t each_ns = nruns > 0 ? (ac_now_ns() - begin_ns) / nruns : 0;
            uint64_t nleft = comparison->max_rounds * comparison->ncolumns - nruns;
            show_progress(comparison, i, comparison->nrounds + 1, each_ns * nleft);
            measure(comparison, i, comparison->nrounds);
            nruns++;
            if (ac_measure_interrupted())
                return;
        }
        comparison->nrounds++;
    }
}

static bool differs(const struct ac_cost *a, const struct ac_cost *b)
{
    return a->output_bytes != b->output_bytes || a->output_hash != b->output_hash;
}

/* Compares each run with the column's first, and the columns' first ones with each other. */
static void judge_output(struct ac_comparison *comparison)
{
    const struct ac_cost *expected = &comparison->columns[comparison->base].first;
    comparison->output = expected->output_bytes > 0 ? AC_OUTPUT_SAME : AC_OUTPUT_NONE;
    for (size_t i = 0; i < comparison->ncolumns; i++) {
        const struct ac_column *column = &comparison->columns[i];
        for (size_t j = 0; j < comparison->nrounds && !column->failed; j++) {
            if (differs(&column->costs[j], &column->first))
                comparison->output = AC_OUTPUT_VARIES;
        }
    }
    for (size_t i = 0; i < comparison->ncolumns && comparison->output != AC_OUTPUT_VARIES; i++) {
        const struct ac_column *column = &comparison->columns[i];
        if (column->failed || !differs(&column->first, expected))
            continue;
        comparison->output = AC_OUTPUT_DIFFERS;
        comparison->found_something = true;
        ac_compare_note(comparison, "its standard output under %s differs from that under %s, each time",
                        column->peer->name, comparison->columns[comparison->base].peer->name);
    }
    if (comparison->output == AC_OUTPUT_VARIES)
        ac_compare_note(comparison,
                        "its standard output varies from run to run under one allocator already, so it "
                        "says nothing about them");
}

static void note_status(struct ac_comparison *comparison)
{
    const struct ac_cost *first = &comparison->columns[comparison->base].first;
    if (first->status != 0 && !comparison->launch.until && !comparison->launch.load)
        ac_compare_note(comparison, "the program ends with status %d, under all alike%s%s", first->status,
                        first->why[0] ? "; it says: " : "", first->why);
    if (first->nleft > 0 && !comparison->launch.until && !comparison->launch.load)
        ac_compare_note(
            comparison,
            "the program left %zu process(es) behind when it ended; they were ended too. For a server "
            "use --until and --load",
            first->nleft);
}

bool ac_compare_run(struct ac_comparison *comparison)
{
    size_t ncosts = comparison->ncolumns * comparison->max_rounds;
    struct ac_cost *costs = calloc(ncosts, sizeof(*costs));
    if (!costs)
        return false;
    for (size_t i = 0; i < comparison->ncolumns; i++)
        comparison->columns[i].costs = costs + i * comparison->max_rounds;
    ac_measure_begin();
    warm_up(comparison);
    if (comparison->base < comparison->ncolumns && !ac_measure_interrupted()) {
        note_status(comparison);
        run_rounds(comparison);
    }
    while (comparison->base < comparison->ncolumns && comparison->columns[comparison->base].failed)
        comparison->base++;
    ac_measure_end();
    erase_progress();
    comparison->interrupted = ac_measure_interrupted();
    if (comparison->base == comparison->ncolumns || comparison->nrounds == 0)
        return false;
    judge_output(comparison);
    return true;
}
