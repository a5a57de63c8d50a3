/* SPDX-License-Identifier: MIT */
#include "core/segment.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "core/option.h"
#include "core/sizeclass.h"
#include "core/stat.h"
#include "os/os.h"

#include <string.h>

#define MAX_THREADS 2048u
#define SECONDS 600u
#define TENS 720u
#define MINUTES 1440u

AC_STATIC_ASSERT(sizeof(struct ac_state_center) == 64, "a row of blocks is one cache line");
AC_STATIC_ASSERT(AC_NCLASSES <= AC_STATE_MAX_CLASSES, "the segment has too few places for the classes");
AC_STATIC_ASSERT(sizeof(struct ac_state_sample) == 64, "a sample is one cache line");
AC_STATIC_ASSERT(AC_OPTION_COUNT <= AC_STATE_MAX_OPTIONS, "the segment has too few places for the options");

static struct ac_state_pages no_pages;
static struct ac_state_center no_center;
static struct ac_state_thread no_thread;

struct ac_state_pages *ac_segment_pages = &no_pages;
uint32_t ac_segment_heard;
const uint32_t *ac_segment_bell = &ac_segment_heard;

static struct {
    struct ac_state *state;
    struct ac_os_shared shared;
    size_t bytes;
    uint32_t max_centers;
    uint32_t ncenters;
    uint32_t nthreads;
    bool is_file;
    bool files_forbidden;
    bool has_profile; /* its rows have been written */
    const char *library;
} segment = {.shared = {.fd = -1}, .library = ""};

struct ac_state *ac_segment_state(void)
{
    return segment.state;
}

bool ac_segment_is_file(void)
{
    return segment.is_file;
}

/* ---- layout ---- */

/* Where the section after `bytes` ends. Without a state only that is told. */
static uint64_t add_section(struct ac_state *s, enum ac_state_section_id id, size_t row_bytes, uint64_t nrows,
                            uint64_t bytes)
{
    if (s != NULL)
        s->sections[s->nsections++] =
            (struct ac_state_section){(uint32_t)id, (uint32_t)row_bytes, bytes, nrows};
    return ac_align_up(bytes + row_bytes * nrows, AC_CACHE_LINE);
}

static uint64_t lay_out(struct ac_state *s)
{
    uint64_t end = ac_align_up(sizeof(struct ac_state), AC_CACHE_LINE);
    end = add_section(s, AC_STATE_CENTERS, sizeof(struct ac_state_center), segment.max_centers, end);
    end = add_section(s, AC_STATE_THREADS, sizeof(struct ac_state_thread), MAX_THREADS, end);
    end = add_section(s, AC_STATE_SECONDS, sizeof(struct ac_state_moment), SECONDS, end);
    end = add_section(s, AC_STATE_TENS, sizeof(struct ac_state_moment), TENS, end);
    end = add_section(s, AC_STATE_MINUTES, sizeof(struct ac_state_moment), MINUTES, end);
    end = add_section(s, AC_STATE_HUGE, sizeof(struct ac_state_extent), AC_STATE_MAX_HUGE, end);
    end = add_section(s, AC_STATE_KEPT, sizeof(struct ac_state_extent), AC_STATE_MAX_KEPT, end);
    end = ac_align_up(end, ac_os_page_size()); /* the first rows of the next two share a page */
    end = add_section(s, AC_STATE_OWN, sizeof(struct ac_state_extent), AC_STATE_MAX_OWN, end);
    end = add_section(s, AC_STATE_CHUNKS, sizeof(struct ac_state_chunk), AC_STATE_MAX_CHUNKS, end);
    end = ac_align_up(end, ac_os_page_size());
    end = add_section(s, AC_STATE_PROFILE, sizeof(struct ac_state_profile), 1, end);
    end = add_section(s, AC_STATE_SITES, sizeof(struct ac_state_site), AC_STATE_MAX_SITES, end);
    end = add_section(s, AC_STATE_SAMPLES, sizeof(struct ac_state_sample), AC_STATE_MAX_SAMPLES, end);
    end = add_section(s, AC_STATE_FRAMES, sizeof(uint64_t), AC_STATE_MAX_FRAMES, end);
    end = add_section(s, AC_STATE_MODULES, sizeof(struct ac_state_module), AC_STATE_MAX_MODULES, end);
    end = add_section(s, AC_STATE_BREACHES, sizeof(struct ac_state_breach), AC_STATE_MAX_BREACHES, end);
    return add_section(s, AC_STATE_LEAKS, sizeof(struct ac_state_leaks), 1, end);
}

static const struct ac_state_section *find_section(enum ac_state_section_id id)
{
    const struct ac_state_section *section = segment.state->sections;
    while (section->id != (uint32_t)id)
        section++;
    return section;
}

