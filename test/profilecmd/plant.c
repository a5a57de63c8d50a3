/* SPDX-License-Identifier: MIT
 *
 * plant.c -- writes a state file with a heap profile of allocations that never happened, so that what the
 * command makes of it can be compared with what is known: FILE [KIND].
 *
 *      good     the profiler was on from the start        never    it was never on
 *      late     8 000 blocks of 64 bytes were there before dropped  some samples found no room
 *      full     good, with twice as much in cache_insert            jit     no address lies in a module
 *
 * The stacks are this program's own. Each simulated block is sampled as the real profiler does, by a
 * generator of random numbers that is the same in every run.
 */
#include "core/state.h"

#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALL = 1, MIDDLE = 2, NSECTIONS = 6, MAX_DEPTH = 16 };
enum { SITES = 64, SAMPLES = 8192, FRAMES = 1024, MODULES = 64 };
static const uint64_t rate_bytes = 64 * 1024;

static struct {
    struct ac_state state;
    struct ac_state_center centers[2];
    struct ac_state_profile profile[1];
    struct ac_state_site sites[SITES];
    struct ac_state_sample samples[SAMPLES];
    uint64_t frames[FRAMES];
    struct ac_state_module modules[MODULES];
} file;

static const char *kind = "good";

static bool is_kind(const char *name)
{
    return strcmp(kind, name) == 0;
}

/* Between 0 and 1, neither of them. */
static double random_share(void)
{
    static uint64_t seed = 88172645463325252u;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return ((double)(seed >> 12) + 0.5) / (double)(UINT64_C(1) << 52);
}

static struct ac_state_site *site_of(void *const *stack, int depth)
{
    struct ac_state_profile *head = file.profile;
    struct ac_state_site *site = &file.sites[head->nsites];
    if (head->nsites == SITES)
        abort();
    *site = (struct ac_state_site){.first_frame = head->nframes, .nframes = (uint16_t)depth};
    for (int i = 0; i < depth; i++)
        file.frames[head->nframes++] = (uint64_t)(uintptr_t)stack[i];
    head->nsites++;
    return site;
}

static void add_live(struct ac_state_site *site, uint64_t requested, uint64_t usable, uint32_t class,
                     uint64_t w)
{
    struct ac_state_profile *head = file.profile;
    if (is_kind("dropped") && head->nsamples >= 40) {
        head->dropped_samples++;
        return;
    }
    site->live_objects += w;
    site->live_bytes += w * usable / AC_STATE_WEIGHT_ONE;
    site->live_requested_bytes += w * requested / AC_STATE_WEIGHT_ONE;
    struct ac_state_sample *sample = &file.samples[head->nsamples++];
    *sample = (struct ac_state_sample){.address = 4096u * head->nsamples,
                                       .requested_bytes = requested,
                                       .usable_bytes = usable,
                                       .weight_objects = w,
                                       .site = (uint32_t)(site - file.sites),
                                       .class = class};
}

/* n blocks from one stack, of which the first `nfreed` were freed again. */
static void add_blocks(struct ac_state_site *site, uint32_t class, uint64_t requested, uint64_t usable,
                       uint64_t n, uint64_t nfreed)
{
    struct ac_state_profile *head = file.profile;
    double p = 1 - exp(-(double)usable / (double)rate_bytes);
    uint64_t w = (uint64_t)((double)AC_STATE_WEIGHT_ONE / p + 0.5);
    for (uint64_t i = 0; i < n; i++) {
        if (random_share() >= p)
            continue;
        head->taken++;
        site->taken++;
        site->alloc_objects += w;
        site->alloc_bytes += w * usable / AC_STATE_WEIGHT_ONE;
        if (i >= nfreed) {
            add_live(site, requested, usable, class, w);
            continue;
        }
        head->freed++;
        site->freed++;
        site->short_objects += w;
        site->lifetime_objects[5] += w; /* under 1024 us */
    }
    site->peak_objects = site->live_objects;
    site->peak_bytes = site->live_bytes;
    site->peak_epoch = head->peak_epoch;
    if (class != 0)
        file.centers[class - 1].out += n - nfreed;
    if (class == 0) {
        file.state.pages.large_live_objects += n - nfreed;
        file.state.pages.large_live_bytes += (n - nfreed) * usable;
    }
}

/* ---- the places in the code; their names and lines are what the tests look for ---- */

__attribute__((noinline)) static struct ac_state_site *here(void)
{
    void *stack[MAX_DEPTH];
    int depth = backtrace(stack, MAX_DEPTH);
    return site_of(stack + 1, depth - 1);
}

__attribute__((noinline)) static void parse_request(void)
{
    add_blocks(here(), SMALL, 50, 64, 200000, 0);
}

__attribute__((noinline)) static void handle_connection(void)
{
    parse_request();
    __asm__ volatile("");
}

