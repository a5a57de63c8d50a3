# SPDX-License-Identifier: MIT
"""table.py -- from measurements to a table that shows losses as plainly as gains.

Every ratio is taken within one round, between runs that were neighbours in time; the median over the rounds
is shown. A ratio whose rounds, a fifth at either end left out, lie on both sides of 1, or that is within half a
percent of 1, is called level."""
import math
import statistics
import textwrap

METRICS = {
    "wall": ("wall time, seconds", "slower", "faster", lambda run: run["wall_s"], "%.3f"),
    "cpu": (
        "processor time (user and system), seconds",
        "slower",
        "faster",
        lambda run: run["user_s"] + run["sys_s"],
        "%.3f",
    ),
    "rss": ("peak resident memory, MiB", "bigger", "smaller", lambda run: run["rss_kib"] / 1024, "%.1f"),
    "faults": ("minor page faults", "more", "fewer", lambda run: float(run["minor_faults"]), "%.0f"),
}
BIG_MIB = 15
SAME = 0.005
WIDTH = 110
SUBJECT = "acre"


def values(runs, metric):
    return [METRICS[metric][3](run) for run in runs]


def ratios(ours, theirs):
    return [one / other for one, other in zip(ours, theirs) if other > 0]


def geometric_mean(numbers):
    numbers = [number for number in numbers if number > 0]
    return math.exp(statistics.fmean(map(math.log, numbers))) if numbers else float("nan")


class Comparison:
    """All runs of one metric: results[program][allocator] is the list of its runs, a round each."""

    def __init__(self, results, names, metric):
        self.metric = metric
        self.names = names
        self.numbers = {
            program: {name: values(runs, metric) for name, runs in row.items() if runs}
            for program, row in results.items()
        }

    def median(self, program, name):
        numbers = self.numbers[program].get(name)
        return statistics.median(numbers) if numbers else None

    def best_other(self, program):
        others = [name for name in self.names if name != SUBJECT and self.median(program, name) is not None]
        return min(others, key=lambda name: self.median(program, name), default=None)

    def verdict(self, program):
        """(subject's ratio to the best other, that other's name, whether rounds disagree)."""
        best = self.best_other(program)
        if best is None or self.median(program, SUBJECT) is None:
            return None
        found = ratios(self.numbers[program][SUBJECT], self.numbers[program][best])
        if not found:
            return None
        ratio = statistics.median(found)
        inner = sorted(found)[len(found) // 5 : len(found) - len(found) // 5]
        return ratio, best, inner[0] <= 1 <= inner[-1] or abs(ratio - 1) < SAME

    def against(self, name, base, programs):
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

    def words(self, program):
        found = self.verdict(program)
        if found is None:
            return ""
        ratio, best, is_level = found
        _, worse, better, _, _ = METRICS[self.metric]
        word = "level" if is_level else worse if ratio > 1 else better
        return "%.2f %s (%s)" % (ratio, word, best)


def cells(comparison, program):
    """One row of numbers, the best marked."""
    form = METRICS[comparison.metric][4]
    medians = {name: comparison.median(program, name) for name in comparison.names}
    best = min((number for number in medians.values() if number is not None), default=None)
    for name in comparison.names:
        number = medians[name]
        yield "failed" if number is None else form % number + ("*" if number == best else " ")


def mean(number):
    return "-" if math.isnan(number) else "%.2f " % number


def means(comparison, programs, kinds):
    """The lines under the table."""
    names, rows = comparison.names, []
    groups = [("all", programs)] + [
        (kind, [one for one in programs if one in members]) for kind, members in kinds
    ]
    if comparison.metric in ("rss", "faults") and "glibc" in names:
        big = (
            [one for one in programs if (comparison.median(one, "glibc") or 0) > BIG_MIB]
            if comparison.metric == "rss"
            else []
        )
        groups += [("> %d MiB" % BIG_MIB, big)] if big else []
    for label, members in groups:
        if not members:
            continue
        if "glibc" in names:
            rows.append(
                ("vs glibc, " + label, [mean(comparison.against(name, "glibc", members)) for name in names])
            )
        if len(names) > 1:
            rows.append(
                ("vs best, " + label, [mean(comparison.against_best(name, members)) for name in names])
            )
    return rows


def summary(comparison, programs):
    """Where the subject stands, program by program, worst first."""
    if SUBJECT not in comparison.names or len(comparison.names) < 2:
        return []
    found = [(program, *comparison.verdict(program)) for program in programs if comparison.verdict(program)]
    _, worse, better, _, _ = METRICS[comparison.metric]
    lost = sorted((one for one in found if not one[3] and one[1] > 1), key=lambda one: -one[1])
    won = [one for one in found if not one[3] and one[1] < 1]
    lines = [
        "%s against the best other: %s on %d, level on %d, %s on %d"
        % (SUBJECT, better, len(won), len(found) - len(won) - len(lost), worse, len(lost))
    ]
    if lost:
        lines += textwrap.wrap(
            "%s on: %s" % (worse, ", ".join("%s %.2f (%s)" % one[:3] for one in lost)),
            WIDTH,
            subsequent_indent="    ",
        )
    return lines


def render(results, names, metric, kinds):
    comparison = Comparison(results, names, metric)
    programs = list(results)
    width = max([len(program) for program in programs] + [len("vs glibc, programs")]) + 1
    lines = [
        "",
        METRICS[metric][0]
        + " (median; * least of its row)"
        + ("; last column: %s against the best other" % SUBJECT if SUBJECT in names else ""),
        "%-*s" % (width, "") + "".join("%9s" % (name + " ") for name in names),
    ]
    for program in programs:
        row = "%-*s" % (width, program) + "".join("%9s" % cell for cell in cells(comparison, program))
        lines.append((row + "  " + comparison.words(program)).rstrip())
    lines.append(
        "geometric means (best: the best of the others, row by row; > %d MiB: rows where glibc's is)"
        % BIG_MIB
    )
    for label, row in means(comparison, programs, kinds):
        lines.append("%-*s" % (width, label) + "".join("%9s" % cell for cell in row))
    return lines + summary(comparison, programs)


def spread(results, metric):
    """The median, over everything run, of (largest - smallest) / median within its rounds: how quiet the
    machine was."""
    found = []
    for row in results.values():
        for runs in row.values():
            numbers = values(runs, metric)
            if len(numbers) > 1 and statistics.median(numbers) > 0:
                found.append((max(numbers) - min(numbers)) / statistics.median(numbers))
    return statistics.median(found) if found else 0.0
