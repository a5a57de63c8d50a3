# SPDX-License-Identifier: MIT
"""Everything that acre prints as JSON, held against its schema in docs/schema: by a validator, from real processes; and
each schema is narrow enough to notice a key that it does not know."""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
except ImportError:  # another Python than Debian's, which has the package
    if sys.executable != "/usr/bin/python3" and pathlib.Path("/usr/bin/python3").exists():
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    sys.exit("reports.py: python3-jsonschema is missing: run tools/setup check")

COMMAND = os.environ["ACRE_TEST_COMMAND"]
PRELOAD = os.environ["ACRE_TEST_PRELOAD"]
BIN = pathlib.Path(os.environ["ACRE_TEST_BIN"])
FOLDER = pathlib.Path(os.environ["ACRE_TEST_SOURCE"]) / "docs/schema"
TIMEOUT_S = 100

for name in ("LD_PRELOAD", "ACRE_CONF", "ACRE_PRELOAD", "NO_COLOR"):
    os.environ.pop(name, None)


def acre(*words):
    """The standard output of a command, which may have findings (1)."""
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True, timeout=TIMEOUT_S,
                          stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 1):
        raise AssertionError(f"acre {words} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def objects(schema):
    """Every part of a schema that says which keys an object has."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


class Reports(unittest.TestCase):
    held = set()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="acre-schema-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, program, *words, conf=""):
        """A program on acre, once it has said its first line."""
        process = subprocess.Popen([BIN / program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env={**os.environ, "LD_PRELOAD": PRELOAD, "ACRE_CONF": conf})
        self.addCleanup(self.end, process)
        process.stdout.readline()
        return process.pid

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()

    def hold(self, text, name):
        """The text is a report of that name, as its schema says it; without any of its keys the schema refuses it."""
        report = json.loads(text)
        schema = json.loads((FOLDER / f"acre.{name.replace('/', '.')}.json").read_text())
        self.assertEqual(report["schema"], f"acre.{name}")
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(report)
        for key in report:
            narrower = copy.deepcopy(schema)
            del narrower["properties"][key]
            with self.assertRaises(jsonschema.ValidationError, msg=f"{name} without {key}"):
                jsonschema.Draft202012Validator(narrower).validate(report)
        for part in objects(schema):
            self.assertIs(part["additionalProperties"], False)
        Reports.held.add(f"acre.{name.replace('/', '.')}.json")
        return report

    def test_a_live_process(self):
        pid = self.start("run-live", "work")
        self.hold(acre("why", "--json", pid), "why/1")
        for line in acre("stat", pid, "--json", "-n", "2", "-i", "0.05").splitlines():
            self.hold(line, "stat/1")
        self.assertTrue(self.hold(acre("ls", "--json"), "ls/1")["processes"])
        self.hold(acre("trim", pid, "--json"), "trim/1")
        self.assertTrue(self.hold(acre("verify", pid, "--json"), "verify/1")["sound"])

    def test_a_profile(self):
        pid = self.start("run-live", "plain", conf="profile=1")
        self.hold(acre("profile", pid, "--json"), "profile/1")
        acre("profile", pid, "-o", self.folder / "heap.pb.gz")
        self.hold(acre("diff", "--json", self.folder / "heap.pb.gz", self.folder / "heap.pb.gz"), "diff/1")

    def test_a_finding(self):
        self.assertTrue(self.hold(acre("doctor", "--json", self.start("why-known")), "doctor/1")["findings"])

    def test_a_state_file(self):
        pid = self.start("run-live", "plain", conf=f"state={self.folder}/state")
        os.kill(pid, 9)
        self.hold(acre("why", "--json", "--state", self.folder / "state"), "why/1")
        self.hold(acre("stat", "--json", "--state", self.folder / "state"), "stat/1")

    def test_leaks(self):
        subprocess.run([COMMAND, "leaks", "--exact", "--json", "-o", self.folder / "leaks", "--", BIN / "leaks-ring"],
                       check=False, capture_output=True, timeout=TIMEOUT_S)
        self.hold((self.folder / "leaks").read_text(), "leaks/1")

    def test_a_program_that_is_run(self):
        acre("run", "-q", "--json", self.folder / "run.json", "--", "/bin/ls", "/")
        self.assertTrue(self.hold((self.folder / "run.json").read_text(), "run/1")["measured"])
        acre("why", "--json", "-o", self.folder / "why.json", "--", sys.executable, "-c", "x = list(range(10**6))")
        self.hold((self.folder / "why.json").read_text(), "why/1")

    def test_a_comparison(self):
        self.hold(acre("compare", "--json", "-n", "2", "--allocators", "glibc,acre", "--", "/bin/ls", "/"), "compare/1")
        self.hold(acre("compare", "--list", "--json"), "compare.list/1")

    def test_the_library(self):
        self.hold(acre("options", "--json"), "options/1")
        self.hold(acre("options", "explain", "decay_ms", "--json"), "options/1")
        self.hold(acre("version", "--json"), "version/1")
        printed = subprocess.run([BIN / "abi.stats_print", "json"], capture_output=True, text=True, check=True, timeout=60)
        self.hold(printed.stdout.split("\n", 1)[1], "stats/1")

    def test_zz_every_schema_was_held(self):
        self.assertEqual(Reports.held, {path.name for path in FOLDER.glob("*")})

    def test_a_key_too_many_is_noticed(self):
        report = self.hold(acre("version", "--json"), "version/1")
        schema = json.loads((FOLDER / "acre.version.1.json").read_text())
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate({**report, "new": 1})


if __name__ == "__main__":
    unittest.main(verbosity=1)
