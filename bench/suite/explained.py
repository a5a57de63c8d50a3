# SPDX-License-Identifier: MIT
"""explained.py -- rows on which acre is over its bound, and why.

bench/explained has one line for each: `wall ROW: why` for a row over 1.10 of its best other in wall time,
`rss ROW: why` for one over 1.15 of glibc in peak memory. A line may go on in the next ones, indented."""
import os
import re
import statistics

from .allocators import Unusable
from .compare import BASE, Comparison

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "explained")
LINE = re.compile(r"(wall|rss) (.+?): (.*)")
# Metric: against whom, over which ratio.
LIMITS = {"wall": ("best", 1.10), "rss": (BASE, 1.15)}
MISSING = "unexplained"


def read(path=PATH):
    """{(metric, row): why}."""
    found, last = {}, None
    if not os.path.exists(path):
        return found
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            match = LINE.match(line)
            if match:
                last = match.group(1), match.group(2).strip()
                found[last] = match.group(3).strip()
            elif line[0] == " " and last:
                found[last] += " " + line.strip()
            else:
                raise Unusable(
                    "%s:%d: not `wall ROW: why` or `rss ROW: why`; correct that line" % (path, number)
                )
    return found


def over(data, metric):
    """{row: (ratio, against whom)} of the rows over the bound of this metric."""
    if metric not in LIMITS:
        return {}
    base, limit = LIMITS[metric]
    comparison = Comparison(data, metric)
    found = {}
    for program in comparison.numbers:
        ratios = comparison.subject_ratios(program, base)
        if ratios and statistics.median(ratios) > limit:
            other = comparison.best_other(program) if base == "best" else base
            found[program] = statistics.median(ratios), other
    return found


def notes(data, reasons):
    """({(metric, row): text to stand below the row}, lines on what is out of date)."""
    found, stale = {}, []
    for metric, (_, limit) in LIMITS.items():
        rows = over(data, metric)
        for row, (ratio, other) in rows.items():
            why = reasons.get((metric, row), MISSING)
            found[metric, row] = "%.2f of %s, over %.2f: %s" % (ratio, other, limit, why)
        stale += [
            "explained, but no longer over its bound: %s %s" % key
            for key in reasons
            if key[0] == metric and key[1] in data["runs"] and key[1] not in rows
        ]
    return found, stale
