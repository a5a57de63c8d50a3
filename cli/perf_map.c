/* SPDX-License-Identifier: MIT
 *
 * perf_map.c -- the names that JIT compilers leave in /tmp/perf-PID.map: "START SIZE NAME" a line, in hex.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intern.h"
#include "symbol.h"

struct entry {
    uint64_t start;
    uint64_t bytes;
    size_t order; /* later ones replace earlier ones */
    char *name;
};

struct ac_perf_map {
    struct entry *entries;
    size_t n;
    size_t room;
};

static int by_start(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

FILE *ac_perf_map_file(int32_t pid)
{
    char path[96];
    snprintf(path, sizeof(path), "/proc/%" PRId32 "/root/tmp/perf-%" PRId32 ".map", pid, pid);
    FILE *in = fopen(path, "re");
    snprintf(path, sizeof(path), "/tmp/perf-%" PRId32 ".map", pid);
    return in ? in : fopen(path, "re");
}

struct ac_perf_map *ac_perf_map_open(int32_t pid)
{
    FILE *in = ac_perf_map_file(pid);
    return in ? ac_perf_map_read(in) : NULL;
}

struct ac_perf_map *ac_perf_map_read(FILE *in)
{
    char *line = NULL;
    size_t line_bytes = 0;
    struct ac_perf_map *map = ac_zeroed(1, sizeof(*map));
    while (getline(&line, &line_bytes, in) > 0) {
        struct entry entry = {.order = map->n};
        int at = 0;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%" SCNx64 " %" SCNx64 " %n", &entry.start, &entry.bytes, &at) < 2 || at == 0)
            continue;
        entry.name = strdup(line + at);
        map->entries = ac_grow(map->entries, map->n, &map->room, 1, sizeof(*map->entries));
        map->entries[map->n++] = entry;
    }
    free(line);
    fclose(in);
    qsort(map->entries, map->n, sizeof(*map->entries), by_start);
    return map;
}

void ac_perf_map_close(struct ac_perf_map *map)
{
    for (size_t i = 0; i < map->n; i++)
        free(map->entries[i].name);
    free(map->entries);
    free(map);
}

const char *ac_perf_map_at(const struct ac_perf_map *map, uint64_t address)
{
    size_t low = 0;
    size_t high = map->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (map->entries[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address - map->entries[low - 1].start >= map->entries[low - 1].bytes)
        return NULL;
    return map->entries[low - 1].name;
}