__attribute__((noinline)) static void cache_insert(void)
{
    add_blocks(here(), MIDDLE, 1000, 1024, is_kind("full") ? 24000 : 12000, 0);
}

__attribute__((always_inline)) static inline struct ac_state_site *grow_buffer(void)
{
    struct ac_state_site *site = here();
    __asm__ volatile("");
    return site;
}

__attribute__((noinline)) static void load_file(void)
{
    add_blocks(grow_buffer(), 0, 100 * 1024, 100 * 1024, 300, 100);
}

__attribute__((noinline)) static void format_line(void)
{
    add_blocks(here(), SMALL, 64, 64, 100000, 100000);
}

/* ---- the file ---- */

static int add_module(struct dl_phdr_info *info, size_t bytes, void *unused)
{
    struct ac_state_module *row = &file.modules[file.profile->nmodules];
    (void)bytes;
    (void)unused;
    if (info->dlpi_name[0] == '\0' && !realpath("/proc/self/exe", row->path))
        return 1;
    if (info->dlpi_name[0] != '\0')
        strncpy(row->path, info->dlpi_name, sizeof(row->path) - 1);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X)) {
            row->start = (info->dlpi_addr + header->p_vaddr) & ~UINT64_C(4095);
            row->end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
            row->offset_bytes = header->p_offset & ~UINT64_C(4095);
        }
        const ElfW(Nhdr) *note = (const void *)(info->dlpi_addr + header->p_vaddr);
        if (header->p_type == PT_NOTE && note->n_type == NT_GNU_BUILD_ID && note->n_descsz == 20) {
            row->build_id_bytes = 20;
            memcpy(row->build_id, (const char *)(note + 1) + note->n_namesz, 20);
        }
    }
    file.profile->nmodules++;
    return 0;
}

static void add_section(uint32_t id, const void *rows, uint64_t row_bytes, uint64_t nrows)
{
    uint64_t offset = (uint64_t)((const char *)rows - (const char *)&file);
    file.state.sections[file.state.nsections++] =
        (struct ac_state_section){id, (uint32_t)row_bytes, offset, nrows};
}

static void add_header(void)
{
    struct ac_state *state = &file.state;
    add_section(AC_STATE_CENTERS, file.centers, sizeof(file.centers[0]), 2);
    add_section(AC_STATE_PROFILE, file.profile, sizeof(file.profile[0]), 1);
    add_section(AC_STATE_SITES, file.sites, sizeof(file.sites[0]), SITES);
    add_section(AC_STATE_SAMPLES, file.samples, sizeof(file.samples[0]), SAMPLES);
    add_section(AC_STATE_FRAMES, file.frames, sizeof(file.frames[0]), FRAMES);
    add_section(AC_STATE_MODULES, file.modules, sizeof(file.modules[0]), MODULES);
    memcpy(state->magic, AC_STATE_MAGIC, sizeof(state->magic));
    state->version = AC_STATE_VERSION;
    state->size_bytes = sizeof(*state);
    state->pid = (uint32_t)getpid();
    state->nstats = 18;
    state->nclasses = 3;
    state->total_bytes = sizeof(file);
    memcpy(state->library, "9.9.9", 5);
    state->tick_ns = UINT64_C(70) * 1000000000;
    state->unit_bytes = 65536;
    state->page_size_bytes = 4096;
    state->facts[SMALL] = (struct ac_state_class_facts){64, 65536, 1024, 64};
    state->facts[MIDDLE] = (struct ac_state_class_facts){1024, 65536, 64, 16};
    state->ncenters = 2;
    file.centers[0].class = SMALL;
    file.centers[1].class = MIDDLE;
    /* A quarter of what class SMALL was ever handed out lies free beside what is in use. */
    file.centers[0].fresh = file.centers[0].out + file.centers[0].out / 4;
    file.centers[1].fresh = file.centers[1].out;
}

int main(int argc, char **argv)
{
    struct ac_state_profile *head = file.profile;
    kind = argc > 2 ? argv[2] : "good";
    head->rate_bytes = rate_bytes;
    head->started_ns = UINT64_C(10) * 1000000000;
    head->started_wall_ns = UINT64_C(1700000000) * 1000000000;
    head->state = is_kind("never") ? AC_STATE_PROFILE_OFF : AC_STATE_PROFILE_ON;
    head->runs = !is_kind("never");
    head->nsites = 1;
    head->peak_epoch = 3;
    if (!is_kind("jit"))
        dl_iterate_phdr(add_module, NULL);
    if (is_kind("late")) {
        head->before_objects[SMALL] = 8000;
        head->before_bytes[SMALL] = UINT64_C(8000) * 64;
        file.centers[0].out = 8000;
    }
    handle_connection();
    cache_insert();
    load_file();
    format_line();
    add_header();
    int fd = open(argc > 1 ? argv[1] : "", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    return fd < 0 || write(fd, &file, sizeof(file)) != (ssize_t)sizeof(file);
}
