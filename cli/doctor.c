/* SPDX-License-Identifier: MIT
 *
 * doctor.c -- the rules of `acre doctor`. Each looks at one thing, and speaks from a threshold on that
 * makes it worth somebody's time.
 */
#include "doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "format.h"

static const uint64_t mib = 1024 * 1024;
/* A heap whose live bytes never fell for this long and grew by that share is growing. */
static const uint64_t growing_ns = UINT64_C(60) * 1000000000u;
static const double growing_percent = 10;

struct patient {
    const struct ac_look *look;
    const struct ac_identity *id;
    int pid;
};

typedef bool doctor_rule(const struct patient *p, struct ac_finding *f);

#define SAY(field, ...) snprintf(field, sizeof(field), __VA_ARGS__)

/* At least that many MiB and that part of the resident memory. */
static bool is_much(const struct patient *p, int64_t bytes, uint64_t least_mib, double least_percent)
{
    return bytes >= (int64_t)(least_mib * mib) && ac_percent(bytes, p->id->rss_bytes) >= least_percent;
}

static double share(const struct patient *p, int64_t bytes)
{
    return ac_percent(bytes, p->id->rss_bytes);
}

static bool low_fill(const struct patient *p, struct ac_finding *f)
{
    enum { WORST = 3 };
    struct ac_why_class worst[WORST];
    char bytes[AC_TEXT_BYTES];
    int64_t total = p->id->parts[AC_PART_span_free];
    size_t n = ac_why_classes(&p->look->why.counters, AC_WHY_BY_FREE, worst, WORST);
    size_t used = 0;
    if (n == 0 || worst[0].full_percent >= 60 || !is_much(p, total, 2, 8))
        return false;
    SAY(f->what, "%s of free blocks lie in spans that live blocks keep: fragmentation",
        ac_format_bytes(total, bytes));
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(f->evidence + used, sizeof(f->evidence) - used,
                                 "%sclass %" PRIu32 " B is %.0f %% full, %s free", i > 0 ? "; " : "",
                                 worst[i].size_bytes, worst[i].full_percent,
                                 ac_format_bytes((int64_t)worst[i].free_bytes, bytes));
    SAY(f->next,
        "acre trim %d gives back the whole pages among them; what lives long among these sizes keeps "
        "the rest",
        p->pid);
    return true;
}

static bool idle_caches(const struct patient *p, struct ac_finding *f)
{
    char bytes[2][AC_TEXT_BYTES];
    uint64_t idle = 0;
    for (size_t i = 0; i < p->look->nthreads; i++)
        idle += p->look->threads[i].idle_ns > AC_LOOK_IDLE_NS ? p->look->threads[i].kept_bytes : 0;
    if (!is_much(p, (int64_t)idle, 1, 3))
        return false;
    SAY(f->what, "threads that have been idle for over a minute keep %s of free blocks",
        ac_format_bytes((int64_t)idle, bytes[0]));
    SAY(f->evidence, "%" PRIu64 " of %zu threads; all caches together %s", p->look->why.idle_threads,
        p->look->nthreads, ac_format_bytes(p->id->parts[AC_PART_caches], bytes[1]));
    SAY(f->next, "acre trim %d empties them", p->pid);
    return true;
}

static bool dirty_pages(const struct patient *p, struct ac_finding *f)
{
    char bytes[AC_TEXT_BYTES];
    int64_t dirty = p->id->parts[AC_PART_free_pages];
    if (!is_much(p, dirty, 8, 15))
        return false;
    SAY(f->what, "%s of free pages wait to be returned", ac_format_bytes(dirty, bytes));
    SAY(f->evidence,
        "%.1f %% of the resident memory; they stay for re-use, up to an eighth of what is in use",
        share(p, dirty));
    SAY(f->next, "acre trim %d returns them now; acre set %d dirty_min=0 keeps fewer", p->pid, p->pid);
    return true;
}

