/* SPDX-License-Identifier: MIT
 *
 * memory.c -- what each thread sees of memory: messages, views, vector clocks; see checker.h. The
 * compiler's calls of it are in calls.c.
 */
#include "memory.h"

#include "checker.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_PLACES = 256,
    MAX_KNOWN = 1 << 16,
    MAX_MESSAGES = 48,
    THREADS = RACE_MAX_THREADS + 1,
    SHADOWS = 1 << 16,
    WORD = 8
};

typedef uint16_t stamp;

struct view {
    stamp seen[MAX_PLACES]; /* number of the oldest message that may still be read */
    uint32_t clock[THREADS];
};

struct message {
    uint64_t value;
    bool released;
    struct view view; /* of the writer, if released, and of those it carried on */
};

/* An address that was accessed atomically. */
struct known {
    uintptr_t addr;
    uint8_t readers; /* bits of threads */
    uint8_t writers;
    uint16_t place; /* its number + 1 when it is written and more than one thread accesses it */
};

struct place {
    uint32_t run; /* in which the messages were written */
    unsigned nmessages;
    unsigned forgotten; /* messages before the first that is kept */
    struct message messages[MAX_MESSAGES];
    unsigned last_read[THREADS]; /* for loops that wait: number + 1 of the message and how often in a row */
    unsigned again[THREADS];
};

enum access { PLAIN_READ, PLAIN_WRITE, ATOMIC_READ, ATOMIC_WRITE, NACCESS };

/* When each thread last touched each byte of a word. */
struct shadow {
    uintptr_t word;
    uint32_t run;
    uint32_t latest[NACCESS][THREADS];
    uint32_t clock[NACCESS][THREADS][WORD];
};

static struct place places[MAX_PLACES];
static unsigned nplaces;
static struct known known[MAX_KNOWN];
static struct shadow shadows[SHADOWS];
static struct view views[THREADS];
static struct view fences;
static uint32_t run;

bool memory_trace;
void *memory_code;

static unsigned me(void)
{
    return (unsigned)(race_self() + 1);
}

static void join(struct view *into, const struct view *from)
{
    for (unsigned i = 0; i < nplaces; i++)
        if (from->seen[i] > into->seen[i])
            into->seen[i] = from->seen[i];
    for (unsigned t = 0; t < THREADS; t++)
        if (from->clock[t] > into->clock[t])
            into->clock[t] = from->clock[t];
}

static void copy(struct view *into, const struct view *from)
{
    memcpy(into->seen, from->seen, nplaces * sizeof(stamp));
    memcpy(into->clock, from->clock, sizeof into->clock);
}

void memory_begin(void)
{
    run++;
    memset(views, 0, sizeof views);
    memset(&fences, 0, sizeof fences);
    for (unsigned t = 0; t < THREADS; t++)
        views[t].clock[t] = 1;
}

void memory_fence(int thread)
{
    struct view *view = &views[thread + 1];
    join(view, &fences);
    join(&fences, view);
    view->clock[thread + 1]++;
}

void memory_see_all(int thread)
{
    struct view *view = &views[thread + 1];
    for (unsigned t = 0; t < THREADS; t++)
        join(view, &views[t]);
    for (unsigned i = 0; i < nplaces; i++)
        if (places[i].run == run)
            view->seen[i] = (stamp)(places[i].forgotten + places[i].nmessages - 1);
}

unsigned memory_nshared(void)
{
    return nplaces;
}

/* ---- data races ---- */

static struct shadow *shadow_of(uintptr_t word)
{
    size_t i = (word >> 3) * 0x9e3779b97f4a7c15u >> 48;
    for (unsigned tries = 0; tries < SHADOWS; tries++, i = (i + 1) % SHADOWS) {
        struct shadow *shadow = &shadows[i];
        if (shadow->run == run && shadow->word == word)
            return shadow;
        if (shadow->run != run) {
            memset(shadow, 0, sizeof *shadow);
            shadow->word = word;
            shadow->run = run;
            return shadow;
        }
    }
    race_fail("too many words");
}

/* Each kind of access conflicts with these of others. */
static const bool conflicts[NACCESS][NACCESS] = {
    [PLAIN_READ] = {false, true, false, true},
    [PLAIN_WRITE] = {true, true, true, true},
    [ATOMIC_READ] = {false, true, false, false},
    [ATOMIC_WRITE] = {true, true, false, false},
};

