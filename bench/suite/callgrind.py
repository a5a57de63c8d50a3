# SPDX-License-Identifier: MIT
"""callgrind.py -- what one library executes while a program runs on it, counted by valgrind.

Counted are instructions in the library itself, calls into it from elsewhere, and those of its instructions
that lock the bus. What the program, the C library and the kernel do is not in it, so the figures do not move
with the machine's speed or load, or with the compiler of the program."""
import os
import re
import subprocess

from .allocators import Unusable
from .measure import environment

TIMEOUT_S = 120
LOCKED = re.compile(r"^\s*([0-9a-f]+):\t(?:lock |xchg .*\()", re.MULTILINE)
COST = re.compile(r"^(0x[0-9a-f]+) \S+ (\d+)$")
CALLS = re.compile(r"^calls=(\d+) ")


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


def count(profile, library, locked):
    """{instructions, calls, locked} of a library from what callgrind wrote, names and positions in full."""
    totals = {"instructions": 0, "calls": 0, "locked": 0}
    here = callee = ""
    is_inclusive = False  # the line after calls= is what the callee cost
    with open(profile, encoding="utf-8", errors="replace") as file:
        for line in file:
            cost = COST.match(line)
            calls = CALLS.match(line)
            if line.startswith("ob="):
                here = callee = line[3:].strip()
            elif line.startswith("cob="):
                callee = line[4:].strip()
            elif calls:
                if callee == library != here:
                    totals["calls"] += int(calls.group(1))
                is_inclusive, callee = True, here
            elif cost:
                if here == library and not is_inclusive:
                    number = int(cost.group(2))
                    totals["instructions"] += number
                    totals["locked"] += number * (int(cost.group(1), 16) in locked)
                is_inclusive = False
    return totals


def profile(bench, program, library, locked):
    """One run under callgrind; the totals of the library."""
    out = bench.path("callgrind.out")
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
        env=dict(environment(program), LD_PRELOAD=library),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if made.returncode != 0 or not os.path.exists(out):
        raise Unusable("%s under callgrind: %s" % (program.name, made.stderr[-400:].strip()))
    totals = count(out, library, locked)
    os.unlink(out)
    if not totals["calls"]:
        raise Unusable("%s made no call into %s under callgrind" % (program.name, library))
    return totals
