# SPDX-License-Identifier: MIT
"""locks.py -- from what a counting library wrote to figures for each of acre's locks, and their tables."""
from . import machine

# Expression and file of a site, and which lock that is; docs/design/threads-and-fork.md has them in order.
NAMES = {
    "center": ("&center->lock", "&centers[c].lock"),
    "own heap": ("&heap->lock", "&h->lock"),
    "page heap": ("&heap.lock",),
    "metadata": ("&meta.lock",),
    "mapping cache": ("&cache.lock",),
    "registry": ("&registry.lock",),
    "stealer": ("&stealer_lock",),
    "addresses": ("&shown.lock",),
    "profiler": ("&prof.lock",),
}
# One for the whole process, so what every processor would meet at; a center belongs to a shard and a class.
GLOBAL = ("page heap", "metadata", "mapping cache", "registry")
# Longer than any critical section without a system call; the holder was off its processor, or in the kernel.
LONG_NS = 20000


def lock_of(expression):
    for name, expressions in NAMES.items():
        if expression in expressions:
            return name
    raise KeyError("no lock is known as %s; put it into bench/suite/locks.py" % expression)


def row(calls, counted):
    """{pairs, cpu_s, locks: {lock: {taken, waited, held_ns, long, histogram}}} of one run."""
    tick = counted["ns_per_tick"]
    found = {}
    for site in counted["sites"]:
        one = found.setdefault(
            lock_of(site["expression"]), {"taken": 0, "waited": 0, "held": [0] * len(site["held"])}
        )
        one["taken"] += site["taken"]
        one["waited"] += site["waited"]
        one["held"] = [a + b for a, b in zip(one["held"], site["held"])]
    for one in found.values():
        times = [(1.5 * 2**i * tick, n) for i, n in enumerate(one.pop("held")) if n]
        short = [(ns, n) for ns, n in times if ns <= LONG_NS]
        one["long"] = one["taken"] - sum(n for _, n in short)
        one["held_ns"] = sum(ns * n for ns, n in short) / max(1, sum(n for _, n in short))
        one["histogram"] = [[round(ns, 1), n] for ns, n in times]
    return {"pairs": calls / 2, "cpu_s": counted["cpu_ns"] / 1e9, "locks": found}


def rate(found, name):
    return 1e6 * found["locks"].get(name, {"taken": 0})["taken"] / found["pairs"]


def share(found, name):
    one = found["locks"].get(name)
    return "%.2f" % (100 * one["waited"] / one["taken"]) if one and one["taken"] else "-"


def held(found, name):
    one = found["locks"].get(name)
    return "%.0f" % one["held_ns"] if one else "-"


def lock_table(data):
    yield ""
    yield "acre's locks, taken for a million pairs of calls; of these how many found it taken; how long it was"
    yield "held on average, ns, but for those longer than %d us" % (LONG_NS // 1000)
    title = ("own heap", "center", "page heap", "metadata", "others")
    yield "%-16s%10s" % ("", "pairs, M") + "".join("%10s" % one for one in title) + (
        "%18s%22s" % ("center: % waited", "page heap: % waited")
    ) + "%17s%11s" % ("center: held", "page heap")
    for name, found in data["locks"].items():
        others = sum(rate(found, one) for one in NAMES if one not in title)
        yield "%-16s%10.2f" % (name, found["pairs"] / 1e6) + "".join(
            "%10.0f" % rate(found, one) for one in title[:-1]
        ) + "%10.0f%18s%22s%17s%11s" % (
            others,
            share(found, "center"),
            share(found, "page heap"),
            held(found, "center"),
            held(found, "page heap"),
        )


def instruction_table(data):
    names = list(data["allocators"])
    yield ""
    yield "locked instructions for a million pairs of calls (callgrind, %d %% of the work)" % (
        data["percent_instructions"]
    )
    width = max(map(len, names)) + 2
    yield "%-16s" % "" + "".join("%*s" % (width, name) for name in names)
    for name, found in data["instructions"].items():
        yield "%-16s" % name + "".join(
            "%*s" % (width, "%.0f" % one if isinstance(one, (int, float)) else "-")
            for one in (found.get(column, "-") for column in names)
        )
    for name, found in data["instructions"].items():
        for column, one in found.items():
            if isinstance(one, str):
                yield "no figure of %s under %s: %s" % (name, column, one)


def tables(data):
    yield machine.line(data["machine"])
    yield "acre at revision %s; %d %% of the work" % (
        data["machine"]["revision"] or "unknown",
        data["percent"],
    )
    yield from lock_table(data)
    if "instructions" in data:
        yield from instruction_table(data)
        yield from ("%s: %s" % one for one in data["allocators"].items())
