# SPDX-License-Identifier: MIT
"""Segments the real library never writes, or rarely: what the report makes of each."""
import json
import os
import subprocess

from acrerun import HEAP, PLANTED, Case, main, run


class Planted(Case):
    def plant(self, kind, *words, program=("true",)):
        path = self.folder / "json"
        done = run(
            "--lib",
            PLANTED,
            "--json",
            str(path),
            *words,
            "--",
            *program,
            env={**os.environ, "ACRE_PLANT": kind},
        )
        self.assertIn(done.returncode, (0, 134, 137))
        self.data = json.loads(path.read_text())
        return done.stderr

    def assert_unseen(self, text, *words):
        """Four lines: nothing is known of the heap, and no zero pretends to be a number."""
        lines = text.splitlines()
        self.assertEqual(len(lines), 4, text)
        self.assertIn("not seen on acre", lines[0])
        self.assertIn("page faults", lines[2])
        for word in words:
            self.assertIn(word, lines[3])
            self.assertIn(word, self.data["why_not"])
        self.assertEqual((self.data["measured"], self.data["served"]), (False, None))
        self.assertNotIn("peak", self.data)

    def test_good(self):
        text = self.plant("good")
        self.assert_report(text)
        self.assertIn("served by acre 9.9.9: pid ", text)
        self.assertIn("77 refills", text)
        self.assertIn("512 B: 1.1 MiB, 91 % full; 32 B: 1.9 KiB, 17 % full", text)
        self.assertIn("of the 4.0 MiB acre saw:", text)
        self.assertRegex(text, r"live +1\.0 MiB +25\.0 %  2 048 small blocks 1\.0 MiB, 0 large 0 B")
        self.assertRegex(text, r"free blocks +128\.0 KiB +3\.1 %")
        self.assertRegex(text, r"caches +96\.0 KiB +2\.3 %  1 thread 64\.0 KiB, transfer caches 32\.0 KiB")
        self.assertRegex(text, r"free pages +0 B +0\.0 %")
        self.assertRegex(text, r"metadata +100\.0 KiB +2\.4 %")
        self.assertRegex(text, r"the rest +2\.7 MiB +67\.1 %")
        self.assertRegex(self.plant("dirty"), r"free pages +2\.0 MiB +50\.0 %")
        self.assertRegex(self.plant("dirty"), r"the rest +700\.0 KiB +17\.1 %")
        self.plant("good")
        self.assertEqual(self.data["peak"]["small_live_objects"], 2048)

    def test_exit_never_seen(self):
        self.assertRegex(self.plant("running"), r"resident; last seen 0\.\d+ s before the end")
        self.assertFalse(self.data["exited"])

    def test_seen_only_at_the_start(self):
        text = self.plant("started")
        self.assert_report(text)
        self.assertIn("started on acre 9.9.9", text)
        self.assertIn("of the 4.0 MiB acre saw:", text, "the last look stands in for the peak")
        self.assertIsNone(self.data["served"])

    def test_not_used(self):
        self.assertIn("NOT using acre 9.9.9", self.plant("unused"))
        self.assertIs(self.data["served"], False)

    def test_torn(self):
        text = self.plant("torn")
        self.assert_report(text)
        self.assertIn("died while publishing", text)
        self.assertTrue(self.data["torn"])

    def test_nothing_published(self):
        self.assert_unseen(self.plant("claimed"), "started on acre and ended before")
        self.assert_unseen(self.plant("none"), "the library was not loaded")

    def test_nothing_published_before_a_signal(self):
        self.assert_unseen(self.plant("none", program=("sh", "-c", "kill -9 $$")), "signal 9 (Killed)")

    def test_another_layout(self):
        self.assert_unseen(self.plant("foreign"), "publishes layout 4", "reads 3", "built with it")

    def test_numbers_without_sense_keep_the_form(self):
        text = self.plant("hostile")
        self.assert_report(text)
        self.assertTrue(text.isprintable() or all(c.isprintable() or c == "\n" for c in text))

    def test_more_live_than_resident(self):
        text = self.plant("untouched")
        self.assert_report(text)
        self.assertRegex(text, r"the rest +-61\.3 MiB")
        self.assertIn("never touched", text)

    def test_another_process_claimed_it(self):
        text = self.plant("none", program=("sh", "-c", "ACRE_PLANT=good ls /dev/null >&2; exit 0"))
        self.assert_report(text.removeprefix("/dev/null\n"))
        self.assertNotEqual(self.data["library"]["pid"], self.data["program"]["pid"])
        self.assertIn(f"the numbers are of process {self.data['library']['pid']}, which sh ... started", text)