static void judge(const struct shadow *shadow, unsigned byte, enum access access, unsigned other,
                  unsigned kind)
{
    static const char *const names[NACCESS] = {"read", "write", "atomic read", "atomic write"};
    if (shadow->clock[kind][other][byte] > views[me()].clock[other])
        race_fail("data race: %s of %#lx by thread %d at %p, %s by thread %u", names[access],
                  (unsigned long)shadow->word + byte, race_self(), memory_code, names[kind], other - 1);
}

/* Bytes [from, to) of a word. */
static void look_at_word(struct shadow *shadow, unsigned from, unsigned to, enum access access)
{
    unsigned t = me();
    for (unsigned other = 1; other < THREADS; other++)
        for (unsigned kind = 0; kind < NACCESS; kind++)
            if (other != t && conflicts[access][kind] && shadow->latest[kind][other] > views[t].clock[other])
                for (unsigned byte = from; byte < to; byte++)
                    judge(shadow, byte, access, other, kind);
    for (unsigned byte = from; byte < to; byte++)
        shadow->clock[access][t][byte] = views[t].clock[t];
    shadow->latest[access][t] = views[t].clock[t];
}

static void look_for_race(uintptr_t addr, size_t bytes, enum access access)
{
    uintptr_t end = addr + bytes;
    if (race_self() < 0)
        return;
    for (uintptr_t word = addr & ~(uintptr_t)(WORD - 1); word < end; word += WORD) {
        unsigned from = word < addr ? (unsigned)(addr - word) : 0;
        unsigned to = end - word < WORD ? (unsigned)(end - word) : WORD;
        look_at_word(shadow_of(word), from, to, access);
    }
}

void memory_plain(void *addr, size_t bytes, bool write)
{
    if (race_is_private(addr))
        return;
    if (write)
        race_log(addr, bytes);
    look_for_race((uintptr_t)addr, bytes, write ? PLAIN_WRITE : PLAIN_READ);
}

void race_note_write(void *addr, size_t bytes)
{
    memory_plain(addr, bytes, true);
}

/* ---- atomic accesses ---- */

static uint64_t native(const void *addr, unsigned bytes)
{
    uint64_t value = 0;
    memcpy(&value, addr, bytes);
    return value;
}

static struct known *known_of(const void *addr)
{
    uintptr_t a = (uintptr_t)addr;
    size_t i = a * 0x9e3779b97f4a7c15u >> 48;
    for (unsigned tries = 0; tries < MAX_KNOWN; tries++, i = (i + 1) % MAX_KNOWN)
        if (known[i].addr == a || known[i].addr == 0) {
            known[i].addr = a;
            return &known[i];
        }
    race_fail("too many atomic places");
}

static struct message *newest(struct place *place)
{
    return &place->messages[place->nmessages - 1];
}

/* A plain write, which no thread can have missed without a race, makes the messages old. */
static void renew(struct place *place, const void *addr, unsigned bytes)
{
    uint64_t value = native(addr, bytes);
    if (place->run == run && newest(place)->value == value)
        return;
    place->forgotten = place->run == run ? place->forgotten + place->nmessages : 0;
    if (place->run != run)
        memset(place->again, 0, sizeof place->again);
    place->run = run;
    place->nmessages = 1;
    place->messages[0].value = value;
    place->messages[0].released = false;
}

/* The place, after others have had their chance to come first; NULL when it is one thread's or never
 * written, so far. */
static struct place *arrive(void *addr, unsigned bytes, bool writes)
{
    struct known *here = known_of(addr);
    unsigned t = me();
    if (here->place == 0 && t != 0) {
        uint8_t *mask = writes ? &here->writers : &here->readers;
        *mask |= (uint8_t)(1u << t);
        if (here->writers != 0 && __builtin_popcount(here->readers | here->writers) > 1) {
            if (nplaces == MAX_PLACES)
                race_fail("more than %d shared places", MAX_PLACES);
            here->place = (uint16_t)++nplaces;
            race_restart();
        }
    }
    if (here->place == 0)
        return NULL;
    if (t != 0)
        race_step();
    struct place *place = &places[here->place - 1];
    renew(place, addr, bytes);
    return place;
}

static void trace(const char *what, const void *addr, uint64_t value)
{
    if (memory_trace)
        printf("race: %d %-8s %p %#llx at %p\n", race_self(), what, addr, (unsigned long long)value,
               memory_code);
}

