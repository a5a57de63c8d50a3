# SPDX-License-Identifier: MIT
"""What other people's readers make of our profiles: Go's pprof, gperftools' pprof, jeprof."""
import os
import re
import shutil
import subprocess
import unittest

from proflib import BUILD, PLANT, TYPES, Case, Pprof

DOT_GO = BUILD / "test" / "go-pprof"


def go_pprof():
    """Go's pprof from Debian's source, built once; None without it."""
    source = "/usr/share/gocode/src/github.com/google/pprof"
    if not shutil.which("go") or not os.path.isdir(source):
        return None
    program = DOT_GO / "pprof"
    if not program.exists():
        DOT_GO.mkdir(exist_ok=True)
        env = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
        env["GOCACHE"] = str(DOT_GO / "cache")
        made = DOT_GO / f"new.{os.getpid()}"
        command = ["go", "build", "-o", made, "github.com/google/pprof"]
        subprocess.run(command, env=env, check=True, timeout=300, cwd=DOT_GO)
        made.rename(program)
    return program


class Readers(Case):
    def test_go(self):
        program = go_pprof()
        if not program:
            self.skipTest("no go, or no golang-github-google-pprof-dev")
        path = self.save(self.plant(), "x.pb.gz")
        for i, kind in enumerate(TYPES):
            command = [program, "-top", "-nodefraction=0", "-unit=B", f"-sample_index={kind}", path]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=self.folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            for name, values in Pprof(path).by_leaf().items():
                row = re.search(rf"^\s*(\d+)B?\s.*\s{name}\b", done.stdout, re.M)
                self.assertEqual(int(row.group(1)) if row else 0, values[i], f"{name}\n{done.stdout}")

    def by_function(self, program, path, *words):
        """What the Perl pprof and jeprof print, as numbers."""
        if not shutil.which(program):
            self.skipTest(f"no {program}")
        command = [program, "--text", "--show_bytes", *words, PLANT, path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = re.findall(r"^ *(\d+) +[\d.]+% +[\d.]+% +(\d+) +[\d.]+% (\w+)", done.stdout, re.M)
        return {name: int(flat) for flat, _, name in rows}

    def assert_read(self, program, path, state):
        pprof = Pprof(self.save(state, "same.pb.gz")).by_leaf()
        for i, word in ((3, "--inuse_space"), (1, "--alloc_space"), (2, "--inuse_objects")):
            rows = self.by_function(program, path, word)
            for name, values in pprof.items():
                self.assertEqual(rows.get(name, 0), values[i], f"{program} {word} {name}")

    def test_gperftools_by_the_perl_pprof(self):
        state = self.plant()
        self.assert_read("google-pprof", self.save(state, "x.heap"), state)

    def test_jemalloc_by_jeprof(self):
        state = self.plant()
        self.assert_read("jeprof", self.save(state, "x.jeheap"), state)


if __name__ == "__main__":
    unittest.main()
