# SPDX-License-Identifier: MIT
"""table.py -- from the record of a session to text that shows losses as plainly as gains."""
import math
import textwrap

from . import explained, machine
from .compare import BASE, METRICS, SUBJECT, Comparison, scaling, spread

WIDTH = 110
COLUMN = 10
BUSY = 0.7
INTERVALS = ("wall", "cpu", "rss", "integral", "faults")


def wrapped(text, indent="    "):
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def words(comparison, program):
    found = comparison.verdict(program)
    if found is None:
        return ""
    ratio, best, is_level = found
    word = "level" if is_level else comparison.metric.worse if ratio > 1 else comparison.metric.better
    return "%.2f %s (%s)" % (ratio, word, best)


def cells(comparison, program):
    """One row of numbers, the best marked."""
    medians = {name: comparison.median(program, name) for name in comparison.names}
    best = min((number for number in medians.values() if number is not None), default=None)
    for name in comparison.names:
        number = medians[name]
        text = "failed" if number is None else comparison.metric.form % number
        yield text + ("*" if number is not None and number == best else " ")


def line_of(width, label, row):
    return ("%-*s" % (width, label) + "".join("%*s" % (COLUMN, cell) for cell in row)).rstrip()


def titles(names):
    """The lines on top of the columns: a name that is too long goes on below, from a hyphen on."""
    stacks = [textwrap.wrap(name, COLUMN - 1) for name in names]
    height = max(map(len, stacks))
    for level in range(height):
        yield [stack[level] + " " if level < len(stack) else "" for stack in stacks]


def mean(number):
    return "-" if math.isnan(number) else "%.2f " % number


def column_means(comparison, groups, width):
    """Every column against the base and against the best of the others in each row."""
    names = comparison.names
    for label, members in groups:
        if BASE in names:
            row = [mean(comparison.against(name, BASE, members)) for name in names]
            yield line_of(width, "vs %s, %s" % (BASE, label), row)
        if len(names) > 1:
            row = [mean(comparison.against_best(name, members)) for name in names]
            yield line_of(width, "vs best, " + label, row)


def subject_means(comparison, groups, width):
    """The subject against each of the others, with intervals."""
    others = [name for name in comparison.names if name != SUBJECT]
    yield line_of(width, "%s against" % SUBJECT, ["%20s" % label for label, _ in groups])
    for base in others + ["best"]:
        row = []
        for _, members in groups:
            found = comparison.interval(base, members)
            row.append("%20s" % ("%.3f [%.3f %.3f]" % found if found else "-"))
        yield line_of(width, "the best of each row" if base == "best" else base, row)


def standing(comparison):
    """Where the subject stands, row by row, worst first."""
    found = [(row, *comparison.verdict(row)) for row in comparison.numbers if comparison.verdict(row)]
    metric = comparison.metric
    lost = sorted((one for one in found if not one[3] and one[1] > 1), key=lambda one: -one[1])
    won = [one for one in found if not one[3] and one[1] < 1]
    yield "%s against the best other: %s on %d, level on %d, %s on %d" % (
        SUBJECT,
        metric.better,
        len(won),
        len(found) - len(won) - len(lost),
        metric.worse,
        len(lost),
    )
    if lost:
        yield from wrapped("%s on: %s" % (metric.worse, ", ".join("%s %.2f (%s)" % one[:3] for one in lost)))


def render(data, metric, notes):
    comparison = Comparison(data, metric)
    rows = list(comparison.numbers)
    if not rows:
        return []
    names, has_subject = comparison.names, SUBJECT in comparison.names and len(comparison.names) > 1
    groups = comparison.groups(data)
    width = max([len(row) for row in rows] + [len("the best of each row")]) + 1
    lines = [
        "",
        comparison.metric.title
        + " (median; * least of its row)"
        + ("; last column: %s against the best other" % SUBJECT if has_subject else ""),
        *(line_of(width, "", row) for row in titles(names)),
    ]
    for row in rows:
        line = "%-*s" % (width, row) + "".join("%*s" % (COLUMN, cell) for cell in cells(comparison, row))
        lines.append((line + "  " + words(comparison, row)).rstrip() if has_subject else line.rstrip())
        if (metric, row) in notes:
            lines += ["    " + one for one in wrapped(notes[metric, row], "")]
    lines.append("geometric means (best: the best of the others, row by row)")
    lines += column_means(comparison, groups, width)
    if not has_subject:
        return lines
    if metric in INTERVALS:
        lines.append(
            "with 95 %% bootstrap intervals; below 1: %s is %s" % (SUBJECT, comparison.metric.better)
        )
        lines += subject_means(comparison, groups, width)
    return lines + list(standing(comparison))


def head(data):
    facts = data["machine"]
    lines = wrapped(machine.line(facts)) + [
        "acre at revision %s; load before the start %.2f; %d rounds, %d %% of the work; "
        "spread within rounds %.0f %%"
        % (
            facts["revision"] or "unknown",
            facts["load"],
            data["rounds"],
            data["percent"],
            100 * spread(data),
        ),
    ]
    for name, one in data["allocators"].items():
        lines.append(", with ".join(["%s: %s" % (name, one["version"]), *one.get("variables", [])]))
    if facts["load"] > BUSY:
        lines.append(
            "THE MACHINE WAS BUSY (load %.1f at the start): the times mean little, the memory is right"
            % facts["load"]
        )
    return lines


def scale_lines(data):
    found = [(name, scaling(data, name)) for name in data["allocators"]]
    found = ["%s %.2f" % one for one in found if one[1]]
    if not found:
        return []
    title = (
        "throughput of two threads that share nothing, against one (2.00: the second costs the first nothing)"
    )
    return ["", title] + wrapped("    " + ", ".join(found))


def huge_lines(data):
    """Where any allocator has huge pages: how much of what is resident lies in them."""
    found = []
    for program, row in data.get("huge", {}).items():
        shares = [
            (name, 100 * one["huge_kib"] / one["rss_kib"]) for name, one in row.items() if one["huge_kib"]
        ]
        if shares:
            found.append("    %s: %s" % (program, ", ".join("%s %.0f" % one for one in shares)))
    if not found:
        return []
    title = "huge pages, % of what is resident when most is (of one run; who is not named has none)"
    return ["", title] + [line for text in found for line in wrapped(text, " " * 8)]


def over_lines(data, notes):
    """All rows over their bound once more, in one place."""
    if SUBJECT not in data["allocators"] or len(data["allocators"]) < 2:
        return []
    lines = [
        "",
        "rows over a bound: %d, unexplained %d"
        % (len(notes), sum(text.endswith(": " + explained.MISSING) for text in notes.values())),
    ]
    for (metric, row), text in notes.items():
        lines += wrapped("%s %s: %s" % (metric, row, text))
    return lines


def whole(data, metrics):
    """Everything there is to say about a record, as lines."""
    notes, stale = explained.notes(data, explained.read())
    lines = head(data)
    for metric in metrics:
        lines += render(data, metric, notes)
    lines += scale_lines(data) + huge_lines(data) + over_lines(data, notes) + stale
    return lines + ["failed: %s: %s" % one for one in data["failures"].items()]
