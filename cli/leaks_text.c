/* SPDX-License-Identifier: MIT
 *
 * leaks_text.c -- leaks as LeakSanitizer prints them, for people and for what reads its reports.
 */
#include <inttypes.h>

#include "format.h"
#include "leaks.h"

static void print_frame(const struct ac_profile *profile, const struct ac_profile_frame *frame, size_t i,
                        FILE *out)
{
    fprintf(out, "    #%zu 0x%" PRIx64, i, frame->address);
    if (frame->function[0] != '\0')
        fprintf(out, " in %s", frame->function);
    if (frame->file[0] != '\0')
        fprintf(out, " %s:%" PRIu32, frame->file, frame->line);
    else if (frame->module != 0) {
        const struct ac_profile_module *module = &profile->modules[frame->module - 1];
        fprintf(out, " (%s+0x%" PRIx64 ")", module->path,
                frame->address - module->start + module->offset_bytes);
        if (module->build_id[0] != '\0')
            fprintf(out, " (BuildId: %s)", module->build_id);
    }
    putc('\n', out);
}

static void print_leak(const struct ac_leaks *leaks, const struct ac_leak *leak, FILE *out)
{
    const struct ac_profile *profile = &leaks->profile;
    const struct ac_profile_site *site = &profile->sites[leak->site];
    const char *about = leaks->exact ? "" : "about ";
    fprintf(out, "%s leak of %s%.0f byte(s) in %s%.0f object(s)", leak->direct ? "Direct" : "Indirect", about,
            leak->bytes, about, leak->objects);
    if (!leaks->exact)
        fprintf(out, ", of which %" PRIu64 " sampled,", leak->samples);
    fputs(" allocated from:\n", out);
    for (size_t i = 0; i < site->nframes; i++)
        print_frame(profile, &profile->frames[profile->stacks[site->first + i]], i, out);
    putc('\n', out);
}

static void print_rest(const struct ac_leaks *leaks, bool direct, FILE *out)
{
    if (leaks->rest_objects[direct] <= 0)
        return;
    fprintf(out, "%s leak of %.0f byte(s) in %.0f object(s) allocated from:\n",
            direct ? "Direct" : "Indirect", leaks->rest_bytes[direct], leaks->rest_objects[direct]);
    fprintf(out, "    [%s]\n\n",
            leaks->exact
                ? "not recorded: in a signal handler, or after the thread's end, or beyond 4 Mi blocks"
                : "not sampled; --exact records every allocation");
}

static void print_suppressions(const struct ac_suppressions *suppressions, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < suppressions->n; i++) {
        const struct ac_suppression *s = &suppressions->list[i];
        if (s->objects <= 0)
            continue;
        if (!any)
            fputs(
                "-----------------------------------------------------\nSuppressions used:\n"
                "  count      bytes template\n",
                out);
        any = true;
        fprintf(out, "%7.0f %10.0f %s\n", s->objects, s->bytes, s->pattern);
    }
    if (any)
        fputs("-----------------------------------------------------\n\n", out);
}

/* What to know of how it was done. */
static void print_notes(const struct ac_leaks *leaks, FILE *out)
{
    char live[AC_TEXT_BYTES];
    char stopped[AC_TEXT_BYTES];
    char all[AC_TEXT_BYTES];
    fprintf(out,
            "acre: process %" PRId32 " (%s): %" PRIu64
            " blocks, %s, were live at its exit; threads stood still "
            "for %s, it ended %s later\n",
            leaks->profile.pid, leaks->profile.program, leaks->head.live_objects,
            ac_format_bytes((int64_t)leaks->head.live_bytes, live),
            ac_format_duration(leaks->head.stopped_ns, stopped), ac_format_duration(leaks->head.all_ns, all));
    if (leaks->head.other_threads != 0)
        fprintf(out,
                "acre: %" PRIu32
                " other threads were running: what they held in registers only counts as lost\n",
                leaks->head.other_threads);
    if (leaks->dropped_stacks != 0 || leaks->dropped_blocks != 0)
        fprintf(out, "acre: dropped: %" PRIu64 " stacks and %" PRIu64 " blocks that there was no room for\n",
                leaks->dropped_stacks, leaks->dropped_blocks);
}

bool ac_leaks_write_text(const struct ac_leaks *leaks, const struct ac_suppressions *suppressions, FILE *out)
{
    bool any = leaks->found_objects > 0;
    if (any)
        fprintf(out,
                "\n=================================================================\n"
                "==%" PRId32 "==ERROR: acre: detected memory leaks\n\n",
                leaks->profile.pid);
    for (size_t direct = 2; any && direct-- > 0;) {
        for (size_t i = 0; i < leaks->n; i++) {
            const struct ac_leak *leak = &leaks->list[i];
            if (leak->direct == direct && !leak->small && !leak->suppression)
                print_leak(leaks, leak, out);
        }
        print_rest(leaks, direct, out);
    }
    print_suppressions(suppressions, out);
    print_notes(leaks, out);
    if (any)
        fprintf(out, "SUMMARY: acre: %.0f byte(s) leaked in %.0f allocation(s).\n", leaks->found_bytes,
                leaks->found_objects);
    else
        fputs("acre: no leaks\n", out);
    return fflush(out) == 0 && !ferror(out);
}
