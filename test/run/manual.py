# SPDX-License-Identifier: MIT
"""The manual pages say what the source says, and are clean roff."""
import os
import shutil
import subprocess

from acrerun import SOURCE, Case, main

PAGES = sorted((SOURCE / "man").glob("acre*.[137]"))


class Pages(Case):
    def render(self, page, *command):
        if not shutil.which(command[0]):
            self.skipTest(f"{command[0]} is not installed")
        done = subprocess.run(
            [*command, str(page)], capture_output=True, text=True, env={**os.environ, "MANWIDTH": "80"}
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_groff_has_nothing_to_say(self):
        for page in PAGES:
            done = self.render(page, "groff", "-man", "-Tutf8", "-ww")
            self.assertEqual(done.stderr, "", page)

    def test_mandoc_has_nothing_to_say(self):
        for page in PAGES:
            self.assertEqual(self.render(page, "mandoc", "-T", "lint", "-W", "warning").stdout, "", page)

    def test_nothing_gets_lost(self):
        """A line that begins with a dot by mistake vanishes without a warning."""
        command = ("groff", "-man", "-Tascii", "-rLL=300n", "-P-cbou")
        text = " ".join(" ".join(self.render(page, *command).stdout.split()) for page in PAGES)
        for words in (
            "WHAT CANNOT RUN ON ACRE",
            "void *acre_malloc(size_t size);",
            "decay_ms (milliseconds, ",
            "acre: double free of The block was freed before",
            "small_live_bytes (bytes, level) Blocks up to 32 KiB in use",
        ):
            self.assertIn(words, text)


class Agreement(Case):
    """tools/gen-man --check, on the tree and on copies in which one thing was changed."""

    def check(self, file=None, before=None, after=None):
        top = SOURCE
        if file:
            top = self.folder / "tree"
            for part in ("man", "include", "src/core", "cli", "tools"):
                shutil.copytree(SOURCE / part, top / part, dirs_exist_ok=True)
            text = (top / file).read_text()
            self.assertIn(before, text)
            (top / file).write_text(text.replace(before, after, 1))
        done = subprocess.run([str(top / "tools/gen-man"), "--check"], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_pages_are_up_to_date(self):
        self.assertEqual(self.check(), (0, ""))

    def test_changes_are_noticed(self):
        for file, before, after, expected in (
            ("src/core/stat.def", "AC_STAT(refills,", "AC_STAT(fillings,", "+.BR fillings"),
            ("src/core/option.def", "1000, 0, 3600000", "2000, 0, 3600000", "default 2000"),
            ("src/core/fault.def", '"double free of"', '"twice freed"', "'twice freed' is missing"),
            (
                "src/core/fault.def",
                '"double free of"',
                '"twice freed"',
                "'double free of' is explained, but does not",
            ),
            ("include/acre/acre.h", "-- give a block back.", "-- let go.", "+Let go."),
            ("include/acre/acre.h", 'STRING "0', 'STRING "99', '"acre 99'),
            ("cli/command.def", "AC_FLAG(run, lib,", "AC_FLAG(run, library,", "\\-\\-library"),
            ("cli/command.def", '"no report"', '"no word"', "+No word."),
            ("cli/command.def", "AC_COMMAND(version,", "AC_COMMAND(about,", "'about' is missing"),
            ("man/acre-run.1", "BEGIN command.exit", "BEGIN command.end", "no region 'command.exit'"),
            ("man/acre.7", "BEGIN options", "BEGIN choices", "no region 'choices'"),
            ("man/acre.7", "END options", "END choices", "'options' does not end"),
        ):
            status, text = self.check(file, before, after)
            self.assertEqual(status, 1, after)
            self.assertIn(expected, text)


if __name__ == "__main__":
    main()
