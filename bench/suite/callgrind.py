# SPDX-License-Identifier: MIT
"""callgrind.py -- what one library executes while a program runs on it, counted by valgrind.

Counted are instructions in the library itself, calls into it from elsewhere, and those of its instructions
that lock the bus; a call of the C library's mutexes is one of these too. What the program, the C library and
the kernel do is not in it, so the figures do not move with the machine's speed or load, or with the compiler
of the program. Of the C library itself, malloc's own functions are counted."""
import os
import re
import subprocess

from .allocators import Unusable, libc_path
from .measure import environment

TIMEOUT_S = 120
LOCKED = re.compile(r"^\s*([0-9a-f]+):\t(?:lock |xchg .*\()", re.MULTILINE)
COST = re.compile(r"^(0x[0-9a-f]+) \S+ (\d+)$")
CALLS = re.compile(r"^calls=(\d+) ")
MUTEX = re.compile(r"_*pthread_(mutex|spin|rwlock)_\w*lock")
# Of glibc, the functions of malloc/malloc.c and malloc/arena.c; ENTRIES are those that programs call.
ENTRIES = re.compile(
    r"(__libc_|__)?(malloc|free|calloc|realloc|memalign|aligned_alloc|posix_memalign)(@.*)?$"
)
INNER = re.compile(
    r"_int_|_mid_memalign|tcache_|sysmalloc|systrim|unlink_chunk|malloc_consolidate|arena_get|new_heap"
    r"|heap_trim|munmap_chunk|mremap_chunk|ptmalloc|alloc_perturb|__malloc_arena|__libc_free"
)


def counted_library(allocator):
    """The library that does the work; one that only passes calls on is named after it."""
    path = os.path.realpath(allocator.library or libc_path())
    other = os.path.join(os.path.dirname(path), os.path.basename(path).replace("_proxy", ""))
    return os.path.realpath(other) if os.path.exists(other) else path


def locked_addresses(library):
    """The addresses of instructions with a lock prefix, and of exchanges with memory, which imply it."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", library], check=True, capture_output=True, text=True
    ).stdout
    return {int(address, 16) for address in LOCKED.findall(listing)}


def compiler_of(library):
    """What the library was compiled by, as the compiler wrote it into the file."""
    made = subprocess.run(
        ["readelf", "-p", ".comment", library], check=True, capture_output=True, text=True
    ).stdout
    return ", ".join(sorted(set(re.findall(r"^\s*\[[^\]]*\]\s+(.*\S)", made, re.MULTILINE))))


class Reader:
    """Adds up what callgrind wrote, line by line; names and positions are in full."""

    def __init__(self, library, locked):
        self.library, self.locked = library, locked
        self.is_libc = os.path.basename(library).startswith("libc.so")
        self.totals = {"instructions": 0, "calls": 0, "locked": 0}
        self.here = self.there = ("", "")  # object and function
        self.is_inclusive = False  # the line after calls= is what the callee cost

    def is_own(self, place):
        name = place[1]
        return place[0] == self.library and (
            not self.is_libc or bool(ENTRIES.match(name) or INNER.match(name))
        )

    def call(self, number):
        if self.is_own(self.there) and not self.is_own(self.here):
            self.totals["calls"] += number
        if self.is_own(self.here) and not self.is_own(self.there) and MUTEX.match(self.there[1]):
            self.totals["locked"] += number
        self.is_inclusive, self.there = True, self.here

    def cost(self, address, number):
        if self.is_own(self.here) and not self.is_inclusive:
            self.totals["instructions"] += number
            self.totals["locked"] += number * (address in self.locked)
        self.is_inclusive = False

    def line(self, text):
        cost = COST.match(text)
        if cost:
            self.cost(int(cost.group(1), 16), int(cost.group(2)))
        elif text.startswith("ob="):
            self.here = self.there = (text[3:].strip(), "")
        elif text.startswith("fn="):
            self.here = self.there = (self.here[0], text[3:].strip())
        elif text.startswith("cob="):
            self.there = (text[4:].strip(), "")
        elif text.startswith("cfn="):
            self.there = (self.there[0], text[4:].strip())
        elif CALLS.match(text):
            self.call(int(CALLS.match(text).group(1)))


def count(profile, library, locked):
    """{instructions, calls, locked} of a library from what callgrind wrote."""
    reader = Reader(library, locked)
    with open(profile, encoding="utf-8", errors="replace") as file:
        for line in file:
            reader.line(line)
    return reader.totals


def profile(bench, program, library, locked, allocator=None):
    """One run under callgrind; the totals of the library. That is preloaded, or what the allocator has."""
    out = bench.path("callgrind.out")
    preload = allocator.library or library if allocator else library
    variables = dict(one.split("=", 1) for one in allocator.variables) if allocator else {}
    options = ["--dump-instr=yes", "--compress-strings=no", "--compress-pos=no"]
    made = subprocess.run(
        [
            "valgrind",
            "--fair-sched=yes",
            "--tool=callgrind",
            "--callgrind-out-file=" + out,
            *options,
            *program.command,
        ],
        env=dict(environment(program), LD_PRELOAD=preload, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if made.returncode != 0 or not os.path.exists(out):
        raise Unusable(
            "%s ends with status %d under callgrind: %s"
            % (program.name, made.returncode, " | ".join(made.stderr[-400:].split("\n")).strip(" |"))
        )
    totals = count(out, library, locked)
    os.unlink(out)
    if not totals["instructions"]:
        raise Unusable("%s executed nothing of %s under callgrind" % (program.name, library))
    return totals
