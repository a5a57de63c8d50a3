/* SPDX-License-Identifier: MIT
 *
 * compare_json.c -- a comparison as JSON, schema acre.compare/1: every run, and what follows from them.
 */
#include <string.h>

#include "compare.h"
#include "json.h"

static json_t *strings(char **words)
{
    json_t *list = json_array();
    for (; words && *words; words++)
        json_array_append_new(list, ac_json_text(*words));
    return list;
}

static json_t *values_as_json(const struct ac_cost *cost, const struct ac_comparison *comparison)
{
    json_t *out = json_object();
    for (int metric = 0; metric < AC_NMETRICS; metric++) {
        if (ac_compare_has(comparison, (enum ac_metric)metric))
            json_object_set_new(out, ac_metrics[metric].key, json_real(cost->values[metric]));
    }
    return out;
}

static json_t *run_as_json(const struct ac_cost *cost, const struct ac_comparison *comparison)
{
    char hash[24];
    json_t *out = values_as_json(cost, comparison);
    snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)cost->output_hash);
    json_object_set_new(out, "status", json_integer(cost->status));
    json_object_set_new(out, "output_bytes", json_integer((json_int_t)cost->output_bytes));
    json_object_set_new(out, "output_hash", json_string(hash));
    json_object_set_new(out, "left_behind", json_integer((json_int_t)cost->nleft));
    return out;
}

static json_t *ratio_as_json(const struct ac_ratio *ratio)
{
    static const char *const words[] = {[AC_VERDICT_NONE] = "not comparable",
                                        [AC_VERDICT_FEW] = "too few runs to tell",
                                        [AC_VERDICT_SAME] = "no significant difference",
                                        [AC_VERDICT_LESS] = "less",
                                        [AC_VERDICT_MORE] = "more"};
    return json_pack("{s:f, s:f, s:f, s:s}", "ratio", ratio->median, "low", ratio->low, "high", ratio->high,
                     "verdict", words[ratio->verdict]);
}

static void add_results(json_t *out, const struct ac_comparison *comparison, size_t i)
{
    double values[AC_ROUNDS_MAX];
    json_t *medians = json_object();
    json_t *ratios = json_object();
    json_t *runs = json_array();
    for (int metric = 0; metric < AC_NMETRICS; metric++) {
        enum ac_metric m = (enum ac_metric)metric;
        if (!ac_compare_has(comparison, m))
            continue;
        struct ac_ratio ratio = ac_compare_ratio(comparison, i, m);
        json_object_set_new(medians, ac_metrics[m].key,
                            json_real(ac_compare_values(comparison, i, m, values)));
        json_object_set_new(ratios, ac_metrics[m].key, ratio_as_json(&ratio));
    }
    for (size_t j = 0; j < comparison->nrounds; j++)
        json_array_append_new(runs, run_as_json(&comparison->columns[i].costs[j], comparison));
    json_object_set_new(out, "median", medians);
    json_object_set_new(out, "against_base", ratios);
    json_object_set_new(out, "runs", runs);
}

/* NAME=VALUE,NAME=VALUE */
static json_t *variables_as_json(const struct ac_peer *peer)
{
    char text[1024] = "";
    for (size_t i = 0; peer->variables[i]; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "%s%s", i > 0 ? "," : "", peer->variables[i]);
    }
    return ac_json_text(text);
}

static json_t *column_as_json(const struct ac_comparison *comparison, size_t i)
{
    const struct ac_column *column = &comparison->columns[i];
    json_t *out = json_pack("{s:s, s:s, s:s, s:o, s:b, s:{s:I, s:I, s:s}}", "name", column->peer->name,
                            "library", column->library, "version", column->peer->version, "variable",
                            variables_as_json(column->peer), "left_out", (int)column->failed, "bindings",
                            "to_it", (json_int_t)column->served.nbound, "elsewhere",
                            (json_int_t)column->served.nelsewhere, "first_elsewhere", column->served.stray);
    if (out && !column->failed)
        add_results(out, comparison, i);
    return out;
}

bool ac_compare_print_json(const struct ac_comparison *comparison, FILE *out)
{
    static const char *const outputs[] = {"none", "same", "varies", "differs"};
    char machine[512];
    json_t *columns = json_array();
    json_t *notes = json_array();
    for (size_t i = 0; i < comparison->ncolumns; i++)
        json_array_append_new(columns, column_as_json(comparison, i));
    for (size_t i = 0; i < comparison->nnotes; i++)
        json_array_append_new(notes, ac_json_text(comparison->notes[i]));
    ac_compare_machine(machine, sizeof(machine));
    json_t *root = json_pack(
        "{s:s, s:o, s:o, s:o, s:s, s:f, s:I, s:I, s:b, s:s, s:s, s:o, s:o}", "schema", "acre.compare/1",
        "argv", strings(comparison->argv), "until", ac_json_text(comparison->launch.until), "load",
        ac_json_text(comparison->launch.load), "machine", machine, "load_average", comparison->load_average,
        "time", (json_int_t)comparison->date, "rounds", (json_int_t)comparison->nrounds, "interrupted",
        (int)comparison->interrupted, "output", outputs[comparison->output], "base",
        comparison->columns[comparison->base].peer->name, "allocators", columns, "notes", notes);
    bool done = root && json_dumpf(root, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return done;
}
