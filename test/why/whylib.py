# SPDX-License-Identifier: MIT
"""What the tests of why, top and doctor share: programs on acre that wait to be looked at, and the look."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

COMMAND = os.environ["ACRE_TEST_COMMAND"]
PRELOAD = os.environ["ACRE_TEST_PRELOAD"]
BIN = pathlib.Path(os.environ["ACRE_TEST_BIN"])
SOURCE = pathlib.Path(os.environ["ACRE_TEST_SOURCE"])
PYTHON = os.path.realpath(sys.executable)
PARTS = [
    "live_bytes",
    "span_free_bytes",
    "span_end_bytes",
    "untouched_bytes",
    "cache_bytes",
    "free_page_bytes",
    "huge_tail_bytes",
    "metadata_bytes",
    "file_bytes",
    "stack_bytes",
    "brk_bytes",
    "shared_bytes",
    "other_bytes",
    "unexplained_bytes",
]
READY_S = 60

for name in ("LD_PRELOAD", "ACRE_CONF", "ACRE_PRELOAD", "NO_COLOR"):
    os.environ.pop(name, None)
os.environ["LC_ALL"] = "C.UTF-8"


def acre(*words, **options):
    """Runs the command; its streams as text."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("timeout", 60)
    if "stdout" not in options and "stderr" not in options:
        options["capture_output"] = True
    return subprocess.run([COMMAND, *map(str, words)], text=True, **options)


def rollup(pid):
    """Rss of /proc/PID/smaps_rollup, in bytes."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no Rss")


def rss(pid):
    """The same from statm, which costs nothing; 0 when the process is gone."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0


def until(condition, what, seconds=READY_S):
    """Waits for condition() to be true, and returns what it returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"not within {seconds} s: {what}")


class Case(unittest.TestCase):
    """A test with a folder of its own, whose programs are ended with it."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="acre-why-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *words, conf="", **options):
        """A program on acre; its output is a pipe unless options say otherwise."""
        environment = dict(os.environ, LD_PRELOAD=PRELOAD, ACRE_CONF=conf)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen(
            [str(word) for word in words], env=environment, cwd=self.folder, text=True, **options
        )
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def ready(self, process):
        """Waits for the line that says that it has come to rest."""
        self.assertEqual(process.stdout.readline().strip(), "ready")
        return process

    def need(self, program):
        found = shutil.which(program)
        if not found:
            self.skipTest(f"{program} is not installed")
        return found

    def stop(self, process):
        process.send_signal(signal.SIGSTOP)
        stat = pathlib.Path(f"/proc/{process.pid}/stat")
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the stop")
        return process

    def why(self, pid):
        done = acre("why", "--json", pid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def assert_closes(self, pid, least_live=0.0):
        """The parts are those of the schema, add up to what the kernel says, and leave less than 2 %."""
        report = self.why(pid)
        kernel = rollup(pid)
        parts = report["parts"]
        self.assertEqual((report["schema"], report["pid"], report["walked"]), ("acre.why/1", pid, True))
        self.assertEqual(list(parts), PARTS)
        self.assertEqual(sum(parts.values()), report["rss_bytes"])
        self.assertLessEqual(abs(report["rss_bytes"] - kernel), kernel // 200, "against smaps_rollup")
        for key in PARTS[:-1]:
            self.assertEqual(parts[key] >= 0, key != "untouched_bytes" or parts[key] == 0, key)
        gap = abs(parts["unexplained_bytes"])
        self.assertLess(gap, 0.02 * kernel, json.dumps({k: v for k, v in report.items() if k != "classes"}))
        self.assertGreaterEqual(parts["live_bytes"], least_live * kernel, json.dumps(parts))
        print(f"{self._testMethodName}: {gap / kernel:.2%} of {kernel / 2**20:.1f} MiB unexplained")
        return report


def main():
    unittest.main(module="__main__", verbosity=1)