static void acquire(const struct message *message)
{
    if (message->released)
        join(&views[me()], &message->view);
}

static bool is_acquire(int order)
{
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
           order == __ATOMIC_SEQ_CST;
}

static bool is_release(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

uint64_t memory_load(void *addr, unsigned bytes, int order)
{
    struct place *place = arrive(addr, bytes, false);
    unsigned t = me();
    if (place == NULL) {
        look_for_race((uintptr_t)addr, bytes, ATOMIC_READ);
        return native(addr, bytes);
    }
    stamp *seen = &views[t].seen[place - places];
    unsigned last = place->forgotten + place->nmessages - 1;
    unsigned oldest = *seen > place->forgotten ? *seen : place->forgotten;
    unsigned number = last - race_choose(t != 0 ? last - oldest + 1 : 1, false);
    const struct message *message = &place->messages[number - place->forgotten];
    look_for_race((uintptr_t)addr, bytes, ATOMIC_READ);
    place->again[t] = place->last_read[t] == number + 1 ? place->again[t] + 1 : 0;
    place->last_read[t] = number + 1;
    *seen = (stamp)number;
    if (is_acquire(order))
        acquire(message);
    uint64_t value = message->value;
    trace(number == last ? "load" : "stale", addr, value);
    if (t != 0 && place->again[t] > 3)
        race_yield();
    else if (t != 0 && order == __ATOMIC_RELAXED)
        race_step(); /* a barrier by another thread may take effect between this and a plain access */
    return value;
}

/* carried: of the message that a read-modify-write replaces. */
static void write_message(struct place *place, void *addr, uint64_t value, unsigned bytes, int order,
                          const struct message *carried)
{
    unsigned t = me();
    race_log(addr, bytes);
    look_for_race((uintptr_t)addr, bytes, ATOMIC_WRITE);
    if (place == NULL) {
        memcpy(addr, &value, bytes);
        return;
    }
    if (place->nmessages == MAX_MESSAGES) {
        unsigned half = MAX_MESSAGES / 2;
        memmove(place->messages, place->messages + half, half * sizeof place->messages[0]);
        place->forgotten += half;
        place->nmessages = half;
        carried = carried != NULL ? newest(place) : NULL;
    }
    struct message *message = &place->messages[place->nmessages++];
    trace(carried != NULL ? "change" : "store", addr, value);
    views[t].seen[place - places] = (stamp)(place->forgotten + place->nmessages - 1);
    memcpy(addr, &value, bytes);
    message->value = native(addr, bytes);
    message->released = is_release(order) || (carried != NULL && carried->released);
    if (is_release(order)) {
        copy(&message->view, &views[t]);
        if (carried != NULL && carried->released)
            join(&message->view, &carried->view);
        views[t].clock[t]++;
    } else if (message->released) {
        copy(&message->view, &carried->view);
    }
    memset(place->again, 0, sizeof place->again);
}

void memory_store(void *addr, uint64_t value, unsigned bytes, int order)
{
    write_message(arrive(addr, bytes, true), addr, value, bytes, order, NULL);
}

uint64_t memory_change(void *addr, uint64_t operand, unsigned bytes, int order, enum memory_change how)
{
    struct place *place = arrive(addr, bytes, true);
    struct message *old = place != NULL ? newest(place) : NULL;
    uint64_t before = native(addr, bytes);
    uint64_t after = how == ADD   ? before + operand
                     : how == AND ? before & operand
                     : how == OR  ? before | operand
                                  : operand;
    if (is_acquire(order) && old != NULL)
        acquire(old);
    write_message(place, addr, after, bytes, order, old);
    return before;
}

bool memory_compare_exchange(void *addr, uint64_t *expected, uint64_t value, unsigned bytes, int order,
                             int failure)
{
    struct place *place = arrive(addr, bytes, true);
    struct message *old = place != NULL ? newest(place) : NULL;
    uint64_t before = native(addr, bytes);
    bool same = before == *expected;
    look_for_race((uintptr_t)addr, bytes, ATOMIC_READ);
    if (is_acquire(same ? order : failure) && old != NULL)
        acquire(old);
    if (place != NULL)
        views[me()].seen[place - places] = (stamp)(place->forgotten + place->nmessages - 1);
    *expected = before;
    if (same)
        write_message(place, addr, value, bytes, order, old);
    return same;
}