void *ac_segment_rows(enum ac_state_section_id id)
{
    return segment.state == NULL ? NULL : (char *)segment.state + find_section(id)->offset_bytes;
}

struct ac_state_moment *ac_segment_ring(enum ac_state_section_id id, size_t *out_n)
{
    *out_n = find_section(id)->nrows;
    return ac_segment_rows(id);
}

/* ---- making ---- */

void ac_segment_set_library(const char *version)
{
    size_t len = strlen(version);
    segment.library = version;
    if (segment.state != NULL && len < sizeof segment.state->library)
        memcpy(segment.state->library, version, len);
}

static void fill_header(struct ac_state *s, uint32_t forks)
{
    s->version = AC_STATE_VERSION;
    s->size_bytes = sizeof *s;
    s->nclasses = AC_NCLASSES;
    s->nstats = AC_STAT_COUNT;
    s->total_bytes = lay_out(s);
    s->page_size_bytes = (uint32_t)ac_os_page_size();
    s->now_offset = offsetof(struct ac_state, now);
    s->peak_offset = offsetof(struct ac_state, peak);
    s->unit_bytes = AC_UNIT_BYTES;
    s->forks = forks;
    s->noptions = AC_OPTION_COUNT;
    ac_segment_set_library(segment.library);
    for (unsigned i = 0; i < AC_OPTION_COUNT; i++) {
        memcpy(s->options[i].name, ac_option_row[i].name, strlen(ac_option_row[i].name));
        s->options[i].value = ac_option_value[i];
    }
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        const struct ac_sizeclass *sc = &ac_sizeclass[c];
        s->facts[c].size_bytes = sc->size_bytes;
        s->facts[c].span_bytes = sc->span_units * (uint32_t)AC_UNIT_BYTES;
        s->facts[c].span_objects = sc->nobj;
        s->facts[c].magazine_objects = (1u << sc->magazine_log2) - 1;
    }
    s->ncenters = segment.ncenters;
    s->nthreads = segment.nthreads;
}

/* ST3. After exec the segment is this process's already, and what it holds is the old program's. */
static bool claim(struct ac_state *s, size_t bytes)
{
    uint32_t unclaimed = 0;
    if (!ac_cas_acq(&s->pid, &unclaimed, ac_os_pid()) && unclaimed != ac_os_pid())
        return false;
    if (unclaimed != 0) {
        uint32_t leaks_at_exit = s->control.leaks_at_exit; /* was asked before the start */
        ac_os_zero_shared(s, bytes);
        s->control.leaks_at_exit = leaks_at_exit;
        s->pid = ac_os_pid();
    }
    return true;
}

/* `place` with the process id in place of %p. False when it is too long. */
static bool expand(const char *place, char *out_path, size_t cap)
{
    struct ac_fmt f = {out_path, cap - 1, 0};
    for (; *place != '\0' && f.len + 11 < cap; place++) {
        if (place[0] == '%' && place[1] == 'p') {
            ac_fmt_dec(&f, ac_os_pid());
            place++;
        } else {
            ac_fmt_char(&f, *place);
        }
    }
    out_path[f.len] = '\0';
    return *place == '\0';
}

static struct ac_state *open_file(const char *place, size_t bytes, void *at)
{
    char path[256];
    bool is_mine = at == NULL || strstr(place, "%p") != NULL; /* else it is the parent's */
    if (place[0] == '\0' || !is_mine || !expand(place, path, sizeof path))
        return NULL;
    struct ac_state *s = ac_os_map_file(path, at, bytes, &segment.shared);
    if (s == NULL || claim(s, bytes))
        return s;
    ac_os_unmap(s, bytes);
    return NULL;
}

/* A child that can have no file gets memory that only root finds: rows may not stay its parent's. */
static struct ac_state *make_memory(void *at)
{
    struct ac_state *s = NULL;
    if (at == NULL || !segment.files_forbidden)
        s = ac_os_map_shared(AC_STATE_NAME, at, segment.bytes, &segment.shared);
    if (s == NULL && at != NULL)
        s = ac_os_map_nameless(at, segment.bytes);
    if (s != NULL)
        s->pid = ac_os_pid();
    return s;
}

void ac_segment_forbid_files(void)
{
    ac_store_rlx(&segment.files_forbidden, true);
}

bool ac_segment_may_open_files(void)
{
    return !ac_load_rlx(&segment.files_forbidden);
}

