# SPDX-License-Identifier: MIT
"""`acre diff`: what has changed, whether that is sure, and when it fails."""
import json
import unittest

from proflib import INUSE_SPACE, Case, Pprof

GROWN = 12000 * 1024


class Diff(Case):
    def setUp(self):
        super().setUp()
        self.before, self.after = self.plant("good"), self.plant("full")

    def diff(self, *words, status=0):
        data = json.loads(self.acre("diff", "--json", *words, status=status))
        self.assertEqual(data["schema"], "acre.diff/1")
        return data["total"], {row["name"]: row for row in data["places"]}

    def test_what_grew(self):
        total, places = self.diff(self.before, self.after)
        self.assertEqual((total["before"], total["after"]), (INUSE_SPACE, INUSE_SPACE + GROWN))
        self.assertEqual(total["margin"], 0, "totals in use are exact")
        self.assertEqual(list(places), ["cache_insert"])
        self.assertEqual(places["cache_insert"]["change"], GROWN)
        self.assertTrue(places["cache_insert"]["significant"])

    def test_noise_is_no_change(self):
        """The numbers of format_line differ between the two by chance only."""
        total, places = self.diff(self.before, self.after, "--alloc", "-n", "0")
        self.assertGreater(total["margin"], 0)
        self.assertNotEqual(places["format_line"]["change"], 0)
        self.assertFalse(places["format_line"]["significant"])
        self.assertTrue(places["cache_insert"]["significant"])

    def test_the_same(self):
        total, places = self.diff(self.before, self.before)
        self.assertEqual((total["change"], places), (0, {}))
        _, back = self.diff(self.after, self.before)
        self.assertEqual(back["cache_insert"]["change"], -GROWN)

    def test_files_of_other_formats(self):
        a = self.save(self.before, "a.pb.gz")
        for name in ("b.pb.gz", "b.heap", "b.jeheap", "b.folded"):
            total, places = self.diff(a, self.save(self.after, name))
            self.assertEqual((total["change"], places["cache_insert"]["change"]), (GROWN, GROWN), name)

    def test_limits(self):
        for limit, status in (
            ("inuse>+5%", 1),
            ("inuse>+50%", 0),
            ("inuse>+10M", 1),
            ("inuse>+20M", 0),
            ("inuse_space>50M", 1),
            ("inuse_objects>+11000", 1),
            ("alloc>+1%", 1),
            ("alloc>+17%", 0),  # it is 18.1, give or take 8
        ):
            done = self.acre("diff", self.before, self.after, "--fail-if", limit, status=status)
            self.assertIn("cache_insert", done)
        self.acre("diff", self.before, self.after, "--fail-if", "inuse>+50%", "--fail-if", "inuse>+5%", status=1)
        self.acre("diff", self.after, self.before, "--fail-if", "inuse>+5%", status=0)

    def test_text(self):
        text = self.acre("diff", self.before, self.after)
        self.assertIn("inuse_space: 43.5 MiB -> 55.2 MiB, +11.7 MiB (+27.0 %), exact\n", text)
        self.assertRegex(text, r"\n +\+11\.7 MiB +2\.\d MiB  yes +11\.7 MiB +23\.4 MiB  cache_insert  plant\.c\n")

    def test_other_forms(self):
        path = self.folder / "d.folded"
        self.acre("diff", self.before, self.after, "-o", path)
        line = next(x for x in path.read_text().splitlines() if "cache_insert" in x)
        self.assertRegex(line, rf" {12000 * 1024} {24000 * 1024}$")
        path = self.folder / "d.pb.gz"
        self.acre("diff", self.after, self.before, "-o", path)
        value = Pprof(path).by_leaf()["cache_insert"][3]
        self.assertEqual(value - (1 << 64), -GROWN, "negative numbers take ten bytes")
        self.refused("diff", self.before, self.after, "-o", self.folder / "d.heap", status=3, says=["differences"])

    def test_refusals(self):
        self.refused("diff", self.before, says=["two profiles"])
        for limit in ("inuse", "inuse>5%", "inuse>+5x", "growth>+5%", ">+5%", "inuse>"):
            self.refused("diff", self.before, self.after, "--fail-if", limit, says=[limit, "inuse>+5%"])
        self.refused("diff", self.before, "/nowhere", status=3, says=["/nowhere", "No such file"])
        folded = self.save(self.before, "a.folded")
        self.refused("diff", self.before, folded, "--alloc", status=3, says=["has no alloc_space"])
        done = self.acre("diff", self.before, folded, "--fail-if", "alloc>+1%", status=3)
        self.assertIn("inuse_space", done)


if __name__ == "__main__":
    unittest.main()
