/* SPDX-License-Identifier: MIT
 *
 * The numbers are estimates of all blocks already, so the period says 1: readers multiply by nothing.
 */
#include "watch/prof_dump.h"

#include "base/atomic.h"
#include "base/fmt.h"
#include "os/os.h"
#include "watch/prof_store.h"

#include <errno.h>

struct sums {
    uint64_t live_objects;
    uint64_t live_bytes;
    uint64_t alloc_objects;
    uint64_t alloc_bytes;
};

static uint64_t rounded(uint64_t weight)
{
    return (weight + AC_STATE_WEIGHT_ONE / 2) / AC_STATE_WEIGHT_ONE;
}

static void add(struct sums *sums, const struct ac_state_site *site)
{
    sums->live_objects += ac_load_rlx(&site->live_objects);
    sums->live_bytes += ac_load_rlx(&site->live_bytes);
    sums->alloc_objects += ac_load_rlx(&site->alloc_objects);
    sums->alloc_bytes += ac_load_rlx(&site->alloc_bytes);
}

/* n: bytes [n: bytes] @ */
static void put_sums(struct ac_fmt *f, const struct sums *sums)
{
    ac_fmt_dec(f, rounded(sums->live_objects));
    ac_fmt_str(f, ": ");
    ac_fmt_dec(f, sums->live_bytes);
    ac_fmt_str(f, " [");
    ac_fmt_dec(f, rounded(sums->alloc_objects));
    ac_fmt_str(f, ": ");
    ac_fmt_dec(f, sums->alloc_bytes);
    ac_fmt_str(f, "] @ ");
}

static bool write_line(int fd, struct ac_fmt *f)
{
    f->buf[f->len++] = '\n';
    return ac_os_write(fd, f->buf, f->len);
}

static bool write_site(int fd, const struct ac_state_site *site)
{
    char line[2048]; /* a few numbers and AC_PROF_MAX_DEPTH addresses */
    struct ac_fmt f = {line, sizeof line - 1, 0};
    struct sums sums = {0};
    add(&sums, site);
    if (sums.alloc_objects == 0)
        return true;
    put_sums(&f, &sums);
    for (unsigned i = 0; i < site->nframes; i++) {
        ac_fmt_str(&f, i == 0 ? "" : " ");
        ac_fmt_hex(&f, ac_prof_store.frames[site->first_frame + i]);
    }
    return write_line(fd, &f);
}

static bool write_maps(int fd)
{
    static const char title[] = "\nMAPPED_LIBRARIES:\n";
    char text[2048];
    size_t n;
    bool ok = ac_os_write(fd, title, sizeof title - 1);
    int maps = ac_os_open("/proc/self/maps");
    while (ok && maps >= 0 && (n = ac_os_read(maps, text, sizeof text)) != 0)
        ok = ac_os_write(fd, text, n);
    if (maps >= 0)
        ac_os_close(maps);
    return ok;
}

static bool write_all(int fd)
{
    char line[256];
    struct ac_fmt f = {line, sizeof line - 1, 0};
    struct sums sums = {0};
    const struct ac_prof_store *store = &ac_prof_store;
    uint32_t nsites = ac_load_acq(&store->profile->nsites);
    for (uint32_t i = 0; i < nsites; i++)
        add(&sums, &store->sites[i]);
    ac_fmt_str(&f, "heap profile: ");
    put_sums(&f, &sums);
    ac_fmt_str(&f, "heap_v2/1");
    bool ok = write_line(fd, &f);
    for (uint32_t i = 0; ok && i < nsites; i++)
        ok = write_site(fd, &store->sites[i]);
    return ok && write_maps(fd);
}

int ac_prof_dump(const char *path)
{
    if (ac_prof_store.profile == NULL || ac_load_rlx(&ac_prof_store.profile->runs) == 0)
        return ENODATA;
    int fd = ac_os_create(path);
    if (fd < 0)
        return -fd;
    bool ok = write_all(fd);
    ac_os_close(fd);
    return ok ? 0 : EIO;
}
