/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * One range of addresses is reserved at the first call. A sorted array of regions says what of it is
 * mapped; neighbours are one region, as in the kernel, so that their number is that of the kernel's
 * mappings. Memory is real: mapping replaces the reservation by fresh pages, unmapping puts the
 * reservation back.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/os_fake.h"

#include "base/atomic.h"
#include "base/fmt.h"
#include "os/os.h"
#include "os/syscall.h"

#include <asm/unistd.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define SPACE_BYTES ((size_t)80 << 30)
#define SPACE_ALIGN ((uintptr_t)1 << 30)
#define MAX_REGIONS 8192u
#define MAX_WIPED 16u

struct region {
    uintptr_t base;
    size_t bytes;
};

static struct {
    uint32_t lock;
    uintptr_t base;
    unsigned nregions;
    struct region regions[MAX_REGIONS + 1];
    size_t mapped_bytes;
    size_t limit_bytes;
    unsigned limit_mappings;
    uintptr_t place_below;
    struct region wiped[MAX_WIPED];
    unsigned nwiped;
    size_t refused_unmap_bytes;
} space;

static size_t pretended_page_bytes;

/* ---- the books ---- */

static void space_lock(void)
{
    uint32_t nobody = 0;
    while (!ac_cas_acq(&space.lock, &nobody, 1)) {
        nobody = 0;
        ac_sys1(__NR_sched_yield, 0);
    }
}

static void space_unlock(void)
{
    ac_store_rel(&space.lock, 0);
}

AC_NORETURN static void breach(const char *call, const char *why, uintptr_t addr, size_t bytes)
{
    char line[256];
    struct ac_fmt f = {line, sizeof line - 1, 0};
    ac_fmt_str(&f, "os_fake: ");
    ac_fmt_str(&f, call);
    ac_fmt_str(&f, " of ");
    ac_fmt_dec(&f, bytes);
    ac_fmt_str(&f, " bytes at ");
    ac_fmt_hex(&f, addr);
    ac_fmt_str(&f, ": ");
    ac_fmt_str(&f, why);
    line[f.len++] = '\n';
    space_unlock();
    ac_os_write(2, line, f.len);
    ac_os_abort();
}

static size_t real_page(void)
{
    return getauxval(AT_PAGESZ);
}

static void *map_real(uintptr_t addr, size_t bytes, int protection)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (addr != 0 ? MAP_FIXED : 0);
    long result = ac_sys6(__NR_mmap, (long)addr, (long)bytes, protection, flags, -1, 0);
    if (ac_sys_failed(result))
        breach("map_real", "the real system has refused memory", addr, bytes);
    return (void *)result;
}

static void space_reserve(void)
{
    if (space.base != 0)
        return;
    uintptr_t p = (uintptr_t)map_real(0, SPACE_BYTES + SPACE_ALIGN, PROT_NONE);
    space.base = (p + SPACE_ALIGN - 1) & ~(SPACE_ALIGN - 1);
}

