# SPDX-License-Identifier: MIT
"""Looking into live processes: acre stat, ls, trim, set, and the state segment through forks, stops and ends."""
import json
import os
import pathlib
import signal
import subprocess

from acrerun import BIN, PRELOAD, Case, acre, main

LIVE = str(BIN / "run-live")
LIBRARY = str(pathlib.Path(PRELOAD).with_name("libacre.so.1"))
SMALL_BYTES = 10000 * 1024  # of blocks of 1000 bytes
LARGE_BYTES = 10 << 20
CACHED_BYTES = 256 << 10  # what a thread may have moved since its last slow path


class Live(Case):
    def start(self, what, conf="", preload=PRELOAD):
        """The process to look at."""
        env = {**os.environ, "LD_PRELOAD": preload, "ACRE_CONF": conf, "ACRE_TEST_LIBRARY": LIBRARY}
        process = subprocess.Popen([LIVE, what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        self.addCleanup(self.end, process)
        return int(process.stdout.readline())

    @staticmethod
    def end(process):
        process.stdin.close()
        process.stdout.close()
        process.wait(60)

    def stat(self, pid):
        done = acre("stat", str(pid), "--json", text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["stats"]

    def assert_known(self, stats, small=SMALL_BYTES):
        """Exact in sum; what is cached may be taken for live, or the other way round, within bounds."""
        self.assertAlmostEqual(stats["small_live_bytes"], small, delta=CACHED_BYTES)
        self.assertGreaterEqual(stats["large_live_bytes"], LARGE_BYTES)
        self.assertLess(stats["large_live_bytes"], LARGE_BYTES + (1 << 20))
        self.assertGreater(stats["rss_bytes"], small + LARGE_BYTES)

    def test_a_process_that_sleeps(self):
        self.assert_known(self.stat(self.start("plain")))

    def test_a_process_that_is_stopped(self):
        pid = self.start("work")
        os.kill(pid, signal.SIGSTOP)
        try:
            first, second = self.stat(pid), self.stat(pid)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(first, second)
        self.assertAlmostEqual(
            first["small_live_bytes"] + first["thread_cache_bytes"] + first["transfer_cache_bytes"] + first["span_free_bytes"],
            SMALL_BYTES,
            delta=2 << 20,
        )

    def test_a_forked_child_has_its_own(self):
        for what in ("fork", "raw"):
            self.assert_known(self.stat(self.start(what)), SMALL_BYTES // 2)

    def test_a_storm_of_forks_leaves_the_parent_alone(self):
        self.assert_known(self.stat(self.start("storm")))

    def test_while_forks_storm(self):
        pid = self.start("storming")
        for _ in range(10):
            self.assert_known(self.stat(pid))

    def test_exec_starts_anew(self):
        for conf in ("", f"state={self.folder}/state.%p"):
            pid = self.start("exec", conf)
            self.assert_known(self.stat(pid))
        done = acre("stat", "--state", str(self.folder / f"state.{pid}"), "--json", text=True)
        self.assertAlmostEqual(json.loads(done.stdout)["stats"]["small_live_bytes"], SMALL_BYTES, delta=CACHED_BYTES)

    def test_a_library_that_is_loaded_and_unloaded(self):
        self.assert_known(self.stat(self.start("dlclose", preload="")))

    def test_threads(self):
        stats = self.stat(self.start("threads"))
        self.assertEqual(stats["threads"], 1001)
        self.assert_known(stats, SMALL_BYTES + 1000 * (5120 + 288))  # libc has 288 for each
        self.assertLess(stats["metadata_bytes"], 24 << 20)

    def test_a_process_that_closed_its_descriptors(self):
        done = acre("stat", str(self.start("closed")), text=True)
        if done.returncode != 0:  # without the right to /proc/PID/map_files
            self.assertIn("has closed the descriptor", done.stderr)
            self.assertIn("state=", done.stderr)

    def test_none(self):
        done = acre("stat", str(self.start("plain", "state=none")), text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("has no state segment", done.stderr)

    def test_a_file_outlives_sigkill(self):
        pid = self.start("plain", f"state={self.folder}/state.%p")
        self.assert_known(self.stat(pid))
        os.kill(pid, signal.SIGKILL)
        path = self.folder / f"state.{pid}"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(path.read_bytes()[:8], b"acrestat")
        done = acre("stat", "--state", str(path), "--json", text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        last = json.loads(done.stdout)
        self.assertEqual((last["pid"], last["page_faults"]), (pid, None))
        self.assertAlmostEqual(last["stats"]["small_live_bytes"], SMALL_BYTES, delta=CACHED_BYTES)
        self.assertIn("FAULTS/s", acre("stat", "--state", str(path), text=True).stdout)
        self.assertIn(f'pid="{pid}"', acre("stat", "--state", str(path), "--prom", text=True).stdout)
        self.assertEqual(acre("stat", "--state", str(path), str(pid)).returncode, 2)

    def test_mode_and_size(self):
        pid = self.start("plain")
        link = f"/proc/{pid}/fd/100"
        self.assertIn("acre-state", os.readlink(link))
        self.assertEqual(os.stat(link).st_mode & 0o777, 0o600)
        self.assertLess(os.stat(link).st_blocks * 512, 128 << 10)

    def test_ls(self):
        pid = self.start("plain")
        rows = json.loads(acre("ls", "--json").stdout)["processes"]
        mine = [row for row in rows if row["pid"] == pid]
        self.assertEqual(len(mine), 1)
        self.assertEqual(mine[0]["name"], "run-live")
        self.assertEqual(rows, sorted(rows, key=lambda row: -row["rss_bytes"]))
        self.assertIn("run-live", acre("ls", text=True).stdout)

    def test_trim_and_set(self):
        pid = self.start("work")
        done = acre("trim", str(pid), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stdout)["obeyed"])
        done = acre("set", str(pid), "decay_ms=123,dirty_min=1M", text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("decay_ms 1000 -> 123", done.stdout)
        done = acre("set", str(pid), "shards=2", text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("at the start only", done.stderr)

    def test_asked_in_vain(self):
        pid = self.start("work")
        os.kill(pid, signal.SIGSTOP)
        try:
            done = acre("trim", str(pid), text=True)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has not obeyed", done.stderr)

    def test_prometheus(self):
        text = acre("stat", str(self.start("plain")), "--prom", text=True).stdout
        self.assertRegex(text, r'(?m)^acre_refills_total\{pid="\d+",name="run-live"\} [1-9]\d*$')
        self.assertRegex(text, r"(?m)^# TYPE acre_small_live_bytes gauge$")

    def test_wrong_process(self):
        for words, status in ((["stat", "x"], 2), (["stat"], 2), (["stat", "4194304"], 3), (["trim", "0"], 2),
                              (["stat", "1", "2"], 2), (["trim", "1", "2"], 2), (["verify", "1", "2"], 2)):
            self.assertEqual(acre(*words).returncode, status, words)


if __name__ == "__main__":
    main()
