# SPDX-License-Identifier: MIT
"""What `acre leaks` says and how it ends: the text, suppressions, exit statuses, and when it cannot tell."""
import pathlib
import tempfile
import unittest

from leakslib import leaks, report, seeded

TABLE = seeded("session_table")


class Report(unittest.TestCase):
    def suppressed(self, *lines, program=TABLE, status=0):
        with tempfile.TemporaryDirectory(prefix="acre-leaks-") as folder:
            path = pathlib.Path(folder) / "lsan.supp"
            path.write_text("".join(line + "\n" for line in lines))
            return report("--exact", "--suppressions", path, "--", program, status=status)

    def test_text(self):
        done = leaks("--exact", "--", TABLE)
        self.assertEqual(done.returncode, 23, done.stderr)
        self.assertEqual(done.stdout, "100 sessions\n")
        self.assertRegex(done.stderr, r"(?m)^==\d+==ERROR: acre: detected memory leaks$")
        self.assertRegex(done.stderr, r"(?m)^Direct leak of 8000 byte\(s\) in 40 object\(s\) allocated from:\n"
                                      r"    #0 0x[0-9a-f]+ in session_new \S*session_table\.c:\d+\n"
                                      r"    #1 0x[0-9a-f]+ in login ")
        self.assertRegex(done.stderr, r"(?m)^Indirect leak of 1280 byte\(s\) in 40 object\(s\) allocated from:$")
        self.assertRegex(done.stderr, r"(?m)^SUMMARY: acre: 9280 byte\(s\) leaked in 80 allocation\(s\)\.$")

    def test_suppressions(self):
        for pattern in ("leak:login", "leak:session_table.c", "leak:^session_new$", "leak:s*_n*w", "leak:leaks-session"):
            with self.subTest(pattern):
                found = self.suppressed("# known", "", f"  {pattern} ")
                self.assertEqual(found["found"], {"bytes": 0, "objects": 0})
                self.assertEqual(found["suppressed"], [{"pattern": pattern[5:], "bytes": 9280, "objects": 80}])
                self.assertEqual(found["leaks"], [])

    def test_suppressions_that_do_not_fit(self):
        for pattern in ("leak:logout", "leak:^ession_new", "leak:session_ne$", "leak:l*qq*n"):
            with self.subTest(pattern):
                found = self.suppressed(pattern, status=23)
                self.assertEqual(found["found"]["objects"], 80)

    def test_part_suppressed(self):
        found = self.suppressed("leak:node_new", program=seeded("parser_error"), status=23)
        self.assertEqual(found["found"], {"bytes": 1200, "objects": 25})
        self.assertEqual(found["suppressed"][0]["objects"], 75)

    def test_wrong_suppressions(self):
        with tempfile.TemporaryDirectory(prefix="acre-leaks-") as folder:
            path = pathlib.Path(folder) / "lsan.supp"
            path.write_text("leak:x\nrace:y\n")
            for words in (["--suppressions", path], ["--suppressions", folder + "/none"], ["--exit-code", "256"],
                          ["--min", "much"], ["--rate", "-"]):
                done = leaks(*words, "--", TABLE)
                self.assertEqual(done.returncode, 2, words)
                self.assertRegex(done.stderr, r"^acre: ")
                self.assertEqual(done.stdout, "")
            self.assertIn("line 2", leaks("--suppressions", path, "--", TABLE).stderr)

    def test_exit_statuses(self):
        self.assertEqual(leaks("--exact", "--exit-code", 7, "--", TABLE).returncode, 7)
        self.assertEqual(leaks("--exact", "--exit-code", 0, "--", TABLE).returncode, 0)
        self.assertEqual(leaks("--", TABLE).returncode, 23)
        self.assertEqual(leaks("--", "sh", "-c", "exit 5").returncode, 5)
        self.assertEqual(leaks("--", "/nowhere/at/all").returncode, 127)
        self.assertEqual(leaks(TABLE).returncode, 2)

    def test_min(self):
        found = report("--exact", "--min", 2000, "--", TABLE)
        self.assertEqual(found["found"], {"bytes": 8000, "objects": 40})
        self.assertEqual(len(found["leaks"]), 1)
        self.assertEqual(report("--exact", "--min", "1M", "--", TABLE, status=0)["leaks"], [])

    def test_through_exec(self):
        """Who becomes another program is asked for the other's leaks."""
        found = report("--exact", "--", "sh", "-c", f"exec {TABLE}")
        self.assertEqual(found["found"], {"bytes": 9280, "objects": 80})

    def test_cannot_tell(self):
        """A process that is ended without its exit handlers is not called clean."""
        for words, status in ((["python3", "-I", "-c", "import os; os._exit(0)"], 3),
                              (["sh", "-c", "kill -KILL $$"], 137)):
            done = leaks("--", *words)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertRegex(done.stderr, r"no leaks were looked for in \S+: it ended by a signal, by _exit")
            self.assertNotIn("no leaks\n", done.stderr)

    def test_children_are_their_own(self):
        """A forked child neither looks nor answers for its parent."""
        script = ("import os; pid = os.fork()\n"
                  "if pid == 0: raise SystemExit(0)\n"
                  "os.waitpid(pid, 0)")
        found = report("--", "python3", "-I", "-c", script, status=0)
        self.assertEqual(found["found"]["objects"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
