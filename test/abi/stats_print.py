#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# stats_print.py -- what acre_stats_print writes is JSON to a JSON parser and metrics to the rules of
# Prometheus' text format, complete by stat.def, with the numbers of acre_stats_get.
import json
import os
import pathlib
import re
import subprocess

PROGRAM = pathlib.Path(os.environ["ACRE_TEST_BIN"]) / "abi.stats_print"
ROWS = re.findall(
    r"^AC_STAT\((\w+),\s*(\w+),",
    (pathlib.Path(os.environ["ACRE_TEST_SOURCE"]) / "src/core/stat.def").read_text(),
    re.M,
)


def output(form):
    text = subprocess.run([PROGRAM, form], check=True, capture_output=True, text=True, timeout=60).stdout
    numbers, _, rest = text.partition("\n")
    return dict(zip((name for name, _ in ROWS), map(int, numbers.split()), strict=True)), rest


def check_json():
    stats, text = output("json")
    report = json.loads(text)
    assert set(report) == {"schema", "version", "stats", "classes"}, report.keys()
    assert report["schema"] == "acre.stats/1"
    assert report["stats"] == stats, (report["stats"], stats)
    assert stats["small_live_objects"] >= 1000 and stats["large_live_objects"] >= 1
    classes = report["classes"]
    assert any(row["live"] >= 1000 and 100 <= row["size"] <= 128 for row in classes), classes
    assert sum(row["live"] * row["size"] for row in classes) == stats["small_live_bytes"]


def check_prometheus():
    stats, text = output("prometheus")
    lines = iter(text.removesuffix("\n").split("\n"))
    for row, kind in ROWS:
        if row == "rss_bytes":
            continue
        name = f"acre_{row}" + ("_total" if kind == "COUNTER" else "")
        assert re.fullmatch(rf"# HELP {name} \S.*", line := next(lines)), line
        assert next(lines) == f"# TYPE {name} {kind.lower()}"
        assert next(lines) == f"{name} {stats[row]}", name
    assert list(lines) == []


check_json()
check_prometheus()
