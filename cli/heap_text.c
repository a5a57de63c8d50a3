/* SPDX-License-Identifier: MIT
 *
 * heap_text.c -- a heap profile as the text of gperftools and of jemalloc, written and read.
 *
 * Both have return addresses only, and the mappings; whoever reads them scales the numbers by the rate in the
 * first line, which is 1 in what is written here: the numbers are estimates already. Frames that are names
 * have addresses that no code has, 0x10, 0x20, ...
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profile_format.h"

/* ---- writing ---- */

struct numbers {
    int64_t *columns[AC_PROFILE_INUSE_SPACE + 1];
    int64_t sums[AC_PROFILE_INUSE_SPACE + 1];
};

static void take_numbers(const struct ac_profile *profile, struct numbers *out)
{
    memset(out, 0, sizeof(*out));
    for (int v = 0; v <= AC_PROFILE_INUSE_SPACE; v++) {
        out->columns[v] = ac_profile_whole(profile, (enum ac_profile_value)v);
        for (size_t i = 0; i < profile->nsites; i++)
            out->sums[v] += out->columns[v][i];
    }
}

static void put_numbers(const int64_t n[AC_PROFILE_INUSE_SPACE + 1], FILE *out)
{
    fprintf(out, "%" PRId64 ": %" PRId64 " [%" PRId64 ": %" PRId64 "]", n[AC_PROFILE_INUSE_OBJECTS],
            n[AC_PROFILE_INUSE_SPACE], n[AC_PROFILE_ALLOC_OBJECTS], n[AC_PROFILE_ALLOC_SPACE]);
}

/* False when they are all 0. */
static bool numbers_of(const struct numbers *numbers, size_t site, int64_t out[AC_PROFILE_INUSE_SPACE + 1])
{
    bool any = false;
    for (int v = 0; v <= AC_PROFILE_INUSE_SPACE; v++) {
        out[v] = numbers->columns[v][site];
        any |= out[v] != 0;
    }
    return any;
}

static void put_addresses(const struct ac_profile *profile, const struct ac_profile_site *site, FILE *out)
{
    fputc('@', out);
    for (uint32_t i = 0; i < site->nframes; i++) {
        uint32_t number = profile->stacks[site->first + i];
        const struct ac_profile_frame *frame = &profile->frames[number];
        if (frame->inlined)
            continue;
        fprintf(out, " 0x%" PRIx64, frame->address ? frame->address + 1 : 16 * ((uint64_t)number + 1));
    }
}

static void put_modules(const struct ac_profile *profile, FILE *out)
{
    fputs("\nMAPPED_LIBRARIES:\n", out);
    for (size_t i = 0; i < profile->nmodules; i++) {
        const struct ac_profile_module *module = &profile->modules[i];
        fprintf(out, "%" PRIx64 "-%" PRIx64 " r-xp %08" PRIx64 " 00:00 0 %s\n", module->start, module->end,
                module->offset_bytes, module->path);
    }
}

static bool can_write(const struct ac_profile *profile, char *why)
{
    bool addresses = false;
    for (size_t i = 0; i < profile->nframes && !addresses; i++)
        addresses = profile->frames[i].address != 0;
    if (profile->is_difference)
        snprintf(why, AC_PROFILE_WHY_BYTES, "this format has no differences; .folded and .txt have");
    else if (!addresses)
        snprintf(why, AC_PROFILE_WHY_BYTES,
                 "it has names of functions only, and this format wants addresses");
    return addresses && !profile->is_difference;
}

/* jemalloc puts a stack before its numbers, gperftools behind them. */
static bool write_text(const struct ac_profile *profile, FILE *out, char *why, bool jemalloc)
{
    struct numbers numbers;
    int64_t row[AC_PROFILE_INUSE_SPACE + 1];
    if (!can_write(profile, why))
        return false;
    take_numbers(profile, &numbers);
    fputs(jemalloc ? "heap_v2/1\n  t*: " : "heap profile: ", out);
    put_numbers(numbers.sums, out);
    fputs(jemalloc ? "\n" : " @ heap_v2/1\n", out);
    for (size_t i = 0; i < profile->nsites; i++) {
        if (!numbers_of(&numbers, i, row))
            continue;
        if (jemalloc) {
            put_addresses(profile, &profile->sites[i], out);
            fputs("\n  t*: ", out);
        }
        put_numbers(row, out);
        if (!jemalloc) {
            fputc(' ', out);
            put_addresses(profile, &profile->sites[i], out);
        }
        fputc('\n', out);
    }
    put_modules(profile, out);
    for (int v = 0; v <= AC_PROFILE_INUSE_SPACE; v++)
        free(numbers.columns[v]);
    return true;
}

bool ac_profile_write_gperftools(const struct ac_profile *profile, const struct ac_profile_show *show,
                                 FILE *out, char *why)
{
    (void)show;
    return write_text(profile, out, why, false);
}

bool ac_profile_write_jemalloc(const struct ac_profile *profile, const struct ac_profile_show *show,
                               FILE *out, char *why)
{
    (void)show;
    return write_text(profile, out, why, true);
}

/* ---- reading ---- */

enum { MAX_FRAMES = 1024 };
static const double most = (double)(UINT64_C(1) << 60);

struct scan {
    struct ac_profile *out;
    double rate; /* 0 or 1: the numbers are estimates */
    uint32_t frames[MAX_FRAMES];
    size_t nframes;
    size_t line;
};

