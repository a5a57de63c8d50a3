# SPDX-License-Identifier: MIT
"""What `acre compare` does about the program: streams, status, output, allocator, children."""
import os
import pty
import re
import shutil
import signal
import subprocess
import time

from acrerun import COMMAND, PYTHON
from comparing import BUSY, OWN, WORK, Case, Comparison, compare, main

TWO = ("--allocators", "glibc,acre")


def shell(script, *options, **more):
    return Comparison("-n", "2", *TWO, *options, "--", "sh", "-c", script, **more)


class Streams(Case):
    def test_a_file_is_read_by_each_run(self):
        path = self.file("input", "x" * 100000)
        with open(path) as file:
            file.seek(10)
            found = shell("wc -c", stdin=file)
        self.assertEqual(found.data["output"], "same")
        self.assertEqual({run["output_bytes"] for run in found.columns["acre"]["runs"]}, {len("99990\n")})

    def test_a_pipe_is_not_read(self):
        read, write = os.pipe()
        os.write(write, b"words")
        found = shell("wc -c", stdin=read)
        self.assertEqual(os.read(read, 100), b"words")
        self.assertEqual({run["output_bytes"] for run in found.columns["acre"]["runs"]}, {len("0\n")})

    def test_nothing_of_the_program_is_passed_on(self):
        done = compare("-n", "1", *TWO, "--", "sh", "-c", "echo SEEN; echo SEEN >&2")
        self.assertNotIn("SEEN", "\n".join(done.stdout.splitlines()[1:]) + done.stderr)

    def test_output_that_differs(self):
        found = shell('echo "$LD_PRELOAD"')
        self.assertEqual((found.done.returncode, found.data["output"]), (1, "differs"))
        self.assertRegex(" ".join(found.notes), "under acre differs from that under glibc")

    def test_output_that_varies_by_itself(self):
        found = shell("echo $$")
        self.assertEqual((found.done.returncode, found.data["output"]), (0, "varies"))

    def test_progress_only_on_a_terminal(self):
        ours, theirs = pty.openpty()
        done = subprocess.run(
            [COMMAND, "compare", "-n", "1", *TWO, "--", "true"],
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=60,
        )
        os.close(theirs)
        seen = os.read(ours, 65536).decode()
        self.assertEqual(done.returncode, 0)
        self.assertIn("glibc, warming up", seen)
        self.assertRegex(seen, r"(glibc|acre), round 1 of 1, .* left")
        self.assertTrue(seen.endswith("\r\x1b[K"))
        self.assertEqual(compare("-n", "1", *TWO, "--", "true").stderr, "")


class Status(Case):
    def test_alike_under_all(self):
        found = shell("echo no such thing >&2; exit 3")
        self.assertEqual(found.done.returncode, 0)
        self.assertIn("the program ends with status 3, under all alike; it says: no such thing", found.notes)

    def test_different_under_one(self):
        found = shell("case $LD_PRELOAD in *acre*) echo oh >&2; exit 7;; esac")
        self.assertEqual(found.done.returncode, 1)
        self.assertTrue(found.columns["acre"]["left_out"])
        self.assertIn(
            "acre is left out: the program ended with status 7 instead of 0 and said: oh", found.notes
        )

    def test_now_and_then(self):
        marker = self.folder / "ran"
        found = shell(f"case $LD_PRELOAD in *acre*) test -e {marker} && kill -SEGV $$; touch {marker};; esac")
        self.assertEqual(found.done.returncode, 1)
        self.assertIn("acre is left out: it ended with status 139 in one run, with 0 in others", found.notes)

    def test_what_cannot_be_compared(self):
        static = os.path.join(os.path.dirname(WORK), "run-static")
        for words, status, expected in (
            (["--", static], 125, "statically linked"),
            (["--", "/nowhere/at/all"], 127, "cannot run"),
            (["--", "/etc/passwd"], 126, "not executable"),
            (["--html", "/nowhere/x.html", "--", "true"], 3, "nothing was run"),
        ):
            done = compare("-n", "1", *words)
            self.assertEqual((done.returncode, done.stdout), (status, ""), words)
            self.assert_message(done.stderr, expected)


