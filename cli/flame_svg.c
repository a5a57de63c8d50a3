/* SPDX-License-Identifier: MIT
 *
 * flame_svg.c -- a heap profile as a flame graph in SVG, without scripts: the root below, a title for every
 * frame. Frames under half a pixel are left out.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flame_tree.h"
#include "format.h"
#include "profile_format.h"
#include "profile_table.h"

enum { WIDTH = 1400, MARGIN = 16, HEAD = 62, FOOT = 34, ROW = 18, PAD = 4, NAME_BYTES = 512, NHUES = 8 };
#define LEAST 0.5
#define LETTER 6.6 /* width of one at 11 px, in a font of fixed width */

/* What all below a node adds up to. */
struct sum {
    double width; /* in units of the value */
    double value;
    double before;
    double variance;
    uint64_t samples;
    bool unsampled;
    double x;    /* where it begins */
    double used; /* by the children placed so far */
};

struct drawing {
    const struct ac_profile *profile;
    const struct ac_flame_tree *tree;
    enum ac_profile_value value;
    struct sum *sums;
    double scale; /* pixels by unit of the value */
    uint32_t deepest;
    unsigned *hues; /* of modules */
    FILE *out;
};

static void add_up(struct drawing *d)
{
    bool live = d->value == AC_PROFILE_INUSE_SPACE || d->value >= AC_PROFILE_REQUESTED_SPACE;
    for (size_t i = 0; i < d->profile->nsites; i++) {
        const struct ac_profile_site *site = &d->profile->sites[i];
        struct sum *sum = &d->sums[d->tree->site_nodes[i]];
        double value = site->values[d->value];
        double before = site->before[d->value];
        sum->width += fmax(0, d->profile->is_difference ? fmax(before, before + value) : value);
        sum->value += value;
        sum->before += before;
        sum->variance += site->variances[d->value];
        sum->samples += live ? site->live : site->taken;
        sum->unsampled |= site->unsampled;
    }
    for (size_t i = d->tree->nnodes; i-- > 1;) {
        const struct sum *from = &d->sums[i];
        struct sum *to = &d->sums[d->tree->nodes[i].parent];
        to->width += from->width;
        to->value += from->value;
        to->before += from->before;
        to->variance += from->variance;
        to->samples += from->samples;
        to->unsampled |= from->unsampled;
    }
}

static bool is_seen(const struct drawing *d, size_t node)
{
    return d->sums[node].width * d->scale >= LEAST;
}

static void place(struct drawing *d)
{
    d->scale = d->sums[0].width > 0 ? (WIDTH - 2 * MARGIN) / d->sums[0].width : 0;
    for (size_t i = 1; i < d->tree->nnodes; i++) {
        struct sum *parent = &d->sums[d->tree->nodes[i].parent];
        d->sums[i].x = parent->x + parent->used;
        parent->used += d->sums[i].width;
        if (is_seen(d, i) && d->tree->nodes[i].depth > d->deepest)
            d->deepest = d->tree->nodes[i].depth;
    }
}

/* Modules in the order of what their own code allocates get hues that are told apart easily. */
static void choose_hues(struct drawing *d)
{
    double *weights = ac_zeroed(d->profile->nmodules + 1, sizeof(*weights));
    for (size_t i = 0; i < d->profile->nmodules; i++)
        d->hues[i] = NHUES;
    for (size_t i = 0; i < d->profile->nsites; i++) {
        const struct ac_profile_site *site = &d->profile->sites[i];
        uint32_t module = site->nframes ? d->profile->frames[d->profile->stacks[site->first]].module : 0;
        weights[module] += fabs(site->values[d->value]);
    }
    for (unsigned hue = 0; hue < NHUES; hue++) {
        size_t best = 0;
        for (size_t i = 1; i <= d->profile->nmodules; i++) {
            if (d->hues[i - 1] == NHUES && (best == 0 || weights[i] > weights[best]))
                best = i;
        }
        if (best > 0)
            d->hues[best - 1] = hue;
    }
    free(weights);
}

/* Text of an element or attribute; what XML cannot hold becomes '?'. */
static void put_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            fputs("&amp;", out);
        else if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else
            putc(c < ' ' || c == 0x7f ? '?' : c, out);
    }
}

