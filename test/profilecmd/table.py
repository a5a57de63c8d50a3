# SPDX-License-Identifier: MIT
"""The table of `acre profile`, as text and as JSON: its numbers, its errors, what it says when it does not know."""
import json
import os
import re
import unittest

from proflib import INUSE_OBJECTS, INUSE_SPACE, PLANT, TRUTH, Case


class Table(Case):
    def places(self, state, *words):
        data = json.loads(self.acre("profile", "--state", state, "--json", "-n", "0", *words))
        self.assertEqual(data["schema"], "acre.profile/1")
        self.data = data
        return {row["name"]: row for row in data["places"]}

    def test_totals_are_the_counters(self):
        places = self.places(self.plant())
        self.assertEqual(self.data["total"]["inuse_space"], INUSE_SPACE)
        self.assertEqual(self.data["total"]["inuse_objects"], INUSE_OBJECTS)
        self.assertNotEqual(self.data["raw_inuse_space"], INUSE_SPACE, "the samples alone are not exact")
        self.assertEqual(places["main"]["flat"]["inuse_space"], 0)

    def test_truth_lies_within_the_margins(self):
        """Twice the 95 % interval: with these random numbers, which are the same in every run, it does."""
        places = self.places(self.plant())
        for name, truth in TRUTH.items():
            row = places[name]
            keys = ("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")
            for key, wanted in zip(keys, truth):
                margin = row["flat_margin"][key]
                self.assertLessEqual(abs(row["flat"][key] - wanted), 2 * margin, f"{name} {key}: {row}")
            self.assertLess(margin, wanted or 1, "and they are not so wide that anything would")
        n = places["parse_request"]["samples"]
        wanted = 1.96 * places["parse_request"]["flat"]["inuse_space"] / n**0.5
        self.assertAlmostEqual(places["parse_request"]["flat_margin"]["inuse_space"], wanted, delta=wanted / 100)

    def test_what_was_there_before(self):
        places = self.places(self.plant("late"))
        self.assertEqual(self.data["total"]["inuse_objects"], INUSE_OBJECTS + 8000)
        before = places["[allocated before profiling started]"]
        self.assertNotIn("flat_margin", before, "nobody knows its error")
        self.assertLessEqual(before["flat"]["inuse_objects"], 8000)

    def test_dropped_is_said(self):
        state = self.plant("dropped")
        text = self.acre("profile", "--state", state)
        self.assertRegex(text, r"dropped: .* the blocks of \d+ neither")
        self.places(state)
        self.assertGreater(self.data["dropped_blocks"], 0)
        self.assertEqual(self.data["total"]["inuse_space"], INUSE_SPACE, "the total is still the counters'")

    def test_waste(self):
        """14 of 64 bytes are rounding, and a quarter of what is in use lies free beside it."""
        places = self.places(self.plant(), "--waste")
        wanted = 200000 * (14 + 16)
        got = places["parse_request"]["flat"]["waste_space"]
        self.assertAlmostEqual(got, wanted, delta=wanted / 100)
        self.assertEqual(places["grow_buffer"]["flat"]["waste_space"], 0)

    def test_text(self):
        state = self.plant()
        lines = self.acre("profile", "--state", state).splitlines()
        self.assertIn("43.5 MiB in use, 212 200 objects", lines[0])
        self.assertRegex(lines[2], r"^ +19\.5 MiB .* 44\.9 % .* grow_buffer  plant\.c:\d+$")
        self.assertRegex(lines[3], r"^ +12\.2 MiB .* 28\.1 % +200 000 .* parse_request  plant\.c:\d+$")
        self.assertTrue(any(re.search(r"0 B .* 28\.1 %  handle_connection  plant\.c", line) for line in lines))
        self.assertNotIn("\x1b", "\n".join(lines))
        self.assertEqual(len(self.acre("profile", "--state", state, "-n", "1").splitlines()), 3)
        life = self.acre("profile", "--state", state, "--lifetime")
        self.assertRegex(life, r"100\.0 % +100\.0 % +< 1 ms  format_line")

    def test_another_build_is_not_named(self):
        """The file has changed since: addresses, not wrong names."""
        copy = self.folder / "program"
        with open(PLANT, "rb") as file:
            copy.write_bytes(file.read())
        os.chmod(copy, 0o755)
        state = self.plant(program=str(copy))
        self.assertIn("parse_request", self.acre("profile", "--state", state))
        with open("/bin/true", "rb") as file:
            copy.write_bytes(file.read())
        text = self.acre("profile", "--state", state)
        self.assertNotIn("parse_request", text)
        self.assertRegex(text, r"program\+0x[0-9a-f]+")
        self.assertRegex(text, r"not named: functions of \S+/program, which has changed: its build id is another")

    def test_names_of_a_jit(self):
        for kind, named in (("jit", True), ("good", False)):
            state = self.plant(kind)
            self.places(state)
            path = f"/tmp/perf-{self.data['pid']}.map"
            self.addCleanup(os.remove, path)
            with open(path, "w") as file:
                file.write("1000 10 not_this\n2000 ffffffffffff0000 jit_compiled\n")
            self.assertEqual("jit_compiled" in self.places(state), named, "only what no module has")


if __name__ == "__main__":
    unittest.main()