class Served(Case):
    def test_a_program_with_a_malloc_of_its_own(self):
        done = compare("-n", "1", *TWO, "--", OWN)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("exports a malloc of its own", done.stderr)
        self.assertIn("acre is left out: by the loader's bindings it did not serve", done.stderr)
        self.assertIn("no allocator could be measured", done.stderr)

    def test_a_library_that_is_no_allocator(self):
        libm = re.search(r"libm\.so\.6 => (\S+)", subprocess.check_output(["ldd", PYTHON], text=True)).group(
            1
        )
        done = compare("-n", "1", "--with", f"m={libm}", "--allocators", "glibc,m", "--", WORK, "0", "1", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("m is left out: by the loader's bindings it did not serve", done.stdout)

    def test_one_that_serves_in_part(self):
        """Without LD_PRELOAD in its environment a child is libc's again."""
        found = Comparison("-n", "1", *TWO, "--", "sh", "-c", f"{WORK} 0 1 1; env -u LD_PRELOAD {WORK} 0 1 1")
        self.assertEqual(found.done.returncode, 0)
        self.assertRegex(
            " ".join(found.notes), r"acre served in part: \d+ of \d+ bindings go elsewhere, \w+ of .* is libc"
        )

    def test_a_program_that_serves_itself_in_part(self):
        found = Comparison("-n", "1", *TWO, "--", PYTHON, "-c", "pass")
        self.assertIn("PYTHONMALLOC=malloc", " ".join(found.notes))

    def test_a_program_linked_to_another(self):
        redis = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not redis or "libjemalloc" not in subprocess.check_output(["ldd", redis], text=True):
            self.skipTest("there is no redis that is linked to jemalloc")
        found = Comparison("-n", "1", *TWO, "--", redis, "--version")
        self.assertEqual(found.done.returncode, 0, found.done.stderr)
        self.assertIn("is linked to libjemalloc.so.2", found.notes[0])
        self.assertRegex(found.columns["glibc"]["library"], r"/libc\.so\.6$")
        for column in found.columns.values():
            self.assertGreater(column["bindings"]["to_it"], 0)
            self.assertEqual(column["bindings"]["elsewhere"], 0, column)


class Processes(Case):
    def test_none_is_left_behind(self):
        found = shell(f"sleep 1000 & echo $! >>{self.folder}/pids")
        self.assertIn("left 1 process(es) behind", " ".join(found.notes))
        pids = (self.folder / "pids").read_text().split()
        self.assertEqual(len(pids), 6)
        for pid in pids:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def interrupt(self, number, script, nruns):
        """Sends a signal to all, as a terminal does, when the program has been started so many times."""
        started = self.folder / "started"
        process = subprocess.Popen(
            [COMMAND, "compare", "-n", "900", *TWO, "--", "sh", "-c", f"echo >>{started}; {script}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for _ in range(3000):
            if started.exists() and len(started.read_text()) >= nruns:
                break
            time.sleep(0.02)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def test_interrupted_by_the_terminal(self):
        status, out, err = self.interrupt(signal.SIGINT, "sleep 0.01", 9)
        self.assertEqual(status, 1)
        self.assertRegex(out, r": \d+ runs under each")
        self.assertIn("interrupted; the figures are of the", err)
        self.assertNotIn("left out", out)

    def test_interrupted_in_the_first_round(self):
        status, out, err = self.interrupt(signal.SIGTERM, "sleep 30", 1)
        self.assertEqual((status, out), (3, ""))
        self.assertIn(
            "interrupted in the first round", [line for line in err.splitlines() if BUSY not in line][-1]
        )


if __name__ == "__main__":
    main()
