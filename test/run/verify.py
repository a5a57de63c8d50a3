# SPDX-License-Identifier: MIT
"""acre verify: a sound heap, a planted corruption by its name and address, and processes that cannot answer."""
import json
import os
import signal
import subprocess

from acrerun import BIN, PRELOAD, Case, acre, main


class Verify(Case):
    def start(self, program, *words, conf=""):
        env = {**os.environ, "LD_PRELOAD": PRELOAD, "ACRE_CONF": conf}
        process = subprocess.Popen(
            [str(BIN / program), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )
        self.addCleanup(self.end, process)
        process.first_line = process.stdout.readline().strip()
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait(60)
        process.stdin.close()
        process.stdout.close()

    def ask(self, pid, status):
        done = acre("verify", str(pid), "--json", text=True)
        self.assertEqual((done.returncode, done.stderr), (status, ""), done.stdout)
        return json.loads(done.stdout)

    def test_sound(self):
        for conf in ("", "hardened=1", "profile=1"):
            pid = self.start("run-unsound", conf=conf).pid
            report = self.ask(pid, 0)
            self.assertEqual((report["pid"], report["sound"], report["breaches"]), (pid, True, []), conf)
            self.assertTrue(report["caches_checked"])
            text = acre("verify", str(pid), text=True)
            self.assertEqual(text.returncode, 0)
            self.assertRegex(text.stdout, rf"^process {pid}: its heap is sound \(")

    def test_many_threads(self):
        pid = int(self.start("run-live", "work").first_line)
        for _ in range(20):
            self.assertEqual(self.ask(pid, 0)["breaches_found"], 0)

    def test_a_block_cached_twice(self):
        process = self.start("run-unsound")
        self.ask(process.pid, 0)
        process.stdin.write("now\n")
        process.stdin.flush()
        address = process.stdout.readline().strip()
        report = self.ask(process.pid, 1)
        self.assertFalse(report["sound"])
        self.assertGreaterEqual(report["breaches_found"], 1)
        first = report["breaches"][0]
        self.assertEqual(
            (first["invariant"], first["what"], first["address"]), ("CE1", "a block is cached twice", address)
        )
        text = acre("verify", str(process.pid), text=True)
        self.assertEqual(text.returncode, 1)
        self.assertIn(f"CE1 at {address}: a block is cached twice: 2, expected 1\n", text.stdout)

    def test_stopped(self):
        process = self.start("run-unsound")
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        done = acre("verify", str(process.pid), text=True)
        os.kill(process.pid, signal.SIGCONT)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn(f"process {process.pid} is stopped", done.stderr)
        self.assertIn(f"kill -CONT {process.pid}", done.stderr)
        self.assertTrue(self.ask(process.pid, 0)["sound"])

    def test_idle(self):
        """A large heap's helper answers while the program sleeps; a small one has none."""
        program = "import time; kept = [bytes(1000) for i in range(160000)]; print('ready', flush=True); time.sleep(999)"
        self.assertTrue(self.ask(self.python(program).pid, 0)["sound"])
        done = acre("verify", str(self.python("import time; print(1, flush=True); time.sleep(999)").pid), text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("has not obeyed", done.stderr)

    def python(self, program):
        env = {**os.environ, "LD_PRELOAD": PRELOAD, "PYTHONMALLOC": "malloc"}
        process = subprocess.Popen(
            ["python3", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )
        self.addCleanup(self.end, process)
        process.stdout.readline()
        return process

    def test_refusals(self):
        for words, status, said in (
            ([], 2, "which process"),
            (["x"], 2, "is no process id"),
            (["4194304"], 3, "there is no process"),
        ):
            done = acre("verify", *words, text=True)
            self.assertEqual((done.returncode, done.stdout), (status, ""), words)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    main()
