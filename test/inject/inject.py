#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# inject.py -- refuses acre's system calls from outside (inject.c) while real programs run on it.
#
#   inject.py worker [--all]     worker.c: each of acre's calls refused, once, twenty in a row and from then on
#   inject.py NAME [--all]       a row of PROGRAMS: advice and unmapping refused for good change nothing; a refused
#                                mapping may end the program with a message of its own, never by a crash
#
# At most SAMPLES places are tried, evenly spread and never the same from run to run; --all tries all of them.
import os
import pathlib
import random
import subprocess
import sys
import tempfile

BIN = pathlib.Path(os.environ["ACRE_TEST_BIN"])
PRELOAD = os.environ["ACRE_TEST_PRELOAD"]
SAMPLES = 24
FOR_EVER = 10**9
ADVICE = "madvise,munmap,mremap,membarrier,clone"
EVERYTHING = "mmap," + ADVICE
SECONDS = 120

PROGRAMS = {
    "python3": [
        "python3", "-S", "-c",
        "import hashlib\n"
        "d = {str(i): [i] * (i % 50) for i in range(60000)}\n"
        "b = [bytes(400000 + i) for i in range(40)]\n"
        "del b\n"
        "print(hashlib.md5(repr(sorted(d.items())).encode()).hexdigest())",
    ],
    "sqlite3": [
        "sqlite3", ":memory:",
        "create table t(a, b); with recursive c(x) as (select 1 union all select x + 1 from c where x < 40000)"
        " insert into t select x, hex(x * x) from c; create index i on t(b); select count(*), max(b) from t;"
        " select sum(a) from (select a from t order by b desc limit 1000);",
    ],
    "perl": ["perl", "-e", "my %h; $h{$_ % 5000} .= $_ x 3 for 1 .. 60000; my $n = 0; $n += length for values %h;"
             " my $s = 'x' x 5000000; $s .= $s; print $n + length $s, qq(\\n)"],
    "sort": ["sort", "--parallel=2", "-S", "20M"],
}  # fmt: skip


class Failed(Exception):
    pass


def run(command, kinds, first, last, stdin):
    """(status, output, errors, calls seen)"""
    with tempfile.NamedTemporaryFile("r") as report, open(stdin, "rb") as source:
        environment = dict(os.environ, LD_PRELOAD="", PYTHONMALLOC="malloc", PYTHONHASHSEED="1", PERL_HASH_SEED="1")
        wrapped = [BIN / "inject.tool", "libacre-preload", kinds, str(first), str(last), report.name]
        wrapped += ["env", f"LD_PRELOAD={PRELOAD}", *command]
        done = subprocess.run(wrapped, stdin=source, capture_output=True, env=environment, timeout=SECONDS, check=False)
        text = report.read().strip()
    if done.returncode == 125 or not text:
        print(f"inject: cannot trace here: {done.stderr.decode(errors='replace').strip()}")
        sys.exit(77)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace"), int(text)


def places(calls, everything):
    if everything or calls <= SAMPLES:
        return range(1, calls + 1)
    return sorted({1 + int((i + random.random()) * calls / SAMPLES) for i in range(SAMPLES)})


def check(ok, what, status, errors):
    if not ok or "acre: " in errors:
        raise Failed(f"{what}: status {status}\n{errors}")


def worker(everything):
    command = [str(BIN / "inject.worker")]
    status, _, errors, calls = run(command, EVERYTHING, 0, 0, os.devnull)
    check(status == 0, "nothing refused", status, errors)
    runs = 0
    for place in places(calls, everything):
        for length in (1, 20, FOR_EVER):
            healed = ["recovers"] if place + length < calls // 3 else []
            status, _, errors, _ = run(command + healed, EVERYTHING, place, place + length - 1, os.devnull)
            check(status == 0, f"calls {place} to {place + length - 1} of {calls} refused", status, errors)
            runs += 1
    print(f"worker: {calls} calls, {runs} runs")


def sorted_input(name):
    if name != "sort":
        return os.devnull
    path = BIN / "inject.sort.txt"
    generator = random.Random(1)
    path.write_text("".join(f"{generator.getrandbits(60)}\n" for _ in range(60000)))
    return path


def program(name, everything):
    command = PROGRAMS[name]
    stdin = sorted_input(name)
    status, output, errors, calls = run(command, ADVICE, 0, 0, stdin)
    check(status == 0, "nothing refused", status, errors)
    status, same, errors, _ = run(command, ADVICE, 1, FOR_EVER, stdin)
    check(status == 0 and same == output, "advice, unmapping and moving refused for good", status, errors)
    for place in places(calls, everything):
        status, same, errors, _ = run(command, ADVICE, place, place, stdin)
        check(status == 0 and same == output, f"call {place} of {ADVICE}", status, errors)
    _, _, _, maps = run(command, "mmap", 0, 0, stdin)
    survived = 0
    for place in places(maps, everything):
        for last in (place, FOR_EVER):
            status, same, errors, _ = run(command, "mmap", place, last, stdin)
            # A program may give up, and some do it by abort(), with a message.
            check(status < 128 or (status == 134 and errors), f"mapping {place} to {last} of {maps}", status, errors)
            check(status != 0 or same == output, f"mapping {place} to {last}: another output", status, errors)
            survived += status == 0
    print(f"{name}: {calls} calls and {maps} mappings; {survived} runs went on without what was refused")


def main(arguments):
    everything = "--all" in arguments
    name = arguments[0]
    if os.uname().machine != "x86_64":
        print("inject: the tracer knows x86-64 alone")
        return 77
    if name in PROGRAMS and not any((pathlib.Path(d) / PROGRAMS[name][0]).exists() for d in os.get_exec_path()):
        print(f"inject: {name} is not installed")
        return 77
    try:
        worker(everything) if name == "worker" else program(name, everything)
    except Failed as failure:
        print(f"inject: {name}: {failure}")
        return 1
    except subprocess.TimeoutExpired as expired:
        print(f"inject: {name} hangs: {expired}")
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
