# SPDX-License-Identifier: MIT
"""What the tests of heap profiles share: planted state files, and a reading of the files by nobody's code but
this."""
import gzip
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

COMMAND = os.environ["ACRE_TEST_COMMAND"]
BIN = pathlib.Path(os.environ["ACRE_TEST_BIN"])
PLANT = str(BIN / "profilecmd-plant")
BUILD = pathlib.Path(os.environ["ACRE_TEST_BUILD"])

for name in ("LD_PRELOAD", "ACRE_CONF", "ACRE_PRELOAD", "NO_COLOR", "DEBUGINFOD_URLS"):
    os.environ.pop(name, None)
os.environ["LC_ALL"] = "C.UTF-8"

# What plant.c says was allocated: objects and bytes allocated, objects and bytes in use.
TRUTH = {
    "parse_request": (200000, 200000 * 64, 200000, 200000 * 64),
    "cache_insert": (12000, 12000 * 1024, 12000, 12000 * 1024),
    "grow_buffer": (300, 300 * 102400, 200, 200 * 102400),
    "format_line": (100000, 100000 * 64, 0, 0),
}
INUSE_OBJECTS = sum(row[2] for row in TRUTH.values())
INUSE_SPACE = sum(row[3] for row in TRUTH.values())
TYPES = ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"]


def acre(*words, **options):
    options.setdefault("timeout", 60)
    options.setdefault("text", True)
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    return subprocess.run([COMMAND, *map(str, words)], capture_output=True, **options)


if "built without" in acre("symbolize", "/dev/stdin", input="/x+0x1\n").stderr:
    print("the command was built without elfutils: these tests are about names")
    sys.exit(77)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="acre-profile-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def plant(self, kind="good", program=PLANT):
        path = self.folder / kind
        subprocess.run([program, path, kind], check=True)
        return path

    def acre(self, *words, status=0):
        """Runs the command; returns what it printed."""
        done = acre(*words)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def refused(self, *words, status=2, says=()):
        done = acre(*words)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith("acre: "), done.stderr)
        for word in says:
            self.assertIn(word, done.stderr)

    def save(self, state, name, *words):
        path = self.folder / name
        self.acre("profile", "--state", state, "-o", path, *words)
        return path


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a message: an int, or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        else:
            assert tag & 7 == 2, f"wire type {tag & 7}"
            n, at = varint(data, at)
            value, at = data[at : at + n], at + n
        yield tag >> 3, value


def packed(data):
    numbers, at = [], 0
    while at < len(data):
        number, at = varint(data, at)
        numbers.append(number)
    return numbers


class Pprof:
    """A profile.proto, with what its readers check checked."""

    def __init__(self, path):
        data = path.read_bytes()
        assert data[:2] == b"\x1f\x8b", "not compressed"
        data = gzip.decompress(data)
        all_of = lambda wanted: [v for n, v in fields(data) if n == wanted]
        one_of = lambda wanted: (all_of(wanted) or [0])[0]
        self.strings = [v.decode() for v in all_of(6)]
        assert self.strings[0] == "" and len(set(self.strings)) == len(self.strings)
        text = lambda message, field: self.strings[dict(fields(message)).get(field, 0)]
        self.types = [text(v, 1) for v in all_of(1)]
        self.units = [text(v, 2) for v in all_of(1)]
        self.mappings = [dict(fields(v)) for v in all_of(3)]
        self.functions = {dict(fields(v))[1]: dict(fields(v)) for v in all_of(5)}
        self.locations = {}
        for v in all_of(4):
            lines = [dict(fields(x)) for n, x in fields(v) if n == 4]
            self.locations[dict(fields(v))[1]] = (dict(fields(v)), lines)
        self.samples = [(packed(dict(fields(v))[1]), packed(dict(fields(v))[2])) for v in all_of(2)]
        self.drop = self.strings[one_of(7)]
        self.time_ns, self.duration_ns, self.period = one_of(9), one_of(10), one_of(12)
        self.period_type = text(one_of(11), 1), text(one_of(11), 2)
        self.comments = [self.strings[n] for v in all_of(13) for n in packed(v)]
        self.default = self.strings[one_of(14)]
        self.check()

    def check(self):
        assert sorted(self.locations) == list(range(1, len(self.locations) + 1))
        assert sorted(self.functions) == list(range(1, len(self.functions) + 1))
        for ids, values in self.samples:
            assert len(values) == len(self.types) and all(i in self.locations for i in ids)
        for location, lines in self.locations.values():
            assert all(line[1] in self.functions for line in lines)
            if 2 in location:
                mapping = self.mappings[location[2] - 1]
                assert mapping[2] <= location[3] < mapping[3], "an address outside its mapping"

    def names(self, ids):
        """The functions of a stack, leaf first; what is inlined before what it is inlined into."""
        lines = [line for i in ids for line in self.locations[i][1]]
        return [self.strings[self.functions[line[1]][2]] for line in lines]

    def by_leaf(self):
        return {self.names(ids)[0]: tuple(values) for ids, values in self.samples}
