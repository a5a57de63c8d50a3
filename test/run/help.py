# SPDX-License-Identifier: MIT
"""`acre` alone, `acre help`, `acre version`, and words that are no command."""
import json
import os
import re

from acrerun import COMMAND, PRELOAD, SOURCE, Case, acre, main


def words(*given, **more):
    return acre(*given, text=True, **more)


def commands():
    return re.findall(r'^AC_COMMAND\((\w+), "(.*?)"', (SOURCE / "cli/command.def").read_text(), re.M)


class Help(Case):
    def test_alone_prints_twelve_lines_as_wrong_usage(self):
        done = words()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(len(done.stderr.splitlines()), 12)
        for name, _ in commands():
            self.assertRegex(done.stderr, rf"\b{name}\b")
        self.assert_fits(done.stderr)

    def assert_fits(self, text):
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_help_lists_every_command(self):
        self.assertGreaterEqual(len(commands()), 4)
        for asked in (["help"], ["--help"], ["-h"]):
            done = words(*asked)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for name, summary in commands():
                self.assertRegex(done.stdout, rf"  {name} +{summary}\n")
            self.assert_fits(done.stdout)

    def test_every_command_has_help(self):
        for name, _ in commands():
            done = words("help", name)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith(f"usage: acre {name} "))
            self.assert_fits(done.stdout.split("\nExample: ")[0])
            self.assertEqual(done.stdout, words(name, "--help").stdout)

    def test_unknown_words(self):
        for given, expected in (
            (["rum"], "did you mean 'run'?"),
            (["version?"], "did you mean 'version'?"),
            (["zzzzzz"], "`acre help` lists all"),
            (["help", "optoins"], "did you mean 'options'?"),
            (["vers"], "did you mean 'version'?"),
            ([""], "there is no command ''"),
            (["x" * 500], "`acre help` lists all"),
            (["help", "run", "options"], "one command at a time"),
            (["version", "--jsn"], "did you mean --json?"),
        ):
            done = words(*given)
            self.assertEqual((done.returncode, done.stdout), (2, ""), given)
            self.assert_message(done.stderr, expected)


class Version(Case):
    def test_text(self):
        version = re.search(r'VERSION_STRING "(.*)"', (SOURCE / "include/acre/acre.h").read_text()).group(1)
        for asked in (["version"], ["--version"], ["-V"]):
            done = words(*asked)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith(f"acre {version}\n"))
            self.assertIn(os.path.realpath(PRELOAD), done.stdout)

    def test_json(self):
        data = json.loads(words("version", "--json").stdout)
        self.assertEqual((data["schema"], data["library"]), ("acre.version/1", os.path.realpath(PRELOAD)))
        self.assertEqual(data["page_size_bytes"], os.sysconf("SC_PAGESIZE"))

    def test_without_a_library(self):
        done = words("version", command=self.copy(COMMAND))
        self.assertEqual(done.returncode, 3)
        self.assertTrue(done.stdout.startswith("acre "))
        self.assert_message(done.stderr, "there is no library")


if __name__ == "__main__":
    main()
