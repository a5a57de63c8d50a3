/* SPDX-License-Identifier: MIT
 *
 * The part of os.h that guards memory, on the unit tests' machine: a system that knows no guard pages until a
 * test says what it offers. What is guarded is written down, and can be touched all the same.
 */
#include "os/os.h"
#include "os/os_fake.h"

#define MAX_GUARDS 20000u

static struct {
    bool markers;
    bool mapped;
    unsigned n;
    struct {
        uintptr_t base;
        uintptr_t end;
        bool marker;
    } guards[MAX_GUARDS];
} system;

void ac_fake_offer_guards(bool markers, bool mapped)
{
    system.markers = markers;
    system.mapped = mapped;
}

unsigned ac_fake_guards(const void *addr, size_t bytes)
{
    unsigned n = 0;
    for (unsigned i = 0; i < system.n; i++)
        n += system.guards[i].base < (uintptr_t)addr + bytes && system.guards[i].end > (uintptr_t)addr;
    return n;
}

static bool add(void *addr, size_t bytes, bool marker)
{
    if (system.n == MAX_GUARDS)
        ac_os_abort();
    system.guards[system.n].base = (uintptr_t)addr;
    system.guards[system.n].end = (uintptr_t)addr + bytes;
    system.guards[system.n++].marker = marker;
    return true;
}

static bool drop(void *addr, size_t bytes, bool marker)
{
    for (unsigned i = 0; i < system.n;) {
        bool inside =
            system.guards[i].base >= (uintptr_t)addr && system.guards[i].end <= (uintptr_t)addr + bytes;
        if (inside && system.guards[i].marker == marker)
            system.guards[i] = system.guards[--system.n];
        else
            i++;
    }
    return true;
}

bool ac_os_guard(void *addr, size_t bytes)
{
    return system.markers && add(addr, bytes, true);
}

bool ac_os_unguard(void *addr, size_t bytes)
{
    return drop(addr, bytes, true);
}

bool ac_os_no_access(void *addr, size_t bytes)
{
    return system.mapped && add(addr, bytes, false);
}

bool ac_os_map_again(void *addr, size_t bytes)
{
    return drop(addr, bytes, false);
}

bool ac_os_read_only(void *addr, size_t bytes)
{
    return addr == NULL && bytes == 0;
}
