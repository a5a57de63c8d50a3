# SPDX-License-Identifier: MIT
"""`acre pack`: a profile is read where the program is no more, with the names it had."""
import io
import json
import pathlib
import re
import shutil
import subprocess
import tarfile
import unittest

from proflib import PLANT, Case, acre

LEAVES = {"parse_request", "cache_insert", "grow_buffer"}


def output(*command):
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


class Pack(Case):
    def setUp(self):
        super().setUp()
        if "without libarchive" in acre("pack", "/dev/null", "-o", "/dev/null").stderr:
            self.skipTest("the command was built without libarchive")
        self.program = self.folder / "program"
        shutil.copy(PLANT, self.program)
        self.pack = self.folder / "pack.tar.gz"

    def make(self):
        """The pack of a profile of the program, which is removed then."""
        state = self.plant(program=str(self.program))
        self.made = self.acre("pack", state, "-o", self.pack)
        self.program.rename(self.folder / "elsewhere")
        return state

    def rewrite(self, change):
        """The pack anew, its members as (name, bytes) through `change`."""
        with tarfile.open(self.pack) as old:
            members = [(m.name, old.extractfile(m).read()) for m in old.getmembers()]
        with tarfile.open(self.pack, "w:gz") as new:
            for name, content in change(members):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                new.addfile(info, io.BytesIO(content))

    def leaves(self, profile):
        data = json.loads(self.acre("profile", "--state", profile, "--json"))
        return {row["name"] for row in data["places"] if row["flat"]["inuse_space"] > 0}

    def test_names_without_the_program(self):
        state = self.make()
        for name in self.leaves(state):
            self.assertRegex(name, r"^program\+0x[0-9a-f]+$")
        self.assertEqual(self.leaves(self.pack), LEAVES)
        self.assertIn(str(self.pack), self.made)

    def test_separate_debugging_information(self):
        debug = self.folder / "program.debug"
        output("objcopy", "--only-keep-debug", self.program, debug)
        output("strip", self.program)
        output("objcopy", f"--add-gnu-debuglink={debug}", self.program)
        self.make()
        debug.unlink()
        self.assertEqual(self.leaves(self.pack), LEAVES)

    def test_other_commands_read_it(self):
        state = self.make()
        folded = self.acre("convert", self.pack, "--format", "folded")
        self.assertIn("grow_buffer", folded)
        self.assertIn("+0 B (+0.0 %)", self.acre("diff", self.pack, self.pack))
        raw = self.folder / "raw.pb.gz"
        self.acre("convert", state, "-o", raw)
        shutil.move(self.folder / "elsewhere", self.program)
        again = self.folder / "again.tgz"
        self.acre("pack", raw, "-o", again)
        self.program.unlink()
        self.assertEqual(self.leaves(again), LEAVES)

    def test_log(self):
        address = next(int(x.split()[0], 16) for x in output("nm", PLANT).splitlines() if x.endswith(" load_file")) + 4
        build_id = re.search(r"Build ID: (\w+)", output("readelf", "-n", PLANT)).group(1)
        self.make()
        log = self.folder / "log"
        log.write_text(f"{self.program}+{address:#x}\n{self.program}+{address:#x} (BuildId: {build_id})\n"
                       f"{self.program}+{address:#x} (BuildId: 00ff)\n")
        done = acre("symbolize", "--pack", self.pack, log)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^grow_buffer \(.*\) < load_file")
        self.assertRegex(lines[1], r"^grow_buffer \(.*\) < load_file")
        self.assertIn(f"program+{address:#x}", lines[2])
        self.assertIn("not in the pack", done.stderr)
        self.refused("symbolize", "--pack", self.folder / "good", log, status=3, says=["is no pack"])

    def test_other_build_id(self):
        """A file of the pack, or of this machine, that is not the one of the profile names nothing."""
        self.make()
        other = pathlib.Path("/bin/true").read_bytes()
        self.rewrite(lambda all: [(n, other if n.startswith(".build-id") else b) for n, b in all])
        self.assertTrue(all("+0x" in name for name in self.leaves(self.pack)))
        self.assertIn("not in the pack", self.acre("profile", "--state", self.pack))
        shutil.copy("/bin/true", self.program)
        self.assertIn("build id is another", self.acre("profile", "--state", self.pack))

    def test_no_code_and_no_data(self):
        self.make()
        with tarfile.open(self.pack) as pack:
            packed = [pack.extractfile(m).read() for m in pack.getmembers() if m.name.startswith(".build-id")]
        own = next(x for x in packed if b"plant.c" in x)
        self.assertEqual(len(own), pathlib.Path(PLANT).stat().st_size)
        for section in (".text", ".rodata"):
            path = self.folder / "section"
            output("objcopy", "-O", "binary", "--only-section", section, PLANT, path)
            self.assertNotIn(path.read_bytes(), own)

    def test_map_of_a_compiler(self):
        state = self.plant("jit")
        data = state.read_bytes()
        self.acre("pack", self.plant("good"), "-o", self.pack)
        lines = f"0 {2**63:x} JIT:made\n".encode()
        self.rewrite(lambda all: [("profile", data), ("perf.map", lines)])
        self.assertEqual(self.leaves(self.pack), {"JIT:made"})

    def test_refusals(self):
        state = self.make()
        self.refused("pack", state, says=["usage: acre pack"])
        self.refused("pack", state, "-o", "/nowhere/x", status=3, says=["/nowhere/x"])
        self.refused("pack", self.pack, "-o", self.folder / "x", status=3, says=["is a pack already"])
        folded = self.folder / "x.folded"
        self.acre("convert", state, "-o", folded)
        self.refused("pack", folded, "-o", self.folder / "x", status=3, says=["no addresses"])
        self.rewrite(lambda all: [("README", b"x" * 100)])
        self.refused("profile", "--state", self.pack, status=3, says=["has no profile"])
        self.rewrite(lambda all: [("profile", b"x" * 100)])
        self.refused("profile", "--state", self.pack, status=3, says=["cannot read the profile"])


if __name__ == "__main__":
    unittest.main()
