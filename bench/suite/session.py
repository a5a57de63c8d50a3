# SPDX-License-Identifier: MIT
"""session.py -- one comparison: programs times allocators times rounds, and the record that it leaves."""
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from .measure import Failed, check, run

MAX_ROUNDS = 15
IDLE_S = 10


def say(text):
    print(text, file=sys.stderr)


def progress(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


class Session:
    """What is measured and what was found so far."""

    def __init__(self, bench, programs, columns):
        self.bench, self.programs, self.columns = bench, programs, columns
        self.results = {program.name: {one.name: [] for one in columns} for program in programs}
        self.idle, self.huge = {}, {program.name: {} for program in programs}
        self.digests, self.failures = {}, {}

    def one(self, program, allocator, step):
        """Run once; a failure takes this program out of this allocator's column for good."""
        if (program.name, allocator.name) in self.failures:
            return None
        try:
            cost = step(self.bench, program, allocator)
            expected = self.digests.setdefault(program.name, cost["digest"])
            if cost["digest"] != expected:
                raise Failed("its output differs from that under %s" % self.columns[0].name)
            return cost
        except Failed as error:
            self.failures[program.name, allocator.name] = str(error)
            self.results[program.name][allocator.name] = []
            return None

    def check_all(self):
        for program in self.programs:
            for allocator in self.columns:
                progress("checking %s under %s" % (program.name, allocator.name))
                cost = self.one(program, allocator, check)
                if cost is not None:
                    self.huge[program.name][allocator.name] = {
                        "rss_kib": cost.get("walked_rss_kib", 0),
                        "huge_kib": cost.get("walked_huge_kib", 0),
                    }
        progress("")

    def round(self, number, total):
        """One run of everything; the first allocator moves on from round to round, so that no one is always
        the first."""
        first = number % len(self.columns)
        order = self.columns[first:] + self.columns[:first]
        for program in self.programs:
            for allocator in order:
                progress("round %d of %s: %s under %s" % (number + 1, total, program.name, allocator.name))
                cost = self.one(program, allocator, run)
                if cost is not None:
                    self.results[program.name][allocator.name].append(cost)
        progress("")

    def trim(self):
        """After an interruption: only whole rounds count."""
        whole = min((len(runs) for row in self.results.values() for runs in row.values() if runs), default=0)
        for row in self.results.values():
            for name, runs in row.items():
                row[name] = runs[:whole]
        return whole

    def measure_idle(self, only_last):
        """What is resident a while after the work. No times are taken, so all allocators wait together."""

        def wait(program, allocator):
            step = lambda bench, *both: run(  # noqa: E731
                bench.sibling(), *both, options=["-x"], idle_s=IDLE_S
            )
            return self.one(program, allocator, step)

        rows = [program for program in self.programs if program.can_idle]
        for program in rows[-1:] if only_last else rows:
            progress("%s and then %d s idle, under all" % (program.name, IDLE_S))
            with ThreadPoolExecutor(len(self.columns)) as pool:
                costs = list(pool.map(lambda one, row=program: wait(row, one), self.columns))
            self.idle[program.name] = {
                one.name: [cost] for one, cost in zip(self.columns, costs) if cost is not None
            }
        progress("")

    def rounds(self, fixed, limits):
        """Rounds until their number or the time is used up; the checking one took about as long as another
        one will."""
        begin, done = time.monotonic(), 0
        while True:
            used = time.monotonic() - begin
            is_full = done >= MAX_ROUNDS or used + used / max(done, 1) > limits["budget_s"]
            if done == fixed or (fixed is None and done >= limits["rounds"] and is_full):
                return
            self.round(done, fixed or "at least %d" % limits["rounds"])
            done += 1


def measure_all(session, fixed, limits):
    """Check, rounds, then the idle rows; returns how many rounds are whole."""
    try:
        session.check_all()
        session.rounds(fixed, limits)
        if fixed != 0:
            session.measure_idle(limits["is_quick"])
    except KeyboardInterrupt:
        progress("")
        say("bench/run: interrupted; what follows is of the rounds that were complete")
    return session.trim()


def without_digest(runs):
    return [{key: value for key, value in cost.items() if key != "digest"} for cost in runs]


def record(session, facts, rounds, limits):
    """Everything that was measured, for JSON."""
    return {
        "schema": "acre.bench/1",
        "machine": facts,
        "rounds": rounds,
        "percent": limits["percent"],
        "allocators": {
            one.name: {
                "version": one.version,
                "library": os.path.basename(one.library),
                "variables": list(one.variables),
            }
            for one in session.columns
        },
        "programs": {one.name: one.stresses for one in session.programs},
        "kinds": {one.name: "kernel" if one.is_kernel else "program" for one in session.programs},
        "runs": {
            program: {name: without_digest(runs) for name, runs in row.items()}
            for program, row in session.results.items()
        },
        "idle_s": IDLE_S,
        "idle": {
            program: {name: without_digest(runs) for name, runs in row.items()}
            for program, row in session.idle.items()
        },
        "huge": session.huge,
        "failures": {"%s under %s" % key: why for key, why in session.failures.items()},
    }
