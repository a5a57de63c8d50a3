# SPDX-License-Identifier: MIT
"""digest.py -- a saved result in a table of a few lines of Markdown, for README: losses beside gains."""
import textwrap

from . import explained
from .compare import BASE, BIG_MIB, SUBJECT, Comparison, kind_of, scaling
from .table import BUSY

WIDTH = 110


def paragraph(text):
    return ["", *textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)]


def about(data, result):
    facts = data["machine"]
    nkernels = sum(kind_of(data, row) == "kernel" for row in data["runs"])
    text = (
        "From `%s` (the `.txt` beside it has every row): %d programs and %d kernels, medians of %d "
        "interleaved rounds at %d %% of the work, acre at revision %s, %s, on %d x %s, Linux %s, %s."
        % (
            result,
            len(data["runs"]) - nkernels,
            nkernels,
            data["rounds"],
            data["percent"],
            facts["revision"] or "unknown",
            facts["date"][:10],
            facts["processors"],
            facts["processor"],
            facts["kernel"],
            facts["system"],
        )
    )
    if facts["load"] > BUSY:
        text += " The machine was busy (load %.1f before the start), so the times are rough." % facts["load"]
    return text + (
        " Geometric means of acre's figure over the other's, with 95 % bootstrap intervals; below 1 acre is "
        "ahead."
    )


def columns(data):
    """(title, comparison, rows) of the table."""
    wall, rss, faults = (Comparison(data, metric) for metric in ("wall", "rss", "faults"))
    kinds = {
        kind: [row for row in data["runs"] if kind_of(data, row) == kind] for kind in ("program", "kernel")
    }
    big = [row for row in rss.numbers if (rss.median(row, BASE) or 0) > BIG_MIB]
    found = [("time, all", wall, list(wall.numbers))]
    found += [("time, %ss" % kind, wall, rows) for kind, rows in kinds.items()]
    found += [("peak memory, rows over %d MiB" % BIG_MIB, rss, big)]
    found += [("page faults, programs", faults, kinds["program"])]
    return [
        (title, comparison, [row for row in rows if row in comparison.numbers])
        for title, comparison, rows in found
    ]


def table(data):
    shown = columns(data)
    others = [name for name in data["allocators"] if name != SUBJECT]
    yield "| %s against | %s |" % (SUBJECT, " | ".join(title for title, _, _ in shown))
    yield "|---" * (len(shown) + 1) + "|"
    for base in others + ["best"]:
        cells = []
        for _, comparison, rows in shown:
            found = comparison.interval(base, rows)
            cells.append("%.2f (%.2f to %.2f)" % found if found else "-")
        version = data["allocators"].get(base, {}).get("version", "").split(" ")[-1]
        name = "the best other of each row" if base == "best" else "%s %s" % (base, version)
        yield "| %s | %s |" % (name, " | ".join(cells))


def losses(data, metric, title):
    rows = sorted(explained.over(data, metric).items(), key=lambda one: -one[1][0])
    form = "%s %.2f" if metric == "rss" else "%s %.2f (%s)"  # the other is named in the title then
    text = ", ".join(form % (row, *found)[: form.count("%")] for row, found in rows)
    return "%s: %s." % (title, text or "none")


def idle(data):
    rows = Comparison(data, "idle")
    names = list(data["allocators"])
    if not rows.numbers:
        return []
    found = ["", "| resident 10 s after the work, MiB | %s |" % " | ".join(names), "|---" * (len(names) + 1) + "|"]
    for row in rows.numbers:
        cells = ("%.1f" % rows.median(row, name) if name in rows.numbers[row] else "-" for name in names)
        found.append("| %s | %s |" % (row, " | ".join(cells)))
    return found


def lines(data, result):
    if SUBJECT not in data["allocators"] or len(data["allocators"]) < 2:
        raise KeyError("it does not compare %s with another" % SUBJECT)
    found = paragraph(about(data, result)) + ["", *table(data)]
    found += paragraph(losses(data, "wall", "Slower than the best other by more than a tenth"))
    found += paragraph(losses(data, "rss", "More peak memory than glibc by more than 15 %"))
    scale = [(name, scaling(data, name)) for name in data["allocators"]]
    text = ", ".join("%s %.2f" % one for one in scale if one[1])
    if text:
        found += paragraph("Throughput of two threads that share nothing, against one: %s." % text)
    return found + idle(data) + [""]