class Advice(Case):
    def advise(self, kind, *words, program=("true",)):
        done = run("--lib", PLANTED, *words, "--", *program, env={**os.environ, "ACRE_PLANT": kind})
        self.assert_report(done.stderr)
        for line in done.stderr.splitlines():
            self.assertLessEqual(len(line), 130)
        return done.stderr.splitlines()[-1]

    def test_plain(self):
        self.assertIn("`acre run --json FILE -- true` keeps every number", self.advise("good"))

    def test_free_pages(self):
        self.assertIn(
            "`acre run --conf dirty_min=0,decay_ms=0 -- true` returns the 2.0 MiB", self.advise("dirty")
        )
        self.assertNotIn("--conf", self.advise("dirty", "--conf", "decay_ms=0"), "not when it has been tried")

    def test_spread_over_threads(self):
        self.assertIn(
            "`acre run --conf shards=1 -- true` lets the 8 threads share the 1.5 MiB", self.advise("spread")
        )

    def test_never_freed(self):
        self.assertIn("65.0 MiB were never freed", self.advise("untouched"))

    def test_memory_of_a_child(self):
        line = self.advise("good", program=("sh", "-c", f"{HEAP} 300000 100; exit 0"))
        self.assertRegex(line, r"the peak of \d+\.\d MiB was in a child of sh \.\.\.,")

    def test_unused(self):
        self.assertIn("true took nothing from acre", self.advise("unused"))
        self.assertIn("ended by _exit or a signal before acre looked", self.advise("started"))

    def test_aborted(self):
        self.assertIn("`man 7 acre` explains", self.advise("good", program=("sh", "-c", "kill -ABRT $$")))

    def test_every_command_named_exists(self):
        """What the advice says to run, runs."""
        for kind in ("good", "dirty", "spread"):
            command = self.advise(kind).split("`")[1].replace("FILE", str(self.folder / "file")).split()
            self.assertEqual(run(*command[2:]).returncode, 0, command)

    def test_own_malloc_is_recognised(self):
        source = self.file(
            "own.c",
            "#include <stddef.h>\nstatic char heap[1 << 20]; static size_t used;\n"
            "void *malloc(size_t n) { used += (n + 15) & ~(size_t)15; return heap + used - n; }\n"
            "void free(void *p) { (void)p; }\nint main(void) { return malloc(9) == NULL; }\n",
        )
        program = str(self.folder / "own")
        subprocess.run(["cc", "-fno-builtin", "-rdynamic", source, "-o", program], check=True)
        self.assertIn("exports a malloc of its own", self.advise("unused", program=(program,)))

    def test_another_allocator_is_recognised(self):
        shared = str(self.folder / "libjemalloc.so.2")
        source = self.file("fake.c", "int fake(void) { return 0; }\n")
        subprocess.run(
            ["cc", "-shared", "-fPIC", f"-Wl,-soname,libjemalloc.so.2", source, "-o", shared], check=True
        )
        program = str(self.folder / "user")
        source = self.file("user.c", "int fake(void); int main(void) { return fake(); }\n")
        subprocess.run(["cc", source, shared, f"-Wl,-rpath,{self.folder}", "-o", program], check=True)
        line = self.advise("good", program=(program,))
        self.assertIn("linked with libjemalloc.so.2, but LD_PRELOAD comes first: acre served it", line)


if __name__ == "__main__":
    main()
