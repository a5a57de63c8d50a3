# SPDX-License-Identifier: MIT
"""`acre doctor`: it finds each illness in a program that has it, with evidence, and says nothing of the
healthy."""
import json
import os
import re

from whylib import BIN, PYTHON, Case, acre, main

PRELUDE = "import time, ctypes, mmap, threading\n"
REST = "\nprint('ready', flush=True)\ntime.sleep(999)\n"


class Doctor(Case):
    def patient(self, program, conf=""):
        return self.ready(
            self.start("env", "PYTHONMALLOC=malloc", PYTHON, "-c", PRELUDE + program + REST, conf=conf)
        )

    def findings(self, pid):
        done = acre("doctor", "--json", pid)
        report = json.loads(done.stdout)
        self.assertEqual((report["schema"], report["pid"], done.stderr), ("acre.doctor/1", pid, ""))
        self.assertEqual(done.returncode, 1 if report["findings"] else 0)
        self.assertEqual(len(report["findings"]) + len(report["fine"]), 11)
        for finding in report["findings"]:
            self.assertTrue(finding["what"] and finding["next"])
            self.assertRegex(finding["evidence"], r"\d")
        return {finding["name"]: finding for finding in report["findings"]}

    def test_nothing_about_the_healthy(self):
        process = self.patient("kept = [bytearray(3000) for i in range(20000)]")
        done = acre("doctor", process.pid)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertRegex(done.stdout, rf"^pid {process.pid} python3\S*: 0 findings\nnothing to say about: ")

    def test_low_fill(self):
        found = self.findings(self.ready(self.start(BIN / "why-known")).pid)
        self.assertIn("class 64 B is 50 % full", found["low_fill"]["evidence"])

    def test_free_pages_and_the_text(self):
        program = "big = [bytearray(500000) for i in range(200)]; small = bytearray(9); del big"
        process = self.patient(program, "helper=0,decay_ms=3600000,dirty_min=1G")
        found = self.findings(process.pid)
        self.assertIn(f"acre trim {process.pid}", found["dirty_pages"]["next"])
        text = acre("doctor", process.pid)
        self.assertEqual(text.returncode, 1)
        self.assertRegex(text.stdout, r"1\. .*\n   evidence: .*\d.*\n   next: acre ")

    def test_not_the_heap(self):
        program = "m = mmap.mmap(-1, 80 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\nfor i in range(0, 80 << 20, 4096): m[i] = 1"
        found = self.findings(self.patient(program).pid)
        self.assertIn("other mappings, 8", found["not_the_heap"]["evidence"])

    def test_rounding_that_may_be_much(self):
        program = "libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p\nfor i in range(1500000): libc.malloc(1)"
        found = self.findings(self.patient(program).pid)
        self.assertIn("class 16 B", found["bad_fit"]["evidence"])

    def test_refusals(self):
        for given, status, said in (
            ([], 2, "one process id"),
            (["x"], 2, "is no process id"),
            (["4194304"], 3, "there is no process"),
            ([os.getpid()], 3, "acre run"),
        ):
            done = acre("doctor", *given)
            self.assertEqual((done.returncode, done.stdout), (status, ""), given)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    main()
