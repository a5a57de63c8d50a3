# SPDX-License-Identifier: MIT
"""compare.py -- the arithmetic of a comparison: ratios, medians, geometric means and how sure they are.

Every ratio is taken within one round, between runs that were neighbours in time; the median over the rounds
counts. A ratio whose rounds, a fifth at either end left out, lie on both sides of 1, or that is within half a
percent of 1, is called level. Intervals are bootstrap ones, 95 %: the rounds of each row are drawn anew with
replacement, the rows stay, since they are the suite and no sample of another."""
import functools
import math
import os
import random
import statistics

SUBJECT = "acre"
BASE = "glibc"
BIG_MIB = 15
SAME = 0.005
DRAWS = 300
TAIL = 0.025


class Metric:
    """What is compared: the number of one run, or None where it has none."""

    def __init__(self, title, worse, better, number, form="%.3f"):
        self.title, self.worse, self.better, self.number, self.form = title, worse, better, number, form


def live_ratio(run):
    return run["rss_kib"] * 1024 / run["live_bytes"] if "live_bytes" in run else None


METRICS = {
    "wall": Metric("wall time, seconds", "slower", "faster", lambda run: run["wall_s"]),
    "cpu": Metric(
        "processor time (user and system), seconds",
        "slower",
        "faster",
        lambda run: run["user_s"] + run["sys_s"],
    ),
    "rss": Metric(
        "peak resident memory, MiB", "bigger", "smaller", lambda run: run["rss_kib"] / 1024, "%.1f"
    ),
    "integral": Metric(
        "resident memory summed over time, MiB s",
        "bigger",
        "smaller",
        lambda run: run.get("rss_mib_s"),
        "%.2f",
    ),
    "faults": Metric("minor page faults", "more", "fewer", lambda run: float(run["minor_faults"]), "%.0f"),
    "live": Metric(
        "peak resident memory over what the program itself held", "bigger", "smaller", live_ratio, "%.2f"
    ),
    "idle": Metric(
        "resident memory 10 s after the work, MiB",
        "bigger",
        "smaller",
        lambda run: run["last_rss_kib"] / 1024,
        "%.1f",
    ),
}


def geometric_mean(numbers):
    numbers = [number for number in numbers if number and number > 0]
    return math.exp(statistics.fmean(map(math.log, numbers))) if numbers else float("nan")


def ratios(ours, theirs):
    return [one / other for one, other in zip(ours, theirs) if other > 0]


class Comparison:
    """All runs of one metric, taken from the record of a session."""

    def __init__(self, data, metric):
        self.metric = METRICS[metric]
        self.names = list(data["allocators"])
        runs = data.get("idle", {}) if metric == "idle" else data["runs"]
        self.numbers = {}
        for program, row in runs.items():
            found = {name: list(map(self.metric.number, many)) for name, many in row.items() if many}
            if found and None not in sum(found.values(), []):
                self.numbers[program] = found

    def median(self, program, name):
        numbers = self.numbers[program].get(name)
        return statistics.median(numbers) if numbers else None

    def best_other(self, program):
        others = [name for name in self.names if name != SUBJECT and self.median(program, name) is not None]
        return min(others, key=lambda name: self.median(program, name), default=None)

    def subject_ratios(self, program, base):
        """The subject's ratios to another, a round each; `best` is the best other of the row."""
        row = self.numbers[program]
        base = self.best_other(program) if base == "best" else base
        return ratios(row[SUBJECT], row[base]) if SUBJECT in row and base in row else []

    def verdict(self, program):
        """(subject's ratio to the best other, that other's name, whether rounds disagree)."""
        found = self.subject_ratios(program, "best")
        if not found:
            return None
        ratio = statistics.median(found)
        inner = sorted(found)[len(found) // 5 : len(found) - len(found) // 5]
        is_level = inner[0] <= 1 <= inner[-1] or abs(ratio - 1) < SAME
        return ratio, self.best_other(program), is_level

    def against(self, name, base, programs):
        """Any column against another."""
        found = [
            ratios(self.numbers[program][name], self.numbers[program][base])
            for program in programs
            if name in self.numbers[program] and base in self.numbers[program]
        ]
        return geometric_mean([statistics.median(one) for one in found if one])

    def against_best(self, name, programs):
        """Against the best of the others in each program, whoever that is."""
        found = []
        for program in programs:
            mine = self.median(program, name)
            others = [self.median(program, other) for other in self.names if other != name]
            others = [number for number in others if number]
            if mine and others:
                found.append(mine / min(others))
        return geometric_mean(found)

    @functools.lru_cache(maxsize=None)
    def draws(self, program, base):
        """The logarithm of the median ratio, for each draw of rounds."""
        found = self.subject_ratios(program, base)
        if not found or min(found) <= 0:
            return None
        source = random.Random("%s %s" % (program, base))
        return [math.log(statistics.median(source.choices(found, k=len(found)))) for _ in range(DRAWS)]

    def interval(self, base, programs):
        """(geometric mean of the subject's ratios to base, lower, upper bound); None without any."""
        rows = [self.draws(program, base) for program in programs]
        rows = [row for row in rows if row is not None]
        if not rows:
            return None
        middle = geometric_mean(
            [
                statistics.median(found)
                for found in (self.subject_ratios(one, base) for one in programs)
                if found
            ]
        )
        means = sorted(math.exp(statistics.fmean(draw)) for draw in zip(*rows))
        return middle, means[int(DRAWS * TAIL)], means[DRAWS - 1 - int(DRAWS * TAIL)]

    def groups(self, data):
        """(label, rows): all, the real programs, the kernels, those that are big under the base."""
        rows = list(self.numbers)
        found = [("all", rows)]
        for kind in ("program", "kernel"):
            members = [one for one in rows if kind_of(data, one) == kind]
            if members and len(members) < len(rows):
                found.append((kind + "s", members))
        if self.metric is METRICS["rss"]:
            big = [one for one in rows if (self.median(one, BASE) or 0) > BIG_MIB]
            found += [("> %d MiB" % BIG_MIB, big)] if big else []
        return found


def kind_of(data, program):
    """Records of the first runs do not say it: a kernel is a row named after its source."""
    source = os.path.join(os.path.dirname(os.path.dirname(__file__)), "kernels", program.split()[0] + ".c")
    return data.get("kinds", {}).get(program, "kernel" if os.path.exists(source) else "program")


def spread(data):
    """The median, over everything run, of (largest - smallest) / median of the wall times of its rounds: how
    quiet the machine was."""
    found = []
    for row in data["runs"].values():
        for runs in row.values():
            numbers = [run["wall_s"] for run in runs]
            if len(numbers) > 1 and statistics.median(numbers) > 0:
                found.append((max(numbers) - min(numbers)) / statistics.median(numbers))
    return statistics.median(found) if found else 0.0


def scaling(data, name):
    """The throughput of two threads that share nothing against one; None if that was not measured."""
    one, two = (data["runs"].get("scale %d" % threads, {}).get(name) for threads in (1, 2))
    if not one or not two:
        return None
    return statistics.median(2 * first["wall_s"] / second["wall_s"] for first, second in zip(one, two))