static const char *amount(const struct drawing *d, double value, char *text)
{
    if (strcmp(ac_profile_value_unit(d->value), "bytes") == 0)
        return ac_format_bytes(llround(value), text);
    text[0] = '-';
    ac_format_count((uint64_t)llround(fabs(value)), text + (value < -0.5));
    return text;
}

static void put_amounts(const struct drawing *d, const struct sum *sum)
{
    char text[3][AC_TEXT_BYTES + 1];
    double margin = ac_profile_margin(sum->variance);
    bool signed_plus = d->profile->is_difference && sum->value > 0;
    fprintf(d->out, "%s%s", signed_plus ? "+" : "", amount(d, sum->value, text[0]));
    if (d->profile->has_errors && margin > 0)
        fprintf(d->out, " \302\261 %s", amount(d, margin, text[1]));
    if (d->profile->is_difference)
        fprintf(d->out, " (%s before, %s after)", amount(d, sum->before, text[1]),
                amount(d, sum->before + sum->value, text[2]));
    else
        fprintf(d->out, ", %.1f %%", d->sums[0].value > 0 ? 100 * sum->value / d->sums[0].value : 0);
}

static void put_title(const struct drawing *d, const char *name, size_t node)
{
    const struct ac_flame_node *place = &d->tree->nodes[node];
    const struct ac_profile_frame *frame = d->tree->functions[place->function];
    fputs("<title>", d->out);
    put_text(name, d->out);
    fputs("\n", d->out);
    put_amounts(d, &d->sums[node]);
    if (frame && frame->file[0]) {
        fputs("\n", d->out);
        put_text(frame->file, d->out);
        if (place->line > 0)
            fprintf(d->out, ":%lld", (long long)place->line);
    }
    if (frame && frame->module) {
        fputs("\n", d->out);
        put_text(d->profile->modules[frame->module - 1].path, d->out);
    }
    fputs("</title>", d->out);
}

/* "#rrggbb" between two colours. */
static const char *mix(const int from[3], const int to[3], double part, char text[8])
{
    int c[3];
    for (int i = 0; i < 3; i++)
        c[i] = from[i] + (int)lround((to[i] - from[i]) * part);
    snprintf(text, 8, "#%02x%02x%02x", (unsigned)c[0] & 255, (unsigned)c[1] & 255, (unsigned)c[2] & 255);
    return text;
}

static const char *colour_of(const struct drawing *d, size_t node, char text[8])
{
    static const int same[3] = {233, 235, 238}, up[3] = {224, 82, 63}, down[3] = {63, 127, 209};
    static const char *const hues[NHUES + 1] = {"#a9cdf5", "#f2c096", "#a5d8b6", "#dcbfe9", "#98d8d6",
                                                "#f5bcb6", "#d5cc8f", "#efbcd2", "#e3e5e8"};
    const struct sum *sum = &d->sums[node];
    const struct ac_profile_frame *frame = d->tree->functions[d->tree->nodes[node].function];
    if (d->profile->is_difference) {
        double larger = fmax(fmax(fabs(sum->before), fabs(sum->before + sum->value)), fabs(sum->value));
        bool noise = sum->value == 0 || fabs(sum->value) < ac_profile_margin(sum->variance);
        double part = noise || larger <= 0 ? 0 : 0.25 + 0.75 * fabs(sum->value) / larger;
        return mix(same, sum->value > 0 ? up : down, part, text);
    }
    bool few = d->profile->has_errors && !sum->unsampled && sum->samples < AC_PROFILE_FEW;
    if (few || !frame || frame->function[0] == '[')
        return hues[NHUES];
    if (frame->module != 0)
        return hues[d->hues[frame->module - 1]];
    return hues[d->profile->nmodules ? NHUES : ac_hash(frame->function, strlen(frame->function), 0) % NHUES];
}