/* Index of the first region that ends behind an address. */
static unsigned region_at(uintptr_t addr)
{
    unsigned low = 0;
    unsigned high = space.nregions;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        if (space.regions[mid].base + space.regions[mid].bytes > addr)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

static bool is_mapped(uintptr_t addr, size_t bytes)
{
    unsigned i = region_at(addr);
    return i < space.nregions && space.regions[i].base <= addr &&
           addr + bytes <= space.regions[i].base + space.regions[i].bytes;
}

static bool is_free(uintptr_t addr, size_t bytes)
{
    unsigned i = region_at(addr);
    return addr >= space.base && addr + bytes <= space.base + SPACE_BYTES && addr + bytes >= addr &&
           (i == space.nregions || space.regions[i].base >= addr + bytes);
}

static void region_replace(unsigned i, unsigned nold, const struct region *fresh, unsigned nfresh)
{
    memmove(&space.regions[i + nfresh], &space.regions[i + nold],
            (space.nregions - i - nold) * sizeof space.regions[0]);
    memcpy(&space.regions[i], fresh, nfresh * sizeof *fresh);
    space.nregions += nfresh - nold;
    if (space.nregions > MAX_REGIONS)
        breach("map", "the table of os_fake.c is full; raise MAX_REGIONS", 0, 0);
}

static bool has_room(size_t more_bytes, unsigned more_mappings)
{
    return (space.limit_bytes == 0 || space.mapped_bytes + more_bytes <= space.limit_bytes) &&
           (space.limit_mappings == 0 || space.nregions + more_mappings <= space.limit_mappings);
}

/* Note a free range as mapped, joined to its neighbours. False when a limit forbids it. */
static bool region_add(uintptr_t addr, size_t bytes)
{
    unsigned i = region_at(addr);
    struct region fresh = {addr, bytes};
    unsigned first = i;
    unsigned nold = 0;
    if (i > 0 && space.regions[i - 1].base + space.regions[i - 1].bytes == addr) {
        first = i - 1;
        nold = 1;
        fresh.base = space.regions[first].base;
        fresh.bytes += space.regions[first].bytes;
    }
    if (i < space.nregions && space.regions[i].base == addr + bytes) {
        fresh.bytes += space.regions[i].bytes;
        nold++;
    }
    if (!has_room(bytes, nold == 0 ? 1 : 0))
        return false;
    region_replace(first, nold, &fresh, 1);
    space.mapped_bytes += bytes;
    return true;
}

/* Note a mapped range as absent. False when the table of mappings would overflow. */
static bool region_remove(uintptr_t addr, size_t bytes)
{
    unsigned i = region_at(addr);
    struct region whole = space.regions[i];
    struct region rest[2];
    unsigned nrest = 0;
    if (whole.base < addr)
        rest[nrest++] = (struct region){whole.base, addr - whole.base};
    if (whole.base + whole.bytes > addr + bytes)
        rest[nrest++] = (struct region){addr + bytes, whole.base + whole.bytes - addr - bytes};
    if (nrest == 2 && !has_room(0, 1))
        return false;
    region_replace(i, 1, rest, nrest);
    space.mapped_bytes -= bytes;
    return true;
}

/* The highest free place below `top`, or 0. */
static uintptr_t place(size_t bytes, size_t align, uintptr_t top)
{
    uintptr_t end = top;
    for (unsigned i = region_at(top); i <= space.nregions; i--) {
        uintptr_t floor = i == 0 ? space.base : space.regions[i - 1].base + space.regions[i - 1].bytes;
        if (end >= floor && end - floor >= bytes) {
            uintptr_t at = (end - bytes) & ~(uintptr_t)(align - 1);
            if (at >= floor)
                return at;
        }
        if (i == 0)
            break;
        end = space.regions[i - 1].base < end ? space.regions[i - 1].base : end;
    }
    return 0;
}

static void check_range(const char *call, uintptr_t addr, size_t bytes)
{
    size_t page = ac_os_page_size();
    if (bytes == 0 || bytes % page != 0)
        breach(call, "the length is not a number of pages", addr, bytes);
    if (addr % page != 0)
        breach(call, "the address is not a page's", addr, bytes);
}

static void check_mapped(const char *call, uintptr_t addr, size_t bytes)
{
    check_range(call, addr, bytes);
    if (!is_mapped(addr, bytes))
        breach(call, "not all of it is mapped", addr, bytes);
}

/* ---- memory ---- */

static void *map_locked(uintptr_t hint, size_t bytes, size_t align)
{
    if (bytes > SPACE_BYTES)
        return NULL;
    if (align < ac_os_page_size())
        align = ac_os_page_size();
    uintptr_t top = space.base + SPACE_BYTES;
    bool steered = space.place_below != 0;
    if (steered)
        top = space.place_below;
    uintptr_t at = hint & ~(uintptr_t)(align - 1);
    if (hint == 0 || steered || !is_free(at, bytes))
        at = place(bytes, align, top);
    if (at == 0 || !region_add(at, bytes))
        return NULL;
    return map_real(at, bytes, PROT_READ | PROT_WRITE);
}

static void *map_counted(enum ac_fake_call call, uintptr_t hint, size_t bytes, size_t align)
{
    space_lock();
    space_reserve();
    check_range("map", 0, bytes);
    if ((align & (align - 1)) != 0 || align < real_page())
        breach("map_aligned", "the alignment is not a power of two of at least a page", align, bytes);
    void *p = ac_fake_is_refused(call) ? NULL : map_locked(hint, bytes, align);
    space_unlock();
    if (p != NULL)
        ac_fake_let_intruder_in(call);
    return p;
}

void *ac_os_map(uintptr_t hint, size_t bytes)
{
    return map_counted(AC_FAKE_MAP, hint, bytes, ac_os_page_size());
}

void *ac_os_map_aligned(uintptr_t hint, size_t bytes, size_t align)
{
    return map_counted(AC_FAKE_MAP_ALIGNED, hint, bytes, align);
}

static bool unmap_locked(uintptr_t addr, size_t bytes)
{
    if (!region_remove(addr, bytes))
        return false;
    map_real(addr, bytes, PROT_NONE);
    return true;
}

bool ac_os_unmap(void *addr, size_t bytes)
{
    if (ac_fake_is_file(addr))
        return true;
    space_lock();
    check_mapped("unmap", (uintptr_t)addr, bytes);
    bool ok = !ac_fake_is_refused(AC_FAKE_UNMAP) && unmap_locked((uintptr_t)addr, bytes);
    if (!ok)
        space.refused_unmap_bytes += bytes;
    space_unlock();
    if (ok)
        ac_fake_let_intruder_in(AC_FAKE_UNMAP);
    return ok;
}

bool ac_os_purge(void *addr, size_t bytes)
{
    space_lock();
    check_mapped("purge", (uintptr_t)addr, bytes);
    bool ok = !ac_fake_is_refused(AC_FAKE_PURGE);
    if (ok)
        ac_sys3(__NR_madvise, addr, bytes, MADV_DONTNEED);
    space_unlock();
    if (ok)
        ac_fake_let_intruder_in(AC_FAKE_PURGE);
    return ok;
}

bool ac_os_resize(void *addr, size_t old_bytes, size_t new_bytes)
{
    uintptr_t end = (uintptr_t)addr + old_bytes;
    space_lock();
    check_mapped("resize", (uintptr_t)addr, old_bytes);
    check_range("resize", (uintptr_t)addr, new_bytes);
    bool ok = !ac_fake_is_refused(AC_FAKE_RESIZE);
    if (ok && new_bytes < old_bytes) {
        ok = unmap_locked((uintptr_t)addr + new_bytes, old_bytes - new_bytes);
    } else if (ok && new_bytes > old_bytes) {
        ok = is_free(end, new_bytes - old_bytes) && region_add(end, new_bytes - old_bytes);
        if (ok)
            map_real(end, new_bytes - old_bytes, PROT_READ | PROT_WRITE);
    }
    space_unlock();
    if (ok)
        ac_fake_let_intruder_in(AC_FAKE_RESIZE);
    return ok;
}

static bool is_resident(uintptr_t page)
{
    unsigned char resident = 0;
    ac_sys3(__NR_mincore, page, real_page(), &resident);
    return (resident & 1) != 0;
}

/* Copying the resident pages has the effect of moving them. */
bool ac_os_move(void *addr, size_t old_bytes, size_t new_bytes, void *target, bool *out_lost)
{
    uintptr_t from = (uintptr_t)addr;
    uintptr_t to = (uintptr_t)target;
    space_lock();
    check_mapped("move", from, old_bytes);
    check_mapped("move onto", to, new_bytes);
    if (from < to + new_bytes && to < from + old_bytes)
        breach("move onto", "the two overlap", to, new_bytes);
    bool ok = !ac_fake_is_refused(AC_FAKE_MOVE);
    *out_lost = !ok && ac_fake_is_refused(AC_FAKE_MAP);
    if (*out_lost)
        space.refused_unmap_bytes += new_bytes;
    if (!ok && !*out_lost)
        map_real(to, new_bytes, PROT_READ | PROT_WRITE);
    if (ok) {
        map_real(to, new_bytes, PROT_READ | PROT_WRITE);
        for (size_t at = 0; at < old_bytes && at < new_bytes; at += real_page()) {
            if (is_resident(from + at))
                memcpy((void *)(to + at), (void *)(from + at), real_page());
        }
        ok = unmap_locked(from, old_bytes);
    }
    space_unlock();
    if (ok)
        ac_fake_let_intruder_in(AC_FAKE_MOVE);
    return ok;
}

void ac_os_avoid_huge_pages(void *addr, size_t bytes)
{
    space_lock();
    check_mapped("avoid_huge_pages", (uintptr_t)addr, bytes);
    space_unlock();
}

bool ac_os_fill_huge_pages(void *addr, size_t bytes, void *at)
{
    ac_os_avoid_huge_pages(addr, bytes);
    *(volatile char *)at = 0;
    return true;
}

bool ac_os_wipe_on_fork(void *addr, size_t bytes)
{
    space_lock();
    check_mapped("wipe_on_fork", (uintptr_t)addr, bytes);
    bool ok = !ac_fake_is_refused(AC_FAKE_WIPE_ON_FORK) && space.nwiped < MAX_WIPED;
    if (ok)
        space.wiped[space.nwiped++] = (struct region){(uintptr_t)addr, bytes};
    space_unlock();
    return ok;
}

bool ac_os_is_mapped(uintptr_t addr)
{
    uintptr_t page = addr & ~(real_page() - 1);
    if (space.base != 0 && addr - space.base < SPACE_BYTES)
        return is_mapped(page, 1);
    unsigned char resident;
    return !ac_sys_failed(ac_sys3(__NR_mincore, page, real_page(), &resident));
}

size_t ac_os_page_size(void)
{
    return pretended_page_bytes != 0 ? pretended_page_bytes : real_page();
}

void ac_os_pretend_page_size(size_t bytes)
{
    pretended_page_bytes = bytes > real_page() && (bytes & (bytes - 1)) == 0 ? bytes : 0;
}

size_t ac_os_rss_bytes(void)
{
    return ac_fake_resident_bytes();
}

/* ---- what tests set and ask ---- */

size_t ac_fake_refused_unmap_bytes(void)
{
    return space.refused_unmap_bytes;
}

void ac_fake_limit_bytes(size_t bytes)
{
    space.limit_bytes = bytes;
}

void ac_fake_limit_mappings(unsigned count)
{
    space.limit_mappings = count;
}

void ac_fake_place_below(uintptr_t limit)
{
    space.place_below = limit;
}

enum ac_fake_page ac_fake_page_state(const void *addr)
{
    uintptr_t page = (uintptr_t)addr & ~(real_page() - 1);
    if (!is_mapped(page, real_page()))
        return AC_FAKE_ABSENT;
    return is_resident(page) ? AC_FAKE_RESIDENT : AC_FAKE_ZERO;
}

size_t ac_fake_mapped_bytes(void)
{
    return space.mapped_bytes;
}

size_t ac_fake_resident_bytes(void)
{
    unsigned char pages[4096];
    size_t page = real_page();
    size_t resident = 0;
    space_lock();
    for (unsigned i = 0; i < space.nregions; i++) {
        size_t left = space.regions[i].bytes / page;
        for (uintptr_t at = space.regions[i].base; left != 0;) {
            size_t n = left < sizeof pages ? left : sizeof pages;
            ac_sys3(__NR_mincore, at, n * page, pages);
            for (size_t k = 0; k < n; k++)
                resident += pages[k] & 1u;
            at += n * page;
            left -= n;
        }
    }
    space_unlock();
    return resident * page;
}

unsigned ac_fake_mappings(void)
{
    return space.nregions;
}

bool ac_fake_mapping(unsigned i, uintptr_t *out_base, size_t *out_bytes)
{
    if (i >= space.nregions)
        return false;
    *out_base = space.regions[i].base;
    *out_bytes = space.regions[i].bytes;
    return true;
}

uintptr_t ac_fake_space_base(void)
{
    space_reserve();
    return space.base;
}

size_t ac_fake_space_bytes(void)
{
    return SPACE_BYTES;
}

void ac_fake_wipe(void)
{
    for (unsigned i = 0; i < space.nwiped; i++)
        memset((void *)space.wiped[i].base, 0, space.wiped[i].bytes);
}
