# SPDX-License-Identifier: MIT
"""The report of a program whose heap is known, on the real library: its form, and its numbers are true."""
import json
import os
import pty
import re
import subprocess
import time

from acrerun import COMMAND, HEAP, SOURCE, Case, main, run

MIB = 1024 * 1024
BLOCKS, BYTES = 100_000, 100  # a little under 10 MiB asked for; every second block is freed


def names_of(table):
    """The names of the rows of src/core/TABLE.def, in order."""
    text = (SOURCE / f"src/core/{table}.def").read_text()
    return re.findall(rf"^AC_{table.upper()}\((\w+),", text, re.M)


class Report(Case):
    def measure(self, *words, program=None):
        """Runs the heap program and returns the report as JSON."""
        path = self.folder / "report.json"
        done = run("--json", str(path), "--", *(program or [HEAP, str(BLOCKS), str(BYTES)]), *words)
        self.text = done.stderr
        self.status = done.returncode
        return json.loads(path.read_text())

    def test_twelve_lines(self):
        data = self.measure()
        self.assert_report(self.text)
        self.assertIn(f"served by acre {data['library']['version']}: pid {data['program']['pid']}", self.text)

    def test_json_is_complete(self):
        data = self.measure()
        self.assertEqual(data["schema"], "acre.run/1")
        self.assertEqual(data["program"]["argv"], [HEAP, str(BLOCKS), str(BYTES)])
        self.assertEqual(data["exit"], {"status": 0, "signal": 0})
        self.assertEqual(
            (data["measured"], data["served"], data["exited"], data["torn"], data["why_not"]),
            (True, True, True, False, ""),
        )
        extra = {"time_ns", "rest_bytes", "classes"}
        for snapshot in ("peak", "last"):
            self.assertEqual(set(data[snapshot]), set(names_of("stat")) | extra)
            for name in names_of("stat"):
                self.assertIsInstance(data[snapshot][name], int)
                self.assertGreaterEqual(data[snapshot][name], 0)
            for row in data[snapshot]["classes"]:
                self.assertEqual(
                    set(row), {"size_bytes", "nspans", "live_objects", "cached_objects", "free_objects"}
                )
        for key in ("wall_ns", "max_rss_bytes", "minor_faults"):
            self.assertGreater(data["usage"][key], 0)

    def test_live_blocks_are_counted(self):
        data = self.measure()
        peak, last = data["peak"], data["last"]
        block = next(
            row["size_bytes"]
            for row in sorted(peak["classes"], key=lambda row: row["size_bytes"])
            if row["size_bytes"] >= BYTES
        )
        self.assertGreaterEqual(last["small_live_objects"], BLOCKS // 2)
        self.assertLess(last["small_live_objects"], BLOCKS // 2 + 1000)
        self.assertGreaterEqual(last["small_live_bytes"], BLOCKS // 2 * block)
        # The peak is what was seen at one of the moments the library looks, so it may miss the very top.
        self.assertGreaterEqual(peak["small_live_objects"], BLOCKS // 2)
        self.assertLess(peak["small_live_objects"], BLOCKS + 1000)
        self.assertIn(f"top classes   {block} B: ", self.text)

    def test_identity_adds_up(self):
        data = self.measure()
        for snapshot in (data["peak"], data["last"]):
            parts = (
                "small_live_bytes",
                "large_live_bytes",
                "thread_cache_bytes",
                "transfer_cache_bytes",
                "span_free_bytes",
                "dirty_bytes",
                "metadata_bytes",
                "rest_bytes",
            )
            self.assertEqual(sum(snapshot[part] for part in parts), snapshot["rss_bytes"])
            self.assertGreater(snapshot["rss_bytes"], 5 * MIB)
            self.assertLess(snapshot["rest_bytes"], 6 * MIB, "a small C program has little beside its heap")
            self.assertGreater(snapshot["rest_bytes"], -MIB)
        self.assertLessEqual(data["peak"]["rss_bytes"], data["usage"]["max_rss_bytes"] + MIB)

    def test_children_do_not_disturb_the_numbers(self):
        alone, forked = self.measure(), self.measure("fork")
        self.assertEqual(forked["library"]["pid"], forked["program"]["pid"])
        for name in ("small_live_objects", "refills"):
            self.assertAlmostEqual(forked["last"][name], alone["last"][name], delta=1000)
        self.assertLess(forked["peak"]["small_live_objects"], BLOCKS + 1000)

    def test_program_behind_a_shell(self):
        data = self.measure(program=["sh", "-c", f"exec {HEAP} {BLOCKS} {BYTES}"])
        self.assert_report(self.text)
        self.assertGreaterEqual(
            data["last"]["small_live_objects"], BLOCKS // 2, "the program's, not the shell's"
        )
        self.assertTrue(data["exited"])

    def test_program_that_becomes_a_smaller_one(self):
        data = self.measure("exec")
        self.assertLess(data["last"]["small_live_objects"], 1000, "of `true`, not of the program before")

    def test_program_that_leaves_without_ceremony(self):
        for how, status in (("_exit", 0), ("kill", 137)):
            data = self.measure(program=[HEAP, str(10 * BLOCKS), str(BYTES), how])
            self.assertEqual(self.status, status)
            self.assertEqual((data["measured"], data["served"], data["exited"]), (True, True, False))
            self.assert_report(self.text)
            self.assertIn("before the end", self.text)
            self.assertGreater(data["peak"]["small_live_objects"], 5 * BLOCKS)

    def test_program_that_closes_every_descriptor(self):
        data = self.measure("closed")
        self.assertTrue(data["exited"])
        self.assertGreaterEqual(data["last"]["small_live_objects"], BLOCKS // 2)

    def test_daemon_is_not_waited_for(self):
        start = time.monotonic()
        with open(self.folder / "err", "wb") as err:
            done = run("--", HEAP, "10", "10", "daemon", stdout=subprocess.DEVNULL, stderr=err)
        self.assertEqual(done.returncode, 0)
        self.assertLess(time.monotonic() - start, 5)
        self.assert_report((self.folder / "err").read_text())

    def test_every_kind_of_program_is_served(self):
        for program in (
            ["ls", "/"],
            ["sort", "/etc/passwd"],
            ["bash", "-c", "ls / | sort"],
            [HEAP, "1000", "100000"],
        ):
            data = self.measure(program=program)
            self.assertTrue(data["served"], program)
            self.assert_report(self.text)


class Looks(Case):
    def on_a_terminal(self, *words, **environment):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(environment)
            os.execv(COMMAND, [COMMAND, "run", *words, "--", HEAP, "10", "10"])
        seen = b""
        try:
            while chunk := os.read(terminal, 4096):
                seen += chunk
        except OSError:
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
        return seen.decode()

    def test_colour_only_on_a_terminal(self):
        self.assertIn("\033[1mtime", self.on_a_terminal(TERM="xterm"))
        self.assertNotIn("\033", run("--", HEAP, "10", "10").stderr)

    def test_colour_can_be_refused(self):
        self.assertNotIn("\033", self.on_a_terminal(TERM="xterm", NO_COLOR="1"))
        self.assertNotIn("\033", self.on_a_terminal(TERM="dumb"))
        path = self.folder / "report"
        self.on_a_terminal("-o", str(path), TERM="xterm")
        self.assertNotIn("\033", path.read_text())

    def test_tree_is_plain_where_utf8_is_not_read(self):
        self.assertIn("├ live", run("--", HEAP, "10", "10").stderr)
        plain = run("--", HEAP, "10", "10", env={**os.environ, "LC_ALL": "C"}).stderr
        self.assertTrue(plain.isascii())
        self.assert_report(plain)

    def test_columns_are_aligned(self):
        lines = run("--", HEAP, str(BLOCKS), str(BYTES)).stderr.splitlines()
        self.assertEqual({line.index(" %  ") for line in lines[3:9]}, {lines[3].index(" %  ")})

    def test_a_long_command_leaves_its_line_short(self):
        for end, columns in (("exit 0", 118), ("exit 123", 118), ("kill -SEGV $$", 130)):
            done = run("--", "sh", "-c", f": {'x' * 200}; {end}")
            self.assert_report(done.stderr)
            self.assertLessEqual(len(done.stderr.splitlines()[0]), columns)

    def test_odd_arguments_keep_the_lines_whole(self):
        for word in ("a\nb\n\nc", "\033[31mred", "x" * 1000, "\t\r"):
            done = run("--", "true", word)
            self.assert_report(done.stderr)
            self.assertNotIn("\033", done.stderr)


if __name__ == "__main__":
    main()
