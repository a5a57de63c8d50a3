# SPDX-License-Identifier: MIT
"""`acre why`: each line against a program of which every MiB is known; stopped, killed, forked, busy and
foreign processes; its words, its JSON, its refusals."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from whylib import BIN, PARTS, PYTHON, Case, acre, main, rss, until

MIB = 1 << 20


class Truth(Case):
    def test_every_part_of_a_known_program(self):
        process = self.ready(self.start(BIN / "why-known"))
        report = self.assert_closes(process.pid)
        for key, mib, slack in (
            ("live_bytes", 16 + 6 + 20 + 8, 0.5),
            ("span_free_bytes", 16, 0.6),
            ("untouched_bytes", -8, 0.4),
            ("stack_bytes", 4, 0.4),
            ("shared_bytes", 5, 0.2),
            ("other_bytes", 6 + 4, 0.4),
            ("file_bytes", 7 + 1.5, 1.2),
            ("huge_tail_bytes", 0, 0.1),
            ("brk_bytes", 0, 0.2),
        ):
            value = report["parts"][key] / MIB
            self.assertLess(abs(value - mib), slack, f"{key}: {value:.2f} MiB, not {mib}; {report['parts']}")
        self.assertLess(abs(report["large_untouched_bytes"] / MIB - 32), 0.3)
        self.assertLess(abs(report["heap_live_bytes"] / MIB - (16 + 6 + 20 + 8 + 32)), 0.5)
        # Blocks of 64 bytes: at most 15 each.
        self.assertGreater(report["rounding_max_bytes"], 15 * 16 * MIB // 64)

    def test_stopped_and_with_every_descriptor_named(self):
        process = self.stop(self.ready(self.start(BIN / "why-known")))
        self.assert_closes(process.pid)
        text = acre("why", process.pid).stdout
        self.assertIn("stopped", text.splitlines()[0])

    def test_a_forked_child_has_its_own_tree(self):
        program = (
            "import os, time\n"
            "kept = [bytearray(300) for i in range(60000)]\n"
            "big = bytearray(20 << 20)\n"
            "if os.fork() == 0:\n"
            "    more = [bytearray(500) for i in range(40000)]; print('ready', os.getpid(), flush=True)\n"
            "time.sleep(999)\n"
        )
        parent = self.start("env", "PYTHONMALLOC=malloc", PYTHON, "-c", program)
        child = int(parent.stdout.readline().split()[1])
        self.addCleanup(os.kill, child, signal.SIGKILL)
        ours, theirs = self.assert_closes(parent.pid), self.assert_closes(child)
        self.assertGreater(theirs["heap_live_bytes"], ours["heap_live_bytes"] + 40000 * 500)

    def test_a_forked_child_in_hardened_mode(self):
        """Chunks that are full of large blocks, none of which begins where a unit does."""
        program = (
            "import ctypes, os, time\n"
            "libc = ctypes.CDLL(None)\n"
            "libc.malloc.restype = ctypes.c_void_p\n"
            "def take(bytes): ctypes.memset(libc.malloc(bytes), 1, bytes)\n"
            "for i in range(320): take(7 * 32768 + 20000)\n"
            "if os.fork() == 0: take(5000000); print('ready', os.getpid(), flush=True)\n"
            "time.sleep(999)\n"
        )
        parent = self.start(PYTHON, "-c", program, conf="hardened=1")
        child = int(parent.stdout.readline().split()[1])
        self.addCleanup(os.kill, child, signal.SIGKILL)
        self.assert_closes(child, least_live=0.8)

    def test_a_busy_process_is_read_too(self):
        program = (
            "import time; print('ready', flush=True)\n"
            "while True: kept = [str(i) * 5 for i in range(100000)]"
        )
        process = self.ready(self.start("env", "PYTHONMALLOC=malloc", PYTHON, "-c", program))
        report = self.why(process.pid)
        self.assertEqual(sum(report["parts"].values()), report["rss_bytes"])

    def test_after_sigkill_by_its_state_file(self):
        path = self.folder / "state"
        process = self.ready(self.start(BIN / "why-leaky", 48, conf=f"state={path}"))
        alive = acre("why", "--json", "--state", path)
        self.assertEqual((alive.returncode, alive.stderr), (0, ""))
        alive = json.loads(alive.stdout)
        self.assertEqual((alive["moment"], alive["pid"], alive["walked"]), ("now", process.pid, True))
        process.kill()
        process.wait()
        dead = json.loads(acre("why", "--json", "--state", path).stdout)
        self.assertEqual((dead["moment"], dead["pid"], dead["walked"]), ("last", process.pid, False))
        self.assertEqual(dead["heap_live_bytes"], alive["heap_live_bytes"])
        self.assertEqual(list(dead["parts"]), PARTS)
        self.assertEqual(sum(dead["parts"].values()), dead["rss_bytes"])
        self.assertGreater(dead["rss_bytes"], 24 * MIB)  # at the last look, some ms before the end
        self.assertIn("its last numbers", acre("why", "--state", path).stdout)


class Words(Case):
    def test_the_tree(self):
        process = self.ready(self.start(BIN / "why-known"))
        done = acre("why", process.pid)
        lines = done.stdout.splitlines()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(lines[0], rf"^RSS +[\d.]+ MiB +pid {process.pid} why-known, acre ")
        self.assertRegex(lines[1], r"^├ live blocks +[\d.]+ MiB +[\d.]+ %  [\d ]+ blocks; ")
        self.assertRegex(lines[-1], r"^└ unexplained +-?[\d.]+ \w+ +-?[\d.]+ %")
        free = next(line for line in lines if "free blocks in spans" in line)
        self.assertRegex(free, r"class 64 B: 1[56]\.\d MiB, 50 % full; acre trim")
        self.assertIn("never touched", lines[1])
        self.assertNotIn("\033", done.stdout)
        plain = acre("why", process.pid, env=dict(os.environ, LC_ALL="C")).stdout
        self.assertTrue(plain.isascii(), plain)

    def test_what_would_shrink_it(self):
        program = (
            "import time; kept = [bytearray(300) for i in range(200000)]; edge = bytearray(100)\n"
            "del kept; print('ready', flush=True); time.sleep(999)"
        )
        conf = "helper=0,decay_ms=3600000,dirty_min=1G"
        process = self.ready(self.start("env", "PYTHONMALLOC=malloc", PYTHON, "-c", program, conf=conf))
        report = self.assert_closes(process.pid)
        self.assertGreater(report["trimmable_bytes"], 30 * MIB)
        note = report["notes"]["free_page_bytes"]
        self.assertRegex(note, rf"acre trim {process.pid} would free [\d.]+ MiB")

    def test_a_program_to_run(self):
        done = acre("why", "--", PYTHON, "-c", "import time; x = bytearray(40 << 20); time.sleep(.3); print(7)")
        self.assertEqual((done.returncode, done.stdout), (0, "7\n"))
        self.assertRegex(done.stderr, r"^RSS +[4-9]\d\.\d MiB .*, at its peak\n")
        self.assertEqual(acre("why", "--", "sh", "-c", "sleep .2; exit 41").returncode, 41)
        self.assertEqual(acre("why", "--", "sh", "-c", "sleep .2; kill -9 $$").returncode, 137)

    def test_refusals(self):
        nobody = subprocess.Popen(["sleep", "60"])
        self.addCleanup(nobody.wait)
        self.addCleanup(nobody.kill)
        empty = self.folder / "empty"
        empty.write_bytes(b"")
        for given, status, said in (
            ([], 2, "one of PID"),
            (["1", "2"], 2, "one of PID"),
            (["--state", "x", "1"], 2, "one of PID"),
            (["abc"], 2, "'abc' is no process id"),
            (["0"], 2, "'0' is no process id"),
            (["99999999999"], 2, "is no process id"),
            (["-o", "x", "1"], 2, "goes with a program"),
            (["4194304"], 3, "there is no process 4194304"),
            ([nobody.pid], 3, "`acre run` starts one"),
            (["--state", empty], 3, ""),
            (["--state", self.folder / "none"], 3, "No such file"),
            (["--", "/does/not/exist"], 127, "No such file"),
        ):
            done = acre("why", *given)
            self.assertEqual((done.returncode, done.stdout), (status, ""), (given, done.stderr))
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    main()