/* Reads "n: bytes [n: bytes]"; returns what follows it, or NULL. */
static char *read_numbers(const char *at, double out[AC_PROFILE_INUSE_SPACE + 1])
{
    double number[4];
    int used = -1;
    if (sscanf(at, " %lf: %lf [ %lf: %lf ]%n", &number[0], &number[1], &number[2], &number[3], &used) != 4 ||
        used < 0)
        return NULL;
    out[AC_PROFILE_INUSE_OBJECTS] = number[0];
    out[AC_PROFILE_INUSE_SPACE] = number[1];
    out[AC_PROFILE_ALLOC_OBJECTS] = number[2];
    out[AC_PROFILE_ALLOC_SPACE] = number[3];
    for (size_t i = 0; i < 4; i++) {
        if (!(number[i] >= 0 && number[i] <= most))
            return NULL;
    }
    return (char *)at + used;
}

/* What these readers make of sampled numbers: the mean size of the stack decides. */
static void add_numbers(struct scan *s, const double numbers[AC_PROFILE_INUSE_SPACE + 1])
{
    struct ac_profile_site *site = ac_profile_site(s->out, s->frames, s->nframes);
    for (int v = 0; v <= AC_PROFILE_INUSE_SPACE; v += 2) {
        double objects = numbers[v];
        double bytes = numbers[v + 1];
        double p = s->rate > 1 && objects > 0 ? 1 - exp(-bytes / objects / s->rate) : 1;
        site->values[v] += objects / p;
        site->values[v + 1] += bytes / p;
        if (s->rate > 1) {
            site->variances[v] += objects / p / p * (1 - p);
            site->variances[v + 1] += objects > 0 ? bytes * bytes / objects / p / p * (1 - p) : 0;
        }
    }
    if (s->rate > 1) {
        site->live += (uint64_t)numbers[AC_PROFILE_INUSE_OBJECTS];
        site->taken += (uint64_t)numbers[AC_PROFILE_ALLOC_OBJECTS];
    }
}

static bool read_addresses(struct scan *s, char *at)
{
    for (s->nframes = 0; s->nframes < MAX_FRAMES;) {
        char *end;
        uint64_t address = strtoull(at, &end, 16);
        if (end == at)
            break;
        s->frames[s->nframes++] =
            ac_profile_frame(s->out, &(struct ac_profile_frame){.address = address ? address - 1 : 0});
        at = end;
    }
    return s->nframes > 0;
}

static void read_module(struct scan *s, const char *line)
{
    struct ac_profile_module module = {.path = ""};
    char access[8];
    int at = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &module.start, &module.end, access,
               &module.offset_bytes, &at) < 4 ||
        strchr(access, 'x') == NULL || at == 0 || line[at] != '/')
        return;
    module.path = line + at;
    ac_profile_add_module(s->out, &module);
}

/* The first line: "heap profile: ... @ heap_v2/RATE" or "heap_v2/RATE". */
static bool read_first(struct scan *s, const char *line)
{
    const char *kind = strstr(line, "heap_v2/");
    if (strncmp(line, "heap profile:", 13) == 0 && strstr(line, "@ heapprofile"))
        return true;
    if (!kind)
        return false;
    s->rate = strtod(kind + 8, NULL);
    s->out->rate_bytes = s->rate > 1 ? (uint64_t)s->rate : 0;
    s->out->has_errors = s->rate > 1;
    return true;
}

static bool read_line(struct scan *s, char *line)
{
    double numbers[AC_PROFILE_INUSE_SPACE + 1] = {0};
    char *rest;
    while (isspace((unsigned char)*line))
        line++;
    if (*line == '\0')
        return true;
    if (*line == '@')
        return read_addresses(s, line + 1);
    if (*line == 't' && (line[1] != '*' || s->nframes == 0)) /* a thread's part, or the sum of all */
        return true;
    const char *colon = strchr(line, ':');
    rest = colon ? read_numbers(*line == 't' ? colon + 1 : line, numbers) : NULL;
    if (!rest)
        return false;
    char *stack = strchr(rest, '@');
    if (stack && !read_addresses(s, stack + 1))
        return false;
    if (s->nframes > 0)
        add_numbers(s, numbers);
    return true;
}

/* Frames were made before the mappings were known. */
static void find_modules(struct ac_profile *out)
{
    for (size_t i = 0; i < out->nframes; i++) {
        for (size_t k = 0; k < out->nmodules; k++) {
            if (out->frames[i].address >= out->modules[k].start &&
                out->frames[i].address < out->modules[k].end)
                out->frames[i].module = (uint32_t)k + 1;
        }
    }
}

bool ac_heap_text_read(const char *text, size_t n, struct ac_profile *out, char *why)
{
    static struct scan s;
    char *copy = ac_zeroed(n + 1, 1);
    char *rest = memcpy(copy, text, n);
    bool mapped = false;
    s = (struct scan){.out = out};
    out->has = AC_PROFILE_HAS(AC_PROFILE_INUSE_SPACE + 1) - 1;
    bool ok = true;
    for (char *line; ok && (line = strsep(&rest, "\n")) != NULL;) {
        if (s.line++ == 0)
            ok = read_first(&s, line);
        else if (strncmp(line, "MAPPED_LIBRARIES:", 17) == 0)
            mapped = true;
        else if (mapped)
            read_module(&s, line);
        else
            ok = read_line(&s, line);
    }
    free(copy);
    find_modules(out);
    if (!ok)
        snprintf(why, AC_PROFILE_WHY_BYTES, "its line %zu is not understood as a heap profile", s.line);
    return ok;
}
