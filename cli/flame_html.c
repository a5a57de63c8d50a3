/* SPDX-License-Identifier: MIT
 *
 * flame_html.c -- a heap profile as a page of its own: flame graph, sandwich, table. The page is that of
 * web/; what is written here is the JSON in it, schema acre.flame/1.
 *
 * functions  columns of name, file and number of module (-1: none); the first is the root's
 * nodes      columns of depth, number of function and line (-1: several); each follows its caller, and all
 *            that is below a node follows it at once
 * sites      columns: the node that the stack ends in, raw samples, and for every value its numbers
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flame_page.h"
#include "flame_tree.h"
#include "json.h"
#include "profile_format.h"

enum { NAME_BYTES = 512, DIGITS = 5 };

static void add(json_t *array, json_int_t number)
{
    json_array_append_new(array, json_integer(number));
}

static json_t *make_functions(const struct ac_profile *profile, const struct ac_flame_tree *tree)
{
    char text[NAME_BYTES];
    json_t *names = json_array();
    json_t *files = json_array();
    json_t *modules = json_array();
    for (size_t i = 0; i < tree->nfunctions; i++) {
        const struct ac_profile_frame *frame = tree->functions[i];
        const char *name = frame ? ac_profile_frame_name(profile, frame, text, sizeof(text)) : "all";
        json_array_append_new(names, ac_json_text(name));
        json_array_append_new(files, ac_json_text(frame ? frame->file : ""));
        add(modules, frame ? (json_int_t)frame->module - 1 : -1);
    }
    return json_pack("{s:o, s:o, s:o}", "name", names, "file", files, "module", modules);
}

static json_t *make_nodes(const struct ac_flame_tree *tree)
{
    json_t *depths = json_array();
    json_t *functions = json_array();
    json_t *lines = json_array();
    for (size_t i = 0; i < tree->nnodes; i++) {
        add(depths, tree->nodes[i].depth);
        add(functions, tree->nodes[i].function);
        add(lines, tree->nodes[i].line);
    }
    return json_pack("{s:o, s:o, s:o}", "depth", depths, "func", functions, "line", lines);
}

/* The numbers of one value for all sites. */
static json_t *make_column(const struct ac_profile *profile, enum ac_profile_value value)
{
    json_t *values = json_array();
    json_t *variances = json_array();
    json_t *before = json_array();
    int64_t *whole = ac_profile_whole(profile, value);
    for (size_t i = 0; i < profile->nsites; i++) {
        add(values, whole[i]);
        json_array_append_new(variances, json_real(profile->sites[i].variances[value]));
        add(before, llround(profile->sites[i].before[value]));
    }
    free(whole);
    json_t *column = json_pack("{s:o}", "value", values);
    if (profile->has_errors)
        json_object_set(column, "variance", variances);
    if (profile->is_difference)
        json_object_set(column, "before", before);
    json_decref(variances);
    json_decref(before);
    return column;
}

static json_t *make_sites(const struct ac_profile *profile, const struct ac_flame_tree *tree)
{
    json_t *nodes = json_array();
    json_t *taken = json_array();
    json_t *live = json_array();
    json_t *unsampled = json_array();
    json_t *columns = json_array();
    for (size_t i = 0; i < profile->nsites; i++) {
        add(nodes, tree->site_nodes[i]);
        add(taken, (json_int_t)profile->sites[i].taken);
        add(live, (json_int_t)profile->sites[i].live);
        add(unsampled, profile->sites[i].unsampled);
    }
    for (int v = 0; v < AC_PROFILE_NVALUES; v++) {
        if (profile->has & AC_PROFILE_HAS(v))
            json_array_append_new(columns, make_column(profile, (enum ac_profile_value)v));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "node", nodes, "taken", taken, "live", live, "unsampled",
                     unsampled, "columns", columns);
}

static json_t *make_values(const struct ac_profile *profile)
{
    json_t *values = json_array();
    for (int v = 0; v < AC_PROFILE_NVALUES; v++) {
        if (profile->has & AC_PROFILE_HAS(v))
            json_array_append_new(values, json_pack("{s:s, s:s}", "name",
                                                    ac_profile_value_name((enum ac_profile_value)v), "unit",
                                                    ac_profile_value_unit((enum ac_profile_value)v)));
    }
    return values;
}

static json_t *make_profile(const struct ac_profile *profile, const struct ac_profile_show *show)
{
    struct ac_flame_tree tree;
    json_t *modules = json_array();
    json_t *comments = json_array();
    for (size_t i = 0; i < profile->nmodules; i++)
        json_array_append_new(modules, ac_json_text(profile->modules[i].path));
    for (size_t i = 0; i < profile->ncomments; i++)
        json_array_append_new(comments, ac_json_text(profile->comments[i]));
    ac_flame_tree_make(profile, &tree);
    json_t *root =
        json_pack("{s:s, s:o, s:I, s:I, s:f, s:I, s:I, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
                  "schema", "acre.flame/1", "program", ac_json_text(profile->program), "pid",
                  (json_int_t)profile->pid, "time_ms", (json_int_t)(profile->time_ns / 1000000), "duration_s",
                  (double)profile->duration_ns / 1e9, "samples", (json_int_t)profile->taken, "rate_bytes",
                  (json_int_t)profile->rate_bytes, "value", ac_profile_value_name(show->value), "has_errors",
                  profile->has_errors, "difference", profile->is_difference, "comments", comments, "modules",
                  modules, "values", make_values(profile), "functions", make_functions(profile, &tree),
                  "nodes", make_nodes(&tree), "sites", make_sites(profile, &tree));
    ac_flame_tree_free(&tree);
    return root;
}

/* '<' stands in texts only, where it has another spelling that no HTML parser takes for a tag. */
static int put_escaped(const char *bytes, size_t n, void *out)
{
    const char *end = bytes + n;
    while (bytes < end) {
        const char *less = memchr(bytes, '<', (size_t)(end - bytes));
        size_t plain = (size_t)((less ? less : end) - bytes);
        if (fwrite(bytes, 1, plain, out) != plain || (less && fputs("\\u003c", out) == EOF))
            return -1;
        bytes += plain + (less != NULL);
    }
    return 0;
}

bool ac_profile_write_html(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out,
                           char *why)
{
    if (ac_flame_page_head[0] == '\0') {
        snprintf(why, AC_PROFILE_WHY_BYTES,
                 "this acre was built without npm, so it has no HTML; write .svg, or install nodejs and npm "
                 "and build it again");
        return false;
    }
    json_t *root = make_profile(profile, show);
    fputs(ac_flame_page_head, out);
    json_dump_callback(root, put_escaped, out, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    fputs(ac_flame_page_tail, out);
    json_decref(root);
    return true;
}
