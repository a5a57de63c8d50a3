# SPDX-License-Identifier: MIT
"""state.py -- the state segment (src/core/state.h) as tests need it: make an empty one, see that a process
on acre has filled it.

    state.py new FILE               an empty segment that is long enough
    state.py check FILE [KIB]       fails unless a process on acre claimed it and had KIB of heap at some time
"""
import os
import re
import struct
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADER = "<8s6I32s3Q4I"
# In use, or free and still held: the peak that was seen may be one moment after the program freed much of it.
HEAP = (
    "small_live_bytes",
    "large_live_bytes",
    "dirty_bytes",
    "span_free_bytes",
    "thread_cache_bytes",
    "transfer_cache_bytes",
)


def text(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def max_bytes():
    mib = re.search(r"define AC_STATE_MAX_BYTES \(\(uint64_t\)(\d+) << 20\)", text("src/core/state.h"))
    return int(mib.group(1)) << 20


def stat_names():
    return re.findall(r"^AC_STAT\((\w+)", text("src/core/stat.def"), re.MULTILINE)


def snapshot(data, at):
    names = stat_names()
    return dict(zip(names, struct.unpack_from("<%dQ" % len(names), data, at + 8)))


def fail(path, why):
    print("state.py: %s: %s" % (path, why), file=sys.stderr)
    sys.exit(1)


def check(path, least_kib):
    with open(path, "rb") as file:
        data = file.read()
    magic, version, size, pid, nstats, _, _, library, _, start_ns, _, exited, _, now, peak = struct.unpack_from(
        HEADER, data
    )
    if magic != b"acrestat" or pid == 0:
        fail(
            path,
            "no process on acre has claimed it: the program was not served by acre (magic %r, pid %d)"
            % (magic, pid),
        )
    if size > len(data) or nstats != len(stat_names()):
        fail(
            path,
            "version %d has %d bytes and %d statistics; this tree has %d and %d"
            % (version, size, nstats, len(data), len(stat_names())),
        )
    both = snapshot(data, now), snapshot(data, peak)
    heap_kib = max(sum(one[name] for name in HEAP) for one in both) // 1024
    if heap_kib < least_kib:
        fail(
            path,
            "process %d had %d KiB of heap on acre at its peak, less than the %d it must have had"
            % (pid, heap_kib, least_kib),
        )
    print(
        "served by acre %s: process %d, %d KiB of heap at the peak, %d refills%s"
        % (
            library.rstrip(b"\0").decode(),
            pid,
            heap_kib,
            max(one["refills"] for one in both),
            "" if exited else ", not ended normally",
        )
    )


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "new":
        with open(sys.argv[2], "wb") as file:
            file.truncate(max_bytes())
    elif len(sys.argv) in (3, 4) and sys.argv[1] == "check":
        check(sys.argv[2], int(sys.argv[3]) if len(sys.argv) == 4 else 1)
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
