/* SPDX-License-Identifier: MIT
 *
 * advice.c -- the last line of the report: the one thing to try next that the numbers of a run suggest.
 *
 * Each rule looks at one fact, in the order of how much it explains; the first that applies speaks. A rule
 * names its evidence and a command that exists.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "conf.h"
#include "format.h"
#include "report.h"

/* From where on a part of the resident memory is worth a word. */
static const double notable_percent = 10;
static const double most_percent = 75;
static const uint64_t notable_bytes = 1024 * 1024;

struct advisor {
    const struct ac_run *run;
    const struct ac_snapshot *peak;
    uint64_t rss_bytes;
    char program[36];
    char *text;
    size_t text_bytes;
};

typedef bool advice_rule(const struct advisor *a);

static uint64_t at_peak(const struct advisor *a, enum ac_stat i)
{
    return ac_run_stat(a->run, a->peak, i);
}

static bool is_notable(const struct advisor *a, uint64_t bytes)
{
    return bytes >= notable_bytes && ac_percent((int64_t)bytes, a->rss_bytes) >= notable_percent;
}

/* Whether the user has already set an option (or the library has no such option), so that advising it is
 * idle. */
static bool is_settled(const char *name)
{
    const struct ac_option_row *row = ac_option_find(name, strlen(name));
    const char *conf = getenv("ACRE_CONF");
    uint64_t value;
    return !row || (conf && ac_conf_value(conf, row, &value));
}

static bool advise_aborted(const struct advisor *a)
{
    int status = a->run->outcome.wait_status;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        return false;
    snprintf(a->text, a->text_bytes,
             "if a line `acre: ...` stands above, acre stopped it at a wrong free; `man 7 acre` "
             "explains each message");
    return true;
}

static bool advise_unused(const struct advisor *a)
{
    bool own_malloc = a->run->vet->elf.defines_malloc;
    enum ac_service service = ac_run_service(a->run);
    if (service == AC_SERVICE_PROVEN)
        return false;
    if (own_malloc)
        snprintf(a->text, a->text_bytes,
                 "%s exports a malloc of its own, which comes before any preloaded one; run it without acre",
                 a->program);
    else if (service == AC_SERVICE_REFUSED)
        snprintf(a->text, a->text_bytes, "%s took nothing from acre; it may hand out memory by itself",
                 a->program);
    else
        snprintf(a->text, a->text_bytes,
                 "%s ended by _exit or a signal before acre looked again; a longer run shows more",
                 a->program);
    return true;
}

static bool advise_other_process(const struct advisor *a)
{
    if ((pid_t)a->run->state.pid == a->run->outcome.pid)
        return false;
    snprintf(a->text, a->text_bytes,
             "the numbers are of process %" PRIu32
             ", which %s started; give that program to "
             "`acre run` itself",
             a->run->state.pid, a->program);
    return true;
}

static bool advise_own_allocator(const struct advisor *a)
{
    if (a->run->vet->elf.allocator[0] == '\0')
        return false;
    snprintf(a->text, a->text_bytes,
             "it is linked with %.60s, but LD_PRELOAD comes first: acre served it (pid and refills "
             "above)",
             a->run->vet->elf.allocator);
    return true;
}

static bool advise_free_pages(const struct advisor *a)
{
    char bytes[AC_TEXT_BYTES];
    uint64_t dirty = at_peak(a, AC_STAT_dirty_bytes);
    if (!is_notable(a, dirty) || is_settled("dirty_min") || is_settled("decay_ms"))
        return false;
    snprintf(a->text, a->text_bytes,
             "`acre run --conf dirty_min=0,decay_ms=0 -- %s` returns the %s of free pages at once",
             a->program, ac_format_bytes((int64_t)dirty, bytes));
    return true;
}

