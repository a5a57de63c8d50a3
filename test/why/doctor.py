# SPDX-License-Identifier: MIT
"""`acre doctor`: it finds each illness in a program that has it, with evidence, and says nothing of the
healthy."""
import json
import os
import pathlib
import re
import subprocess

from whylib import BIN, COMMAND, PYTHON, Case, acre, main

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

    def sick(self, what, conf=""):
        return self.ready(self.start(BIN / "why-patients", what, conf=conf)).pid

    def test_frees_by_other_threads(self):
        found = self.findings(self.sick("remote", "shards=4,helper=0"))
        self.assertRegex(found["remote_frees"]["evidence"], r"^1 \d{3} \d{3} such frees, \d\d+ % of the blocks")

    def test_idle_caches(self):
        pid = self.sick("idle", "helper=0")
        found = self.findings(pid)
        self.assertRegex(found["idle_caches"]["evidence"], r"of 5 threads; all caches together \d")
        self.assertEqual(found["idle_caches"]["next"], f"acre trim {pid} empties them")

    def test_growth(self):
        found = self.findings(self.sick("growing", "helper=0"))
        self.assertRegex(found["growing"]["evidence"], r"^from \S+ MiB to \S+ MiB in .*, and never less than before$")

    def test_huge_pages(self):
        pid = self.sick("huge", "huge_from=0,helper=0")
        found = self.findings(pid)
        if self.why(pid)["huge_bytes"] < 64 << 20:
            self.skipTest("the system gives no huge pages")
        self.assertRegex(found["huge_waste"]["what"], r"^\d\d(\.\d)? MiB are resident only because huge pages")

    def in_a_place_where(self, source, target, pid):
        """The findings where another file or folder is seen at that path."""
        script = 'mount --bind "$1" "$2" && exec "$3" doctor --json "$4"'
        words = ["unshare", "-m", "sh", "-c", script, "sh", str(source), target, COMMAND, str(pid)]
        if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no mount namespaces without root")
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stderr, "")
        return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}

    def test_the_limit_of_the_control_group(self):
        pid = self.sick("healthy")
        group = self.folder / "group"
        group.mkdir()
        # Of the unified hierarchy, wherever in it the process is.
        unified = [line for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines() if line.startswith("0::/")]
        if not unified:
            self.skipTest("no unified hierarchy of control groups")
        inner = group / unified[0][len("0::/") :]
        inner.mkdir(parents=True, exist_ok=True)
        (inner / "memory.max").write_text(f"{100 << 20}\n")
        for percent, kills, evidence in (
            (50, 0, None),
            (90, 0, r"^memory.current 90\S* MiB of memory.max 100\S* MiB \(90 %\), oom_kill 0$"),
            (50, 3, r"oom_kill 3$"),
        ):
            (inner / "memory.current").write_text(f"{percent << 20}\n")
            (inner / "memory.events").write_text(f"low 0\nhigh 0\nmax 7\noom 3\noom_kill {kills}\n")
            found = self.in_a_place_where(group, "/sys/fs/cgroup", pid)
            self.assertEqual("near_limit" in found, evidence is not None, found)
            if evidence:
                self.assertRegex(found["near_limit"]["evidence"], evidence)

    def test_swap(self):
        pid = self.sick("healthy")
        path = f"/proc/{pid}/smaps_rollup"
        text = pathlib.Path(path).read_text()
        for kib in (0, 5120):
            fake = self.folder / "rollup"
            fake.write_text(re.sub(r"(?m)^Swap: .*$", f"Swap: {kib:18} kB", text))
            found = self.in_a_place_where(fake, path, pid)
            self.assertEqual("swapped" in found, kib > 0)
            if kib > 0:
                self.assertIn("5.0 MiB are swapped out", found["swapped"]["what"])

    def test_nothing_about_the_other_healthy(self):
        self.assertEqual(self.findings(self.sick("healthy")), {})

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