static bool huge_waste(const struct patient *p, struct ac_finding *f)
{
    char bytes[2][AC_TEXT_BYTES];
    int64_t tails = p->id->parts[AC_PART_huge_tails];
    if (!is_much(p, tails, 4, 5))
        return false;
    SAY(f->what, "%s are resident only because huge pages brought them along",
        ac_format_bytes(tails, bytes[0]));
    SAY(f->evidence, "%s of the process are in huge pages",
        ac_format_bytes((int64_t)p->id->huge_bytes, bytes[1]));
    SAY(f->next, "ACRE_CONF=huge_from=128T asks for none; see /sys/kernel/mm/transparent_hugepage/enabled");
    return true;
}

/* How much sizes were rounded up by is not counted; when even the most that it can be is little, all is
 * well. */
static bool bad_fit(const struct patient *p, struct ac_finding *f)
{
    struct ac_why_class top[1];
    char bytes[AC_TEXT_BYTES];
    int64_t most = (int64_t)p->id->rounding_max_bytes;
    if (!is_much(p, most, 8, 20) || ac_why_classes(&p->look->why.counters, AC_WHY_BY_LIVE, top, 1) == 0)
        return false;
    SAY(f->what, "rounding up to size classes may cost up to %s", ac_format_bytes(most, bytes));
    SAY(f->evidence,
        "not counted: bounded by the classes; most live bytes are in class %" PRIu32 " B, %.0f %% of all",
        top[0].size_bytes, ac_percent((int64_t)top[0].live_bytes, p->id->live_bytes));
    SAY(f->next, "compare the sizes that the program asks for with `acre top %d` (c: classes)", p->pid);
    return true;
}

static bool remote_frees(const struct patient *p, struct ac_finding *f)
{
    char count[AC_TEXT_BYTES];
    uint64_t remote = p->look->why.counters.stats[AC_STAT_remote_frees];
    double part = ac_percent((int64_t)remote, p->look->given_blocks);
    if (remote < 1000000 || part < 50)
        return false;
    SAY(f->what, "most blocks are freed by other threads than those that asked for them");
    SAY(f->evidence, "%s such frees, %.0f %% of the blocks that came back from threads",
        ac_format_count(remote, count), part);
    SAY(f->next, "ACRE_CONF=shards=1 makes all threads share their spans; compare time and memory with it");
    return true;
}

static bool not_the_heap(const struct patient *p, struct ac_finding *f)
{
    static const enum ac_part outside[] = {AC_PART_files, AC_PART_stacks, AC_PART_brk, AC_PART_shared,
                                           AC_PART_other};
    char bytes[AC_TEXT_BYTES];
    int64_t total = 0;
    enum ac_part biggest = AC_PART_files;
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        total += p->id->parts[outside[i]];
        if (p->id->parts[outside[i]] > p->id->parts[biggest])
            biggest = outside[i];
    }
    if (!is_much(p, total, 16, 50))
        return false;
    SAY(f->what, "%s are not the heap's: no allocator's option changes them", ac_format_bytes(total, bytes));
    SAY(f->evidence, "%.0f %% of the resident memory; the most of it: %s, %s", share(p, total),
        ac_part_labels[biggest], ac_format_bytes(p->id->parts[biggest], bytes));
    SAY(f->next, "/proc/%d/smaps lists the mappings", p->pid);
    return true;
}