static void segment_make(const char *place, void *at, uint32_t forks)
{
    segment.bytes = ac_align_up(lay_out(NULL), ac_os_page_size());
    struct ac_state *s = segment.files_forbidden ? NULL : open_file(place, segment.bytes, at);
    segment.is_file = s != NULL;
    if (s == NULL)
        s = make_memory(at);
    segment.state = s;
    ac_segment_pages = s != NULL ? &s->pages : &no_pages;
    ac_segment_bell = s != NULL ? &s->bell : &ac_segment_heard;
    ac_segment_heard = 0;
    if (s == NULL)
        return;
    fill_header(s, forks);
    ac_fence_rel();
    memcpy(s->magic, AC_STATE_MAGIC, sizeof s->magic);
}

void ac_segment_start(const char *place, unsigned max_shards)
{
    if (strcmp(place, "none") == 0)
        return;
    segment.max_centers = (max_shards + 1) * (AC_NCLASSES - 1); /* and AC_SAMPLED_SHARD */
    segment_make(place, NULL, 0);
}

void ac_segment_fork(const char *place, uint32_t forks)
{
    if (segment.state != NULL)
        segment_make(place, segment.state, forks);
}

/* ---- rows ---- */

static size_t section_bytes(uint64_t nrows, size_t row_bytes)
{
    return nrows == 0 ? 0 : ac_align_up(nrows * row_bytes, ac_os_page_size());
}

static size_t ring_bytes(unsigned ring, uint64_t nrows)
{
    uint64_t n = ac_load_rlx(&segment.state->moments[ring]);
    return section_bytes(n < nrows ? n : nrows, sizeof(struct ac_state_moment));
}

static size_t profile_bytes(void)
{
    if (!segment.has_profile)
        return 0;
    const struct ac_state_profile *p = ac_segment_rows(AC_STATE_PROFILE);
    return section_bytes(1 + ac_load_rlx(&p->nsites), sizeof(struct ac_state_site)) +
           section_bytes(ac_load_rlx(&p->nsamples), sizeof(struct ac_state_sample)) +
           section_bytes(ac_load_rlx(&p->nframes), sizeof(uint64_t)) +
           section_bytes(ac_load_rlx(&p->nmodules), sizeof(struct ac_state_module));
}

size_t ac_segment_used_bytes(void)
{
    if (segment.state == NULL)
        return 0;
    return section_bytes(1, sizeof *segment.state) +
           section_bytes(ac_load_rlx(&segment.ncenters), sizeof(struct ac_state_center)) +
           section_bytes(ac_load_rlx(&segment.nthreads), sizeof(struct ac_state_thread)) +
           ring_bytes(0, SECONDS) + ring_bytes(1, TENS) + ring_bytes(2, MINUTES) + profile_bytes();
}

void ac_segment_note_profile(void)
{
    segment.has_profile = true;
}

void ac_segment_show_used_bytes(void)
{
    ac_store_rlx(&ac_segment_pages->segment_bytes, (uint64_t)ac_segment_used_bytes());
}

/* The next free row, which `shown` then counts; NULL when all are taken, counted in `missed`. */
static void *new_row(enum ac_state_section_id id, size_t row_bytes, uint32_t max, uint32_t *inout_n,
                     uint32_t *shown, uint32_t *missed)
{
    uint32_t i = ac_load_rlx(inout_n);
    while (i < max && !ac_cas_acq(inout_n, &i, i + 1))
        ;
    if (i < max)
        ac_store_rel(shown, ac_load_rlx(inout_n));
    else
        ac_fetch_add_rlx(missed, 1u);
    ac_segment_show_used_bytes();
    return i < max ? (char *)ac_segment_rows(id) + i * row_bytes : NULL;
}

struct ac_state_center *ac_segment_new_center(void)
{
    struct ac_state *s = segment.state;
    struct ac_state_center *row = NULL;
    if (s != NULL)
        row = new_row(AC_STATE_CENTERS, sizeof *row, segment.max_centers, &segment.ncenters, &s->ncenters,
                      &s->missed_centers);
    return row != NULL ? row : &no_center;
}

struct ac_state_thread *ac_segment_new_thread(void)
{
    struct ac_state *s = segment.state;
    struct ac_state_thread *row = NULL;
    if (s != NULL)
        row = new_row(AC_STATE_THREADS, sizeof *row, MAX_THREADS, &segment.nthreads, &s->nthreads,
                      &s->missed_threads);
    return row != NULL ? row : &no_thread;
}

/* Two that change the total at once may store its values in either order; whoever then sees another value
 * than the one it stored stores again. The fence stands between a store and a load. */
void ac_segment_show_total(const size_t *total, uint64_t *row)
{
    size_t value = ac_load_rlx(total);
    for (;;) {
        ac_store_rlx(row, value);
        ac_fence_full();
        size_t now = ac_load_rlx(total);
        if (now == value)
            return;
        value = now;
    }
}
