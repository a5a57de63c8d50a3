# SPDX-License-Identifier: MIT
"""Programs that lose nothing: real ones at work, and the seeded ones with their leaks mended. None is reported."""
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from leakslib import COMMAND, TIMEOUT_S, leaks, seeded

HERE = pathlib.Path(__file__).resolve().parent
SQL = "create table t(a, b); insert into t values (1, 'x'), (2, 'y'); create index i on t(b); select sum(a) from t;"
LUA = "local t = {}; for i = 1, 2000 do t[i] = {i, tostring(i)} end; print(#t)"
PYTHON = ("import json, re, threading; t = threading.Thread(target=lambda: json.dumps(list(range(1000)))); t.start(); "
          "t.join(); print(len(re.findall('a', 'banana')))")
NODE = "console.log(JSON.stringify([...Array(1000).keys()]).length)"
PHP = "echo strlen(json_encode(range(1, 1000))), PHP_EOL;"
PAGE = "/Helvetica findfont 20 scalefont setfont 72 72 moveto (acre) show showpage quit"

PROGRAMS = {
    "python3": ["python3", "-I", "-c", PYTHON],
    "sqlite3": ["sqlite3", ":memory:", SQL],
    "lua5.4": ["lua5.4", "-e", LUA],
    "gs": ["gs", "-q", "-dNODISPLAY", "-dBATCH", "-c", PAGE],
    "git": ["git", "--version"],
    "bash": ["bash", "--norc", "-c", "a=(1 2 3); for i in {1..200}; do a+=($i); done; echo ${#a[@]}"],
    "php": ["php", "-n", "-r", PHP],
    "node": ["node", "-e", NODE],
    "xz": ["xz", "-k", "-c", str(HERE / "clean.py")],
    "tar": ["tar", "-C", str(HERE), "-cf", "/dev/null", "clean.py"],
}


class Clean(unittest.TestCase):
    def check(self, *command, exact=True):
        done = leaks(*(["--exact"] if exact else []), "--", *command)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("acre: no leaks", done.stderr)
        self.assertNotIn("ERROR", done.stderr)

    def test_mended(self):
        for name in ("session_table", "parser_error", "ring", "raw_vector", "lost_requests"):
            with self.subTest(name):
                self.check(seeded(name), "clean")

    def test_redis(self):
        """A server with threads that are at work when it exits."""
        if not shutil.which("redis-server") or not shutil.which("redis-cli"):
            self.skipTest("redis is not installed")
        with tempfile.TemporaryDirectory(prefix="acre-leaks-") as folder:
            socket = f"{folder}/socket"
            server = subprocess.Popen(
                [COMMAND, "leaks", "--", "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir",
                 folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            self.addCleanup(server.kill)

            def client(*words):
                return subprocess.run(["redis-cli", "-s", socket, *words], capture_output=True, timeout=TIMEOUT_S)

            deadline = time.monotonic() + TIMEOUT_S
            while client("ping").stdout != b"PONG\n" and time.monotonic() < deadline:
                self.assertIsNone(server.poll())
                time.sleep(0.02)
            client("eval", "for i = 1, 5000 do redis.call('set', 'key:' .. i, string.rep('x', i % 100)) end", "0")
            client("flushall", "async")
            client("shutdown", "nosave")
            said = server.communicate(timeout=TIMEOUT_S)[1]
            self.assertEqual(server.returncode, 0, said)
            self.assertIn("acre: no leaks", said)


def program_test(words):
    def test(self):
        if not shutil.which(words[0]):
            self.skipTest(f"{words[0]} is not installed")
        # A big program with every allocation recorded takes its time.
        self.check(*words, exact=words[0] not in ("node", "gs"))
    return test


for program, command in PROGRAMS.items():
    setattr(Clean, f"test_{program}", program_test(command))

if __name__ == "__main__":
    unittest.main(verbosity=2)
