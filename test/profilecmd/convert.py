# SPDX-License-Identifier: MIT
"""`acre convert`: every format into every other, other people's profiles, files that are broken."""
import gzip
import math
import random
import unittest

from proflib import INUSE_SPACE, Case, Pprof, acre

RATE = 524288


class Convert(Case):
    def folded(self, path, *words):
        text = self.acre("convert", path, "--format", "folded", *words)
        return sorted(text.splitlines())

    def test_every_way_round(self):
        state = self.plant()
        wanted = self.folded(state)
        self.assertEqual(sum(int(line.split()[-1]) for line in wanted), INUSE_SPACE)
        for name in ("a.pb.gz", "a.pb", "a.heap", "a.jeheap", "a.folded"):
            first = self.save(state, name)
            self.assertEqual(self.folded(first), wanted, name)
            for other in ("b.pb.gz", "b.heap", "b.jeheap", "b.folded"):
                if name == "a.folded" and other in ("b.heap", "b.jeheap"):
                    self.refused("convert", first, "-o", self.folder / other, status=3, says=["addresses"])
                    self.assertFalse((self.folder / other).exists(), "nothing half-written is left")
                    continue
                self.acre("convert", first, "-o", self.folder / other)
                self.assertEqual(self.folded(self.folder / other), wanted, f"{name} {other}")

    def test_pprof_keeps_what_it_has(self):
        state = self.plant()
        first = self.save(state, "a.pb.gz")
        second = self.folder / "b.pb.gz"
        self.acre("convert", first, "-o", second)
        a, b = Pprof(first), Pprof(second)
        self.assertEqual(a.by_leaf(), b.by_leaf())
        self.assertEqual((a.time_ns, a.duration_ns, a.period), (b.time_ns, b.duration_ns, b.period))
        self.assertEqual(a.comments, b.comments)
        self.assertEqual(
            [(m[2], m[3], m[4], a.strings[m[6]]) for m in a.mappings if 6 in m],
            [(m[2], m[3], m[4], b.strings[m[6]]) for m in b.mappings if 6 in m],
        )

    def test_sampled_numbers_are_scaled(self):
        """As jeprof and pprof do it: by the mean size of the stack."""
        scale = 1 / (1 - math.exp(-(8192 / 2) / RATE))
        gperftools = f"heap profile: 2: 8192 [2: 8192] @ heap_v2/{RATE}\n2: 8192 [2: 8192] @ 0x1000 0x2000\n"
        jemalloc = f"heap_v2/{RATE}\n  t*: 2: 8192 [2: 8192]\n@ 0x1000 0x2000\n  t*: 2: 8192 [2: 8192]\n"
        jemalloc += "  t0: 2: 8192 [2: 8192]\n\nMAPPED_LIBRARIES:\n"
        for text in (gperftools, jemalloc):
            path = self.folder / "x.heap"
            path.write_text(text)
            self.assertEqual(self.folded(path), [f"0x1fff;0xfff {round(8192 * scale)}"])
            self.acre("convert", path, "-o", self.folder / "x.pb.gz")
            self.assertEqual(list(Pprof(self.folder / "x.pb.gz").samples[0][1]), [round(2 * scale), round(8192 * scale)] * 2)

    def test_names_that_could_break_a_line(self):
        path = self.folder / "x.folded"
        path.write_text("main;operator new(int, char);a b 3\nmain;x 4\n")
        self.assertEqual(self.folded(path), ["main;operator new(int, char);a b 3", "main;x 4"])

    def test_broken_files(self):
        """Refused or read, but never a crash: ninety files with a few bytes changed or cut."""
        whole = [gzip.decompress(self.save(self.plant(), "a.pb.gz").read_bytes())]
        whole += [self.save(self.plant(), name).read_bytes() for name in ("a.heap", "a.jeheap")]
        random.seed(6)
        path = self.folder / "broken"
        for i in range(90):
            data = bytearray(whole[i % 3])
            for _ in range(random.randrange(1, 6)):
                data[random.randrange(len(data))] = random.randrange(256)
            path.write_bytes(data[: random.randrange(len(data))] if i % 2 else data)
            done = acre("convert", path, "--format", "pprof_raw", text=False)
            self.assertIn(done.returncode, (0, 3), done.stderr)

    def test_broken_state_files(self):
        whole = self.plant().read_bytes()
        random.seed(6)
        path = self.folder / "broken"
        for i in range(30):
            data = bytearray(whole)
            for _ in range(random.randrange(1, 40)):
                data[random.randrange(16, len(data))] = random.choice((0, 255, random.randrange(256)))
            path.write_bytes(data)
            done = acre("convert", path, "--format", "folded", text=False)
            self.assertIn(done.returncode, (0, 3), done.stderr)

    def test_refusals(self):
        state = self.plant()
        self.refused("convert", state, says=["usage"])
        self.refused("convert", state, "-o", "x.unknown", says=[".pb.gz"])
        path = self.folder / "x.pb.gz"
        path.write_bytes(b"\x1f\x8b" + bytes(20))
        self.refused("convert", path, "--format", "text", status=3, says=["damaged"])
        path.write_bytes(b"hello")
        self.refused("convert", path, "--format", "text", status=3, says=["protobuf"])
        (self.folder / "x.folded").write_text("main;x\n")
        self.refused("convert", self.folder / "x.folded", "--format", "text", status=3, says=["line 1"])


if __name__ == "__main__":
    unittest.main()
