# SPDX-License-Identifier: MIT
"""programs.py -- what is run: real programs on made-up input, and kernels that stress one thing each.

Every one does the same work whatever the allocator and prints the same; `percent` scales it (100: some tenths
of a second)."""
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """One row of the table. `output` is a file it writes, `driver` a script that starts the command and puts
    load on it."""

    name: str
    stresses: str
    command: tuple
    env: dict = field(default_factory=dict)
    input: str = ""
    output: str = ""
    driver: str = ""
    driver_arguments: tuple = ()
    has_own_allocator: bool = False
    is_kernel: bool = False


# Source, second argument, what it stresses.
KERNELS = (
    ("pair", "", "malloc and free of one block at a time"),
    ("slots", "1000", "random replacement, 1 000 live blocks"),
    ("slots", "100000", "random replacement, 100 000 live blocks"),
    ("slots", "1000000", "random replacement, 1 000 000 live blocks"),
    ("tree", "", "binary trees built and torn down"),
    ("mixed", "", "16 bytes to 64 KiB, short and long lives, calloc, realloc"),
    ("larson", "", "two threads; blocks outlive the thread that made them"),
    ("pipe", "", "one thread allocates, another frees"),
    ("grow", "", "arrays grown by realloc"),
    ("large", "", "buffers of 64 KiB to 8 MiB, written"),
    ("lru", "", "a cache whose entries change size from phase to phase"),
    ("batch", "order", "all allocated, all freed in order"),
    ("batch", "random", "all allocated, all freed in random order"),
)


def kernels(bench, percent):
    for name, argument, stresses in KERNELS:
        binary = bench.compile("kernels/%s.c" % name)
        short = re.sub("000$", "k", re.sub("000000$", "M", argument))
        yield Program(
            name=("%s %s" % (name, short)).strip(),
            stresses=stresses,
            is_kernel=True,
            command=(binary, str(percent)) + ((argument,) if argument else ()),
        )


def real_interpreter():
    """The system's python3 itself; what the PATH has may be a wrapper script."""
    return (
        "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else os.path.realpath(sys.executable)
    )


def write(bench, name, text):
    with open(bench.path(name), "w", encoding="utf-8") as file:
        file.write(text)
    return bench.path(name)


def shop(bench, percent):
    with open(bench.source("programs/orders.sql"), encoding="utf-8") as file:
        return write(bench, "orders.sql", file.read().replace("@N@", str(800 * percent)))


def puzzle(bench, percent):
    made = subprocess.run(
        [sys.executable, bench.source("programs/puzzle.py"), str(percent)],
        check=True,
        capture_output=True,
        text=True,
    )
    return write(bench, "puzzle.smt2", made.stdout)


def compiler(bench, percent):
    """The compiler proper: the driver g++ only starts it, and the driver's memory is not of interest."""
    level = "-O1" if percent >= 100 else "-O0"
    source = bench.source("programs/templates.cc")
    plan = subprocess.run(
        ["g++", "-###", "-S", "-std=c++17", level, "-DPARTS=1", source, "-o", "templates.s"],
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in plan.stderr.splitlines() if "cc1plus" in line.split(" -")[0])
    return tuple(shlex.split(line))


def real(bench, percent):
    """Every real program: name, the executable it needs, its Debian package, and how it is made when that is
    there."""
    script = lambda name: bench.source("programs/" + name)  # noqa: E731
    python = real_interpreter()
    objects = (python, script("objects.py"), str(percent))
    return (
        (
            "python3 malloc",
            python,
            "python3",
            lambda: Program(
                "python3 malloc",
                "CPython with every object through malloc",
                objects,
                env={"PYTHONMALLOC": "malloc"},
            ),
        ),
        ("python3", python, "python3", lambda: Program("python3", "CPython as it comes", objects)),
        (
            "lua",
            "lua5.4",
            "lua5.4",
            lambda: Program(
                "lua", "tables, strings and closures", ("lua5.4", script("tables.lua"), str(percent))
            ),
        ),
        (
            "sqlite3",
            "sqlite3",
            "sqlite3",
            lambda: Program(
                "sqlite3", "a database in memory", ("sqlite3", ":memory:"), input=shop(bench, percent)
            ),
        ),
        (
            "cc1plus",
            "g++",
            "g++",
            lambda: Program(
                "cc1plus",
                "g++'s compiler on templates of its own headers",
                compiler(bench, percent),
                output="templates.s",
            ),
        ),
        ("z3", "z3", "z3", lambda: Program("z3", "a solver on puzzles", ("z3", puzzle(bench, percent)))),
        (
            "ghostscript",
            "gs",
            "ghostscript",
            lambda: Program(
                "ghostscript",
                "pages drawn to bitmaps",
                (
                    "gs",
                    "-q",
                    "-dSAFER",
                    "-dBATCH",
                    "-dNOPAUSE",
                    "-sDEVICE=ppmraw",
                    "-r100",
                    "-dpages=%d" % max(1, percent // 10),
                    "-sOutputFile=page.ppm",
                    script("page.ps"),
                ),
                output="page.ppm",
            ),
        ),
        (
            "redis",
            "redis-benchmark",
            "redis-tools",
            lambda: Program(
                "redis",
                "a server under redis-benchmark (Debian's own allocator for it is jemalloc)",
                ("redis-server",),
                driver=script("redis-load"),
                driver_arguments=(str(percent),),
                has_own_allocator=True,
            ),
        ),
        (
            "perl",
            "perl",
            "perl",
            lambda: Program(
                "perl", "hashes of hashes, strings, objects", ("perl", script("words.pl"), str(percent))
            ),
        ),
        (
            "node",
            "node",
            "nodejs",
            lambda: Program(
                "node",
                "buffers, compression and a worker thread; most objects are in node's own heap",
                ("node", script("documents.js"), str(percent)),
            ),
        ),
    )


def all_programs(bench, percent, only=""):
    """The programs that can be run here and the (name, package) of those that cannot; `only` is a list of
    beginnings of names."""
    wanted = tuple(name for name in only.split(",") if name)
    found, absent = [], []
    for name, executable, package, make in real(bench, percent):
        if wanted and not name.startswith(wanted):
            continue
        if shutil.which(executable) is None:
            absent.append((name, package))
        else:
            found.append(make())
    found += [one for one in kernels(bench, percent) if not wanted or one.name.startswith(wanted)]
    return found, absent
