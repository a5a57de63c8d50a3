# SPDX-License-Identifier: MIT
"""`acre profile` of programs whose allocations are known: run by it, and while they run."""
import json
import os
import signal
import subprocess
import unittest

from proflib import BIN, Case, Pprof, acre

KNOWN = str(BIN / "profilecmd-known")
PRELOAD = os.environ["ACRE_TEST_PRELOAD"]
# Objects and bytes in use, rounded up to size classes.
KEPT = {"small_blocks": (100000, 100000 * 112), "middle_blocks": (2000, 2000 * 3072), "huge_block": (1, 8 << 20)}


class Live(Case):
    def start(self, **env):
        process = subprocess.Popen(
            [KNOWN, "on"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "LD_PRELOAD": PRELOAD, **env},
            text=True,
        )

        def end():
            process.kill()
            process.communicate()

        self.addCleanup(end)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def places(self, path):
        data = json.loads(self.acre("profile", "--state", path, "--json", "-n", "0"))
        return data, {row["name"]: row for row in data["places"]}

    def by_caller(self, path, kind):
        """What the functions of the program hold, with what keep() allocates for them, and its margin."""
        _, places = self.places(path)
        rows = {name: row for name, row in places.items() if name in KEPT}
        return {name: (row["cum"][kind], row["cum_margin"][kind]) for name, row in rows.items()}

    def assert_kept(self, path, slack=0):
        objects, space = (self.by_caller(path, kind) for kind in ("inuse_objects", "inuse_space"))
        for name, (count, size) in KEPT.items():
            self.assertIn(name, space)
            self.assertLessEqual(abs(objects[name][0] - count), 2.5 * objects[name][1] + slack, f"{name} {objects}")
            self.assertLessEqual(abs(space[name][0] - size), 2.5 * space[name][1] + slack, f"{name} {space}")
        self.assertLess(space["small_blocks"][1], KEPT["small_blocks"][1] / 2, "and the error is not everything")

    def test_run_by_it(self):
        path = self.folder / "x.pb.gz"
        done = acre("profile", "--inuse", "--rate", "16K", "-o", path, "--", KNOWN)
        self.assertEqual((done.returncode, done.stdout), (0, "ready\n"), done.stderr)
        self.assert_kept(path, slack=1)
        data, _ = self.places(path)
        wanted = sum(size for _, size in KEPT.values())
        self.assertAlmostEqual(data["total"]["inuse_space"], wanted, delta=256 * 1024, msg="stdio has a little too")

    def test_at_the_peak_with_a_table(self):
        done = acre("profile", "--", KNOWN)
        self.assertEqual((done.returncode, done.stdout), (0, "ready\n"))
        self.assertIn("in use when that was most", done.stderr)
        self.assertRegex(done.stderr, r"8\.0 MiB .* huge_block  known\.c|8\.0 MiB .* keep  known\.c")

    def test_status_of_the_program(self):
        self.assertEqual(acre("profile", "--", "sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(acre("profile", "--", "/nowhere").returncode, 127)

    def test_on_from_the_start(self):
        """A profiler that is on is read, at once, and stays on."""
        process = self.start(ACRE_CONF="profile=16K")
        for _ in range(2):
            path = self.folder / "x.pb.gz"
            self.acre("profile", process.pid, "-o", path)
            self.assert_kept(path, slack=1)
            self.assertGreater(Pprof(path).time_ns, 1600000000 * 10**9)

    def test_on_demand(self):
        """Started for it and stopped again: what was there before stands under a name of its own."""
        process = self.start()
        path = self.folder / "x.pb.gz"
        self.acre("profile", process.pid, "-d", "500ms", "--rate", "16K", "--alloc", "-o", path)
        leaves = Pprof(path).by_leaf()
        self.assertGreater(leaves["batch_blocks"][1], 5000 * 208, "a batch, or more")
        before = leaves["[allocated before profiling started]"]
        kept = sum(size for _, size in KEPT.values())
        self.assertAlmostEqual(before[3], kept, delta=kept / 4)
        self.assertIn("was off already", self.acre("profile", process.pid, "--stop"))

    def test_left_on(self):
        process = self.start()
        self.assertIn("is on;", self.acre("profile", process.pid, "-d", "0"))
        self.assertIn("was on already", self.acre("profile", process.pid, "-d", "0"))
        self.assertIn("in use", self.acre("profile", process.pid))
        self.assertIn("is off", self.acre("profile", process.pid, "--stop"))

    def test_stopped_process(self):
        """It cannot obey, is told so, and does not start a profiler later that nobody stops."""
        process = self.start()
        process.send_signal(signal.SIGSTOP)
        self.refused("profile", process.pid, status=1, says=["has not started its profiler"])
        process.send_signal(signal.SIGCONT)
        self.acre("trim", process.pid)
        self.assertIn("was off already", self.acre("profile", process.pid, "--stop"))

    def test_names_survive_the_process(self):
        state = self.folder / "state"
        process = self.start(ACRE_CONF=f"profile=16K,state={state}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assert_kept(state, slack=1)


if __name__ == "__main__":
    unittest.main()
