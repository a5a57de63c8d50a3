/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include <stdbool.h>

static void line(struct ac_fmt *out, const char *name, uint64_t value)
{
    size_t start = out->len;
    ac_fmt_str(out, "  ");
    ac_fmt_str(out, name);
    ac_fmt_pad(out, start + 26);
    ac_fmt_dec(out, value);
    ac_fmt_char(out, '\n');
}

void ac_text_people(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out)
{
    ac_fmt_str(out, "acre ");
    ac_fmt_str(out, version);
    ac_fmt_str(out, ": where the memory is\n");
    for (unsigned i = 0; i < AC_STAT_COUNT; i++)
        line(out, ac_stat_row[i].name, snapshot->stats[i]);
    line(out, "max mmap bytes =",
         snapshot->stats[AC_STAT_mapped_bytes]); /* a line that glibc's has and programs look for */
    ac_fmt_str(out, "  size class  live  cached  free in spans  spans\n");
    for (unsigned c = 0; c < AC_STATE_MAX_CLASSES; c++) {
        const struct ac_state_class *row = &snapshot->classes[c];
        const uint64_t cells[] = {row->size_bytes, row->live_objects, row->cached_objects, row->free_objects,
                                  row->nspans};
        if (row->nspans == 0)
            continue;
        for (unsigned i = 0; i < sizeof cells / sizeof cells[0]; i++) {
            ac_fmt_str(out, "  ");
            ac_fmt_dec(out, cells[i]);
        }
        ac_fmt_char(out, '\n');
    }
}

static void attribute(struct ac_fmt *out, const char *name, uint64_t value)
{
    ac_fmt_char(out, ' ');
    ac_fmt_str(out, name);
    ac_fmt_str(out, "=\"");
    ac_fmt_dec(out, value);
    ac_fmt_char(out, '"');
}

void ac_text_xml(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out)
{
    ac_fmt_str(out, "<malloc version=\"1\">\n<acre version=\"");
    ac_fmt_str(out, version);
    ac_fmt_str(out, "\">\n");
    for (unsigned i = 0; i < AC_STAT_COUNT; i++) {
        ac_fmt_str(out, "<stat name=\"");
        ac_fmt_str(out, ac_stat_row[i].name);
        ac_fmt_char(out, '"');
        attribute(out, "value", snapshot->stats[i]);
        ac_fmt_str(out, "/>\n");
    }
    for (unsigned c = 0; c < AC_STATE_MAX_CLASSES; c++) {
        const struct ac_state_class *row = &snapshot->classes[c];
        if (row->nspans == 0)
            continue;
        ac_fmt_str(out, "<class");
        attribute(out, "size", row->size_bytes);
        attribute(out, "live", row->live_objects);
        attribute(out, "cached", row->cached_objects);
        attribute(out, "free", row->free_objects);
        attribute(out, "spans", row->nspans);
        ac_fmt_str(out, "/>\n");
    }
    ac_fmt_str(out, "</acre>\n</malloc>\n");
}

static void member(struct ac_fmt *out, const char *name, uint64_t value, bool is_first)
{
    ac_fmt_str(out, is_first ? "\"" : ",\"");
    ac_fmt_str(out, name);
    ac_fmt_str(out, "\":");
    ac_fmt_dec(out, value);
}

void ac_text_json(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out)
{
    bool is_first = true;
    ac_fmt_str(out, "{\"schema\":\"acre.stats/1\",\"version\":\"");
    ac_fmt_str(out, version);
    ac_fmt_str(out, "\",\"stats\":{");
    for (unsigned i = 0; i < AC_STAT_COUNT; i++)
        member(out, ac_stat_row[i].name, snapshot->stats[i], i == 0);
    ac_fmt_str(out, "},\"classes\":[");
    for (unsigned c = 0; c < AC_STATE_MAX_CLASSES; c++) {
        const struct ac_state_class *row = &snapshot->classes[c];
        if (row->nspans == 0)
            continue;
        ac_fmt_str(out, is_first ? "{" : ",{");
        is_first = false;
        member(out, "size", row->size_bytes, true);
        member(out, "live", row->live_objects, false);
        member(out, "cached", row->cached_objects, false);
        member(out, "free", row->free_objects, false);
        member(out, "spans", row->nspans, false);
        ac_fmt_char(out, '}');
    }
    ac_fmt_str(out, "]}\n");
}

static void metric(struct ac_fmt *out, const char *lead, const char *name, const char *suffix)
{
    ac_fmt_str(out, lead);
    ac_fmt_str(out, "acre_");
    ac_fmt_str(out, name);
    ac_fmt_str(out, suffix);
    ac_fmt_char(out, ' ');
}

void ac_text_prometheus(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out)
{
    (void)version;
    for (unsigned i = 0; i < AC_STAT_COUNT; i++) {
        const struct ac_stat_row *row = &ac_stat_row[i];
        const char *suffix = row->is_counter ? "_total" : "";
        if (i == AC_STAT_rss_bytes)
            continue; /* the system's to say */
        metric(out, "# HELP ", row->name, suffix);
        ac_fmt_str(out, row->help);
        metric(out, "\n# TYPE ", row->name, suffix);
        ac_fmt_str(out, row->is_counter ? "counter" : "gauge");
        metric(out, "\n", row->name, suffix);
        ac_fmt_dec(out, snapshot->stats[i]);
        ac_fmt_char(out, '\n');
    }
}
