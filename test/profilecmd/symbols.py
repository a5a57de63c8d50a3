# SPDX-License-Identifier: MIT
"""Names for addresses: C++ and inlined functions, stripped programs with separate files, logs."""
import json
import re
import shutil
import subprocess
import unittest

from proflib import PLANT, Case, acre


def output(*command):
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


class Symbols(Case):
    def address_of(self, function, program=PLANT):
        for line in output("nm", program).splitlines():
            if line.endswith(f" {function}"):
                return int(line.split()[0], 16)
        raise ValueError(function)

    def copy(self):
        path = self.folder / "program"
        shutil.copy(PLANT, path)
        return path

    def leaves(self, state):
        data = json.loads(self.acre("profile", "--state", state, "--json"))
        return {row["name"] for row in data["places"] if row["flat"]["inuse_space"] > 0}

    def test_separate_debugging_information(self):
        """A stripped program: named by its .gnu_debuglink; without that file by addresses."""
        program = self.copy()
        output("objcopy", "--only-keep-debug", program, self.folder / "program.debug")
        output("strip", program)
        output("objcopy", f"--add-gnu-debuglink={self.folder / 'program.debug'}", program)
        state = self.plant(program=str(program))
        self.assertEqual(self.leaves(state), {"parse_request", "cache_insert", "grow_buffer"})
        (self.folder / "program.debug").unlink()
        for name in self.leaves(state):
            self.assertRegex(name, r"^program\+0x[0-9a-f]+$")

    def test_symbol_table_only(self):
        """Without DWARF nothing is known of what is inlined, nor of lines."""
        program = self.copy()
        output("strip", "--strip-debug", program)
        self.assertEqual(self.leaves(self.plant(program=str(program))), {"parse_request", "cache_insert", "load_file"})

    def symbolize(self, text, status=0):
        log = self.folder / "log"
        log.write_text(text)
        done = acre("symbolize", log)
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr
        return done.stdout

    def test_log(self):
        address = self.address_of("load_file") + 4
        build_id = re.search(r"Build ID: (\w+)", output("readelf", "-n", PLANT)).group(1)
        text = self.symbolize(f"a {PLANT}+{address:#x} b (BuildId: {build_id})\n{PLANT}(+{address:#x}) [0x7f]\n")
        lines = text.splitlines()
        names = r"grow_buffer \(\S*plant\.c:\d+\) < load_file \(\S*plant\.c:\d+\)"
        self.assertRegex(lines[0], rf"^a {names} b \(BuildId: {build_id}\)$")
        self.assertRegex(lines[1], rf"^{names} \[0x7f\]$")
        self.assertEqual(self.said, "")

    def test_log_keeps_what_is_not_known(self):
        log = f"{PLANT}+{self.address_of('load_file'):#x} (BuildId: 00ff)\n/nowhere/x.so+0x12 and a+0x3 (b)\nend"
        self.assertEqual(self.symbolize(log), log)
        self.assertIn("its build id is another", self.said)
        self.assertIn("/nowhere/x.so cannot be opened", self.said)
        self.refused("symbolize", "/nowhere", status=3, says=["/nowhere"])

    def test_readable_names(self):
        source = self.folder / "a.cc"
        source.write_text("namespace space { struct Row { static int make(int n) { return n; } }; }\n"
                          "int main(int n, char **) { auto f = &space::Row::make; return f(n); }\n")
        program = self.folder / "a"
        output("c++", "-g", "-O0", source, "-o", program)
        address = next(int(x.split()[0], 16) for x in output("nm", program).splitlines() if "4make" in x)
        self.assertIn("space::Row::make(int) (", self.symbolize(f"{program}+{address + 4:#x}\n"))


if __name__ == "__main__":
    unittest.main()