static bool advise_refaults(const struct advisor *a)
{
    char bytes[AC_TEXT_BYTES];
    uint64_t purged = ac_run_stat(a->run, &a->run->state.now, AC_STAT_purged_bytes);
    uint64_t faulted = (uint64_t)a->run->outcome.usage.ru_minflt * a->run->state.page_size_bytes;
    if (purged < 4 * a->rss_bytes || purged < 64 * notable_bytes || faulted < purged / 2 ||
        is_settled("decay_ms"))
        return false;
    snprintf(a->text, a->text_bytes,
             "%s were returned and mostly faulted in again; `acre run --conf decay_ms=10000 -- %s` "
             "keeps free pages longer",
             ac_format_bytes((int64_t)purged, bytes), a->program);
    return true;
}

static bool advise_spread(const struct advisor *a)
{
    char bytes[AC_TEXT_BYTES];
    uint64_t idle = at_peak(a, AC_STAT_span_free_bytes);
    uint64_t threads = at_peak(a, AC_STAT_threads);
    if (!is_notable(a, idle) || threads < 2 || is_settled("shards"))
        return false;
    snprintf(a->text, a->text_bytes,
             "`acre run --conf shards=1 -- %s` lets the %" PRIu64
             " threads share the %s free in "
             "spans",
             a->program, threads, ac_format_bytes((int64_t)idle, bytes));
    return true;
}

static bool advise_child(const struct advisor *a)
{
    char bytes[AC_TEXT_BYTES];
    uint64_t kernel_peak = (uint64_t)a->run->outcome.usage.ru_maxrss * 1024;
    if (kernel_peak < 4 * a->rss_bytes || kernel_peak - a->rss_bytes < 8 * notable_bytes)
        return false;
    snprintf(a->text, a->text_bytes,
             "the peak of %s was in a child of %s, or between two looks; give that to `acre run` itself",
             ac_format_bytes((int64_t)kernel_peak, bytes), a->program);
    return true;
}

static bool advise_not_the_heap(const struct advisor *a)
{
    double percent = ac_percent(ac_run_rest_bytes(a->run, a->peak), a->rss_bytes);
    if (percent < most_percent)
        return false;
    snprintf(a->text, a->text_bytes,
             "%.0f %% of the memory is not the heap's, so no option changes much; try an input that "
             "allocates more",
             percent);
    return true;
}

static bool advise_never_freed(const struct advisor *a)
{
    char bytes[AC_TEXT_BYTES];
    const struct ac_snapshot *now = &a->run->state.now;
    uint64_t live = ac_run_stat(a->run, now, AC_STAT_small_live_bytes) +
                    ac_run_stat(a->run, now, AC_STAT_large_live_bytes);
    if (!a->run->state.exited || live < notable_bytes ||
        ac_percent((int64_t)live, a->rss_bytes) < most_percent / 2)
        return false;
    snprintf(a->text, a->text_bytes,
             "%s were never freed; `acre run --json FILE -- %s` lists them by size class",
             ac_format_bytes((int64_t)live, bytes), a->program);
    return true;
}

static bool advise_keeping(const struct advisor *a)
{
    snprintf(a->text, a->text_bytes,
             "`acre run --json FILE -- %s` keeps every number; `acre options` lists what can be "
             "tuned",
             a->program);
    return true;
}

void ac_run_advice(const struct ac_run *run, char *text, size_t text_bytes)
{
    static advice_rule *const rules[] = {advise_aborted,       advise_unused,     advise_other_process,
                                         advise_own_allocator, advise_free_pages, advise_refaults,
                                         advise_spread,        advise_child,      advise_not_the_heap,
                                         advise_never_freed,   advise_keeping};
    struct advisor a = {.run = run, .peak = ac_run_peak(run)};
    a.text = text;
    a.text_bytes = text_bytes;
    a.rss_bytes = ac_run_stat(run, a.peak, AC_STAT_rss_bytes);
    ac_format_safely(run->argv[0], a.program, sizeof(a.program) - 4);
    if (run->argv[1])
        strcat(a.program, " ...");
    size_t i = 0;
    while (!rules[i](&a))
        i++;
}
