# SPDX-License-Identifier: MIT
"""What the tests of `acre compare` share."""
import json

from acrerun import BIN, Case, acre, main  # noqa: F401 (for the tests)

WORK = str(BIN / "compare-work")
OWN = str(BIN / "compare-own")
WASTEFUL = str(BIN / "compare-wasteful.so")
BUSY = "the machine was busy before"


def compare(*words, **options):
    """acre compare, as text."""
    options.setdefault("timeout", 110)
    return acre("compare", *words, text=True, **options)


class Comparison:
    """What `acre compare --json` printed."""

    def __init__(self, *words, **options):
        self.done = compare("--json", *words, **options)
        self.data = json.loads(self.done.stdout)
        self.columns = {column["name"]: column for column in self.data["allocators"]}
        self.notes = [note for note in self.data["notes"] if BUSY not in note]

    def values(self, name, metric):
        return [run[metric] for run in self.columns[name]["runs"]]

    def verdict(self, name, metric):
        return self.columns[name]["against_base"][metric]["verdict"]
