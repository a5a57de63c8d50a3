# SPDX-License-Identifier: MIT
"""The identity: under 2 % of the resident memory of ten programs, checked against the kernel's own sum, is
unexplained; while they run, rest, are stopped; by PID and at the peak of a run."""
import json
import os
import shlex
import socket
import subprocess
import sys

from whylib import BIN, PYTHON, SOURCE, Case, acre, main, rss, until

sys.path.insert(0, str(SOURCE / "test/programs"))
INPUTS = SOURCE / "bench/programs"


def words(*parts):
    """A command in redis's protocol."""
    data = b"*%d\r\n" % len(parts)
    for part in parts:
        part = part if isinstance(part, bytes) else str(part).encode()
        data += b"$%d\r\n%s\r\n" % (len(part), part)
    return data


class Redis(Case):
    def ask(self, commands):
        """Sends all at once and reads one line for each."""
        self.client.sendall(b"".join(commands))
        for _ in commands:
            self.replies.readline()

    def serve(self):
        program = self.need("redis-server")
        path = str(self.folder / "socket")
        server = self.start(
            program, "--port", 0, "--unixsocket", path, "--save", "", "--appendonly", "no",
            "--dir", self.folder, stdout=subprocess.DEVNULL
        )  # fmt: skip
        until(lambda: os.path.exists(path), "the server's socket")
        self.client = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.client.close)
        until(lambda: self.client.connect_ex(path) == 0, "the server")
        self.replies = self.client.makefile("rb")
        self.addCleanup(self.replies.close)
        return server

    def test_redis_after_a_load_and_after_a_flush(self):
        server = self.serve()
        for start in range(0, 60000, 1000):
            keys = range(start, start + 1000)
            self.ask([words("SET", f"key:{i}", b"x" * (i * 37 % 900)) for i in keys])
            self.ask([words("HSET", f"hash:{i // 50}", f"field{i}", i) for i in keys])
        loaded = self.assert_closes(server.pid, least_live=0.5)
        self.ask([words("DEL", *(f"key:{i}" for i in range(start, start + 1000) if i % 8)) for start in range(0, 60000, 1000)])
        sparse = self.assert_closes(server.pid)
        self.assertGreater(sparse["parts"]["span_free_bytes"], 2 * loaded["parts"]["span_free_bytes"])
        self.ask([words("FLUSHALL")])
        empty = self.assert_closes(server.pid)
        self.assertLess(empty["parts"]["live_bytes"], loaded["parts"]["live_bytes"] / 2)


class Programs(Case):
    def test_python(self):
        program = (
            "import time; kept = [str(i) * 9 for i in range(200000)]; big = [bytearray(70000) for i in range(300)];"
            "del kept[::2]; untouched = [bytearray(1 << 20) for i in range(9)]; print('ready', flush=True); time.sleep(999)"
        )
        process = self.ready(self.start(PYTHON, "-c", program))
        self.assert_closes(process.pid, least_live=0.3)
        process = self.ready(self.start("env", "PYTHONMALLOC=malloc", PYTHON, "-c", program))
        self.assert_closes(process.pid, least_live=0.6)

    def test_node(self):
        program = (
            "const kept = []; for (let i = 0; i < 300; i++) kept.push(Buffer.alloc(90000, i), {i, s: 'x'.repeat(i)});"
            "console.log('ready'); setTimeout(() => kept.length, 999999)"
        )
        process = self.ready(self.start(self.need("node"), "-e", program))
        self.assert_closes(process.pid)

    def test_sqlite(self):
        script = (
            "create table t(a integer primary key, b text);"
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 150000)"
            " insert into t select i, hex(randomblob(i % 120)) from n;"
            "create index x on t(b); delete from t where a % 3; select 'ready';\n"
        )
        process = self.start(self.need("sqlite3"), ":memory:", stdin=subprocess.PIPE)
        process.stdin.write(script)
        process.stdin.flush()
        self.assert_closes(self.ready(process).pid, least_live=0.4)

    def stopped_near_its_peak(self, *command):
        """Runs the command once to learn its peak, then again until it has nearly come there."""
        first = self.start(*command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(first.pid, 0)
        first.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss * 1024
        process = self.start(*command, stdout=subprocess.DEVNULL)
        until(lambda: rss(process.pid) > 0.93 * peak, f"{command[0]} at {peak >> 20} MiB")
        return self.stop(process)

    def test_cc1plus_at_its_peak(self):
        self.need("g++")
        asked = ["g++", "-###", "-O1", "-DPARTS=1", "-S", INPUTS / "templates.cc", "-o", "/dev/null"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stderr
        command = shlex.split(next(line for line in said.splitlines() if "cc1plus" in line))
        self.assert_closes(self.stopped_near_its_peak(*command).pid)
        done = acre("why", "--json", "-o", self.folder / "peak.json", "--", *command)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        report = json.loads((self.folder / "peak.json").read_text())
        self.assertEqual(report["moment"], "peak")
        self.assertGreater(report["rss_bytes"], 40 << 20)

    def test_z3(self):
        self.need("z3")
        puzzle = self.folder / "puzzle.smt2"
        puzzle.write_text(subprocess.check_output([PYTHON, INPUTS / "puzzle.py", "100"], text=True))
        self.assert_closes(self.stopped_near_its_peak("z3", puzzle).pid, least_live=0.1)

    def test_ghostscript(self):
        self.need("gs")
        command = ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=ppmraw", "-r100"]
        command += ["-sOutputFile=/dev/null", INPUTS / "page.ps"]
        self.assert_closes(self.stopped_near_its_peak(*command).pid)

    def test_memcached(self):
        path = self.folder / "socket"
        command = [self.need("memcached"), "-a", "0700", "-t", 4, "-m", 64, "-s", path]
        server = self.start(*command, *(["-u", "root"] if os.getuid() == 0 else []), stdout=subprocess.DEVNULL)
        with socket.socket(socket.AF_UNIX) as client:
            until(lambda: client.connect_ex(str(path)) == 0, "memcached")
            replies = client.makefile("rb")
            for i in range(20000):
                value = b"v" * (i * 13 % 1500)
                client.sendall(b"set k%d 0 0 %d\r\n%s\r\n" % (i, len(value), value))
                self.assertEqual(replies.readline(), b"STORED\r\n")
            self.assert_closes(server.pid)
            replies.close()

    def test_a_leak(self):
        process = self.ready(self.start(BIN / "why-leaky", 96))
        report = self.assert_closes(process.pid, least_live=0.8)
        self.assertGreater(report["heap_live_bytes"], 96 << 20)

    def test_200_threads(self):
        process = self.ready(self.start(BIN / "why-crowd"))
        report = self.assert_closes(process.pid, least_live=0.2)
        self.assertGreaterEqual(report["threads"], 200)
        self.assert_closes(self.stop(process).pid, least_live=0.2)


if __name__ == "__main__":
    main()
