# SPDX-License-Identifier: MIT
"""State files that are not what they should be: of a newer acre, cut off, torn, full, and with words in them changed at
random. The command says what is wrong in one line, or reads what is still there; it never crashes or hangs."""
import os
import random
import struct
import subprocess

from whylib import BIN, COMMAND, Case, acre, main

# Offsets in struct ac_state (core/state.h).
VERSION, PID, SEQ, TOTAL, MISSED_CENTERS, MISSED_ADDRESSES = 8, 16, 28, 64, 128, 136
HEAD_BYTES = 12 << 10  # header, control words, options, facts of classes and more
WORDS = [0, 1, 8, 63, 64, 65, 80, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
SEED = 20261123
ROUNDS = 120


class Damaged(Case):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "state"
        process = self.ready(self.start(BIN / "why-leaky", 8, conf=f"state={self.path}"))
        self.pid = process.pid
        process.kill()
        process.wait()
        self.file = os.open(self.path, os.O_RDWR)
        self.addCleanup(os.close, self.file)

    def put(self, offset, number, form="<I"):
        """Returns what stood there."""
        before = os.pread(self.file, struct.calcsize(form), offset)
        os.pwrite(self.file, struct.pack(form, number), offset)
        return before

    def refused(self, said):
        for words in (("why", "--state"), ("why", "--json", "--state"), ("stat", "--state")):
            done = acre(*words, self.path)
            self.assertEqual((done.returncode, done.stdout), (3, ""), (words, done.stderr))
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(said, done.stderr)

    def test_a_newer_version(self):
        self.put(VERSION, 99)
        self.refused("layout 99")

    def test_no_state_file_at_all(self):
        os.pwrite(self.file, b"%PDF-1.7", 0)
        self.refused("")
        self.put(PID, 0)
        self.refused("that is no state file of acre")

    def test_never_claimed(self):
        self.put(PID, 0)
        self.refused("never filled in")

    def test_cut_off(self):
        for size in (0, 7, 64, 4095, 4096, HEAD_BYTES, 100000):
            os.truncate(self.path, size)
            self.refused("")

    def test_a_length_that_is_wrong(self):
        for length in (0, 1, 1 << 40, (1 << 64) - 1):
            self.put(TOTAL, length, "<Q")
            self.refused("cut off")

    def test_torn(self):
        (seq,) = struct.unpack("<I", os.pread(self.file, 4, SEQ))
        self.put(SEQ, seq | 1)
        done = acre("why", "--state", self.path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("it died while it wrote", done.stdout)

    def test_rows_that_had_no_room(self):
        self.assertNotIn("no room", acre("why", "--state", self.path).stdout)
        self.put(MISSED_ADDRESSES, 41)
        self.put(MISSED_CENTERS, 3)
        text = acre("why", "--state", self.path).stdout
        self.assertIn("no room for 41 pieces of memory: they are unexplained", text)
        self.assertIn("no room for 3 size classes of shards", text)
        self.assertNotIn("thread caches: what they keep", text)

    def test_words_changed_at_random(self):
        dice = random.Random(SEED)
        size = os.fstat(self.file).st_size
        for round_number in range(ROUNDS):
            old = []
            for _ in range(dice.choice((1, 1, 2, 8, 64))):
                form = dice.choice(("<I", "<Q"))
                span = dice.choice((1024, 1024, HEAD_BYTES, 64 << 10, size))
                at = dice.randrange(16, min(span, size) - 8) & ~(struct.calcsize(form) - 1)
                old.append((at, self.put(at, dice.choice(WORDS) % (1 << 8 * struct.calcsize(form)), form)))
            done = acre(dice.choice(("why", "stat")), *dice.choice(([], ["--json"])), "--state", self.path)
            case = f"seed {SEED}, round {round_number}: {done.stderr}"
            self.assertIn(done.returncode, (0, 3), case)
            self.assertEqual(len(done.stderr.splitlines()), 1 if done.returncode else 0, case)
            for at, before in reversed(old):
                os.pwrite(self.file, before, at)
        self.assertEqual(acre("why", "--state", self.path).returncode, 0)


class Elsewhere(Case):
    """Processes that are there, and cannot be had."""

    def test_of_another_user(self):
        if os.geteuid() != 0:
            self.skipTest("wants to become another user, so wants root")
        process = self.ready(self.start(BIN / "why-leaky", 8))
        for command in ("why", "stat", "doctor", "trim"):
            done = subprocess.run([COMMAND, command, str(process.pid)], user=65534, group=65534, extra_groups=[],
                                  capture_output=True, text=True, timeout=60, cwd="/")
            self.assertEqual((done.returncode, done.stdout), (3, ""), (command, done.stderr))
            self.assertIn("another user", done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_in_other_namespaces(self):
        """As in a container: its process id is 1 there, and its mounts are its own."""
        unshare = self.need("unshare")
        if subprocess.run([unshare, "--pid", "--mount", "--fork", "true"], capture_output=True).returncode != 0:
            self.skipTest("may not make namespaces here")
        process = self.start(unshare, "--pid", "--mount", "--fork", "--kill-child", BIN / "why-leaky", 8)
        self.ready(process)
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
            child = int(file.read().split()[0])
        self.assert_closes(child)
        self.assertIn("why-leaky", acre("ls").stdout)


if __name__ == "__main__":
    main()
