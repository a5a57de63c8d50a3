# SPDX-License-Identifier: MIT
"""programs.py -- the rows made of real programs: how each is run here, and where it comes from."""
import os
import shlex
import shutil
import subprocess
import sys

from .kernels import all_kernels
from .program import Program


def real_interpreter():
    """The system's python3 itself; what the PATH has may be a wrapper script."""
    return "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else os.path.realpath(sys.executable)


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


def compiler(driver, proper, arguments, output):
    """The command of the compiler proper: the driver only starts it, its own memory is not of interest."""
    plan = subprocess.run(
        [driver, "-###", "-S", *arguments, "-o", output], capture_output=True, text=True, check=True
    )
    line = next(line for line in plan.stderr.splitlines() if line.split(" -")[0].endswith(proper))
    return tuple(shlex.split(line))


def cc1(bench, percent):
    source = bench.source("programs/functions.c")
    much = ["-O2", "-DCOPIES=2"] if percent >= 100 else ["-O1", "-DCOPIES=1"]
    return compiler("gcc", "cc1", [*much, source], "functions.s")


def cc1plus(bench, percent):
    source = bench.source("programs/templates.cc")
    level = "-O1" if percent >= 100 else "-O0"
    return compiler("g++", "cc1plus", ["-std=c++17", level, "-DPARTS=1", source], "templates.s")


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
                can_idle=True,
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
            "cc1",
            "gcc",
            "gcc",
            lambda: Program("cc1", "gcc's compiler on plain C", cc1(bench, percent), output="functions.s"),
        ),
        (
            "cc1plus",
            "g++",
            "g++",
            lambda: Program(
                "cc1plus",
                "g++'s compiler on templates of its own headers",
                cc1plus(bench, percent),
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
                can_idle=True,
            ),
        ),
        (
            "db_bench",
            "db_bench",
            "rocksdb-tools",
            lambda: Program(
                "db_bench",
                "RocksDB: small memory tables, flushes and compactions by other threads",
                ("db_bench",),
                driver=script("rocks-load"),
                driver_arguments=(str(percent),),
            ),
        ),
        (
            "nginx",
            "nginx ab",
            "nginx-light and apache2-utils",
            lambda: Program(
                "nginx",
                "a web server under ab: files, compression, a proxy",
                ("nginx",),
                driver=script("web-load"),
                driver_arguments=(str(percent),),
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
    is_wanted = lambda name: not wanted or name.startswith(wanted)  # noqa: E731
    found, absent = [], []
    for name, executables, package, make in real(bench, percent):
        if not is_wanted(name):
            continue
        if all(shutil.which(executable) for executable in executables.split()):
            found.append(make())
        else:
            absent.append((name, package))
    return found + list(all_kernels(bench, percent, is_wanted)), absent