static bool growing(const struct patient *p, struct ac_finding *f)
{
    char bytes[2][AC_TEXT_BYTES];
    char time[AC_TEXT_BYTES];
    const struct ac_look *look = p->look;
    size_t from = look->nmoments;
    while (from > 1 && look->moments[from - 2].live_bytes <= look->moments[from - 1].live_bytes)
        from--;
    if (from == look->nmoments)
        return false;
    const struct ac_look_moment *first = &look->moments[from - 1];
    const struct ac_look_moment *last = &look->moments[look->nmoments - 1];
    uint64_t grown = last->live_bytes - first->live_bytes;
    uint64_t ns = last->time_ns - first->time_ns;
    if (ns < growing_ns || grown < 4 * mib || ac_percent((int64_t)grown, last->live_bytes) < growing_percent)
        return false;
    SAY(f->what, "live bytes have only grown: a leak, or a cache that fills");
    SAY(f->evidence, "from %s to %s in %s, and never less than before",
        ac_format_bytes((int64_t)first->live_bytes, bytes[0]),
        ac_format_bytes((int64_t)last->live_bytes, bytes[1]), ac_format_duration(ns, time));
    SAY(f->next, "acre top %d (c: classes) shows which sizes grow", p->pid);
    return true;
}

static bool near_limit(const struct patient *p, struct ac_finding *f)
{
    char bytes[2][AC_TEXT_BYTES];
    struct ac_cgroup group;
    if (!ac_cgroup_read(p->pid, &group) || group.max_bytes == 0)
        return false;
    double part = ac_percent((int64_t)group.current_bytes, group.max_bytes);
    if (part < 85 && group.oom_kills == 0)
        return false;
    SAY(f->what, group.oom_kills > 0 ? "the system has ended processes of this control group for its memory"
                                     : "the control group is close to its memory limit");
    SAY(f->evidence, "memory.current %s of memory.max %s (%.0f %%), oom_kill %" PRIu64,
        ac_format_bytes((int64_t)group.current_bytes, bytes[0]),
        ac_format_bytes((int64_t)group.max_bytes, bytes[1]), part, group.oom_kills);
    SAY(f->next, "acre trim %d returns what is free; `acre why %d` says what the rest is", p->pid, p->pid);
    return true;
}

static bool swapped(const struct patient *p, struct ac_finding *f)
{
    char bytes[AC_TEXT_BYTES];
    if (p->id->swap_bytes < mib)
        return false;
    SAY(f->what, "%s are swapped out", ac_format_bytes((int64_t)p->id->swap_bytes, bytes));
    SAY(f->evidence, "Swap in /proc/%d/smaps_rollup; not part of the resident memory", p->pid);
    SAY(f->next, "acre trim %d makes the process smaller, if free pages are among them", p->pid);
    return true;
}

static bool unexplained(const struct patient *p, struct ac_finding *f)
{
    char bytes[AC_TEXT_BYTES];
    if (!p->id->walked || ac_identity_gap_percent(p->id) < 2)
        return false;
    SAY(f->what, "%s of resident memory are unexplained",
        ac_format_bytes(p->id->parts[AC_PART_unexplained], bytes));
    SAY(f->evidence, "%.1f %% of it; 2 is what acre promises to stay under", ac_identity_gap_percent(p->id));
    SAY(f->next, "acre why %d; a process that changes fast cannot be read in one moment: stop it first",
        p->pid);
    return true;
}

void ac_doctor_examine(const struct ac_look *look, struct ac_diagnosis *out)
{
    static const struct {
        const char *name;
        const char *subject;
        doctor_rule *rule;
    } rules[] = {{"near_limit", "the memory limit", near_limit},
                 {"growing", "growth", growing},
                 {"low_fill", "fill of size classes", low_fill},
                 {"dirty_pages", "free pages", dirty_pages},
                 {"idle_caches", "caches of idle threads", idle_caches},
                 {"huge_waste", "huge pages", huge_waste},
                 {"bad_fit", "rounding to size classes", bad_fit},
                 {"remote_frees", "frees by other threads", remote_frees},
                 {"not_the_heap", "memory outside the heap", not_the_heap},
                 {"swapped", "swap", swapped},
                 {"unexplained", "unexplained memory", unexplained}};
    struct patient patient = {look, &look->why.identity, (int)look->why.pid};
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct ac_finding *f = &out->findings[out->nfindings];
        f->name = rules[i].name;
        if (rules[i].rule(&patient, f))
            out->nfindings++;
        else
            out->fine[out->nfine++] = rules[i].subject;
    }
}