/* As much of a name as there is room for: first without its arguments, then cut, between letters. */
static void put_label(const struct drawing *d, const char *name, double x, double y, double width)
{
    size_t room = (size_t)fmax(0, (width - 2 * PAD) / LETTER);
    size_t n = strlen(name);
    char text[NAME_BYTES];
    if (n > room && name[0] != '(' && strchr(name, '('))
        n = strcspn(name, "(");
    bool cut = n > room;
    if (cut)
        n = room - 1;
    if (room < 3 || n >= sizeof(text))
        return;
    while (cut && n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
        n--;
    memcpy(text, name, n);
    text[n] = '\0';
    fprintf(d->out, "<text x=\"%.1f\" y=\"%.1f\">", x + PAD, y + ROW - 5.5);
    put_text(text, d->out);
    fputs(cut ? "\342\200\246</text>" : "</text>", d->out);
}

static void put_node(const struct drawing *d, size_t node)
{
    char text[NAME_BYTES];
    char safe[NAME_BYTES];
    char colour[8];
    const struct ac_profile_frame *frame = d->tree->functions[d->tree->nodes[node].function];
    const char *name = frame ? ac_profile_frame_name(d->profile, frame, text, sizeof(text)) : "all";
    double x = MARGIN + d->sums[node].x * d->scale;
    double width = d->sums[node].width * d->scale;
    double y = HEAD + (double)(d->deepest - d->tree->nodes[node].depth) * ROW;
    ac_format_safely(name, safe, sizeof(safe));
    fputs("<g>", d->out);
    put_title(d, safe, node);
    fprintf(d->out, "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>", x, y,
            fmax(0.4, width - (width > 3)), ROW - 1, colour_of(d, node, colour));
    put_label(d, safe, x, y, width);
    fputs("</g>\n", d->out);
}

static void put_head(const struct drawing *d, int height)
{
    fprintf(d->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "role=\"img\">\n"
            "<style>text { font: 11px \"DejaVu Sans Mono\", Menlo, Consolas, monospace; fill: #1a2027; }\n"
            ".words { font: 13px \"Segoe UI\", system-ui, \"DejaVu Sans\", sans-serif; fill: #5b6570; }\n"
            ".heading { font-size: 18px; font-weight: 600; fill: #1a2027; }\n"
            "g:hover rect { stroke: #10151b; }</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
            "<text class=\"words heading\" x=\"%d\" y=\"28\">%s",
            WIDTH, height, WIDTH, height, MARGIN,
            d->profile->is_difference ? "Change of the heap" : "Heap profile");
    if (d->profile->program[0]) {
        char safe[sizeof(d->profile->program) + 4];
        ac_format_safely(d->profile->program, safe, sizeof(safe));
        fputs(" of ", d->out);
        put_text(safe, d->out);
    }
    fprintf(d->out, "</text>\n<text class=\"words\" x=\"%d\" y=\"48\">%s: ", MARGIN,
            ac_profile_value_name(d->value));
    put_amounts(d, &d->sums[0]);
    if (d->profile->taken)
        fprintf(d->out, "; %llu samples", (unsigned long long)d->profile->taken);
    fputs("</text>\n", d->out);
}

static void put_foot(const struct drawing *d, int height)
{
    const char *words = d->profile->nmodules ? "colours tell the modules apart" : "";
    if (d->profile->is_difference)
        words =
            "red: more than before; blue: less; grey: unchanged, or within the error; as wide as the "
            "larger of both";
    else if (d->profile->has_errors)
        words = "colours tell the modules apart; grey: under 10 samples; \302\261 is a 95 % interval";
    fprintf(d->out, "<text class=\"words\" x=\"%d\" y=\"%d\">%s</text>\n</svg>\n", MARGIN, height - 12,
            words);
}

bool ac_profile_write_svg(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out,
                          char *why)
{
    struct ac_flame_tree tree;
    struct drawing d = {.profile = profile, .tree = &tree, .value = show->value, .out = out};
    (void)why;
    ac_flame_tree_make(profile, &tree);
    d.sums = ac_zeroed(tree.nnodes, sizeof(*d.sums));
    d.hues = ac_zeroed(profile->nmodules + 1, sizeof(*d.hues));
    add_up(&d);
    place(&d);
    choose_hues(&d);
    int height = HEAD + (int)(d.deepest + 1) * ROW + FOOT;
    put_head(&d, height);
    for (size_t i = 0; i < tree.nnodes; i++) {
        if (i == 0 || is_seen(&d, i))
            put_node(&d, i);
    }
    put_foot(&d, height);
    free(d.sums);
    free(d.hues);
    ac_flame_tree_free(&tree);
    return true;
}
