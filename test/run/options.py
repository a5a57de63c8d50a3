# SPDX-License-Identifier: MIT
"""`acre options`: it lists the table, and `check` says of a string what the library does with it."""
import json
import os
import re
import subprocess

from acrerun import BIN, PRELOAD, SOURCE, Case, acre, main

ROW = re.compile(r'^AC_OPTION\((\w+),\s*(\w+),\s*[^"]*"(.*?)",\s*(\w+),\s*"(.*?)"\)', re.M | re.S)


def rows():
    return ROW.findall((SOURCE / "src/core/option.def").read_text())


def options(*words, **more):
    return acre("options", *words, text=True, **more)


class List(Case):
    def test_every_row(self):
        text = options().stdout
        self.assertGreater(len(rows()), 3)
        for name, kind, unit, when, help_text in rows():
            line = next(line for line in text.splitlines() if line.split()[0] == name)
            self.assertEqual(line.split()[1], kind.lower())
            self.assertIn("start" if when == "START" else "any time", line)
            self.assertIn(help_text, text)

    def test_json(self):
        data = json.loads(options("--json").stdout)
        self.assertEqual(data["schema"], "acre.options/1")
        self.assertEqual(
            [(row["name"], row["type"], row["unit"], row["help"]) for row in data["options"]],
            [(name, kind.lower(), unit, text) for name, kind, unit, _, text in rows()],
        )
        for row in data["options"]:
            self.assertLessEqual(row["min"], row["default"])
            self.assertLessEqual(row["default"], row["max"])

    def test_value_in_force_and_origin(self):
        env = {**os.environ, "ACRE_CONF": "dirty_min=1,decay_ms=bad,dirty_min=12M"}
        data = {row["name"]: row for row in json.loads(options("--json", env=env).stdout)["options"]}
        self.assertEqual((data["dirty_min"]["value"], data["dirty_min"]["origin"]), (12 << 20, "ACRE_CONF"))
        self.assertEqual(
            (data["decay_ms"]["value"], data["decay_ms"]["origin"]), (data["decay_ms"]["default"], "default")
        )

    def test_the_string_of_a_program(self):
        """It counts where the library sees it, and there only: exported by the program."""
        for program, value, origin in (("run-conf", 100, "acre_conf"), ("run-conf-hidden", 1000, "default")):
            path = str(BIN / program)
            env = {**os.environ, "ACRE_CONF": "dirty_min=12M"}
            text = options("--program", path, "--json", env=env).stdout
            data = {row["name"]: row for row in json.loads(text)["options"]}
            self.assertEqual((data["decay_ms"]["value"], data["decay_ms"]["origin"]), (value, origin))
            self.assertEqual(
                (data["dirty_min"]["value"], data["dirty_min"]["origin"]), (12 << 20, "ACRE_CONF")
            )
            self.assertEqual(data["shards"]["origin"], "default")
            warned = subprocess.run(
                [path], env={**os.environ, "LD_PRELOAD": PRELOAD}, capture_output=True, text=True
            )
            self.assertEqual("nosuch" in warned.stderr, origin == "acre_conf")
        text = options("explain", "decay_ms", "--program", str(BIN / "run-conf")).stdout
        self.assertIn("now       100, from acre_conf", text)

    def test_explain(self):
        for name, _, _, _, help_text in rows():
            text = options("explain", name).stdout
            self.assertRegex(text, r"(?m)^  trade     [A-Z].{30,}\.$")
            self.assertIn(f"{name}: {help_text}", text)
            example = text.split("--conf ")[1].split()[0]
            self.assertEqual(
                options("check", example).returncode, 0, "the default can be given as it is printed"
            )

    def test_wrong_usage(self):
        for words, expected in (
            (("explain", "decay"), "did you mean 'decay_ms'?"),
            (("explain",), "explain KEY"),
            (("explian", "helper"), "explain KEY"),
            (("--jason",), "did you mean --json?"),
            (("--program", "/nowhere/at/all"), "No such file"),
            (("check", "a=1", "b=2"), "check STRING"),
        ):
            done = options(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assert_message(done.stderr, expected)


class Check(Case):
    GOOD = (
        "",
        "decay_ms=0",
        "decay_ms=3600000",
        "dirty_min=64K",
        "dirty_min=1g,helper=off",
        "helper=yes",
        "helper=true",
        ",,helper=1,",
        "shards=3,page_size=16K",
        "page_size=0",
        "helper=01",
        "state=/tmp/somewhere",
    )
    BAD = (
        "decay_ms",
        "decay_ms=",
        "decay_ms=-1",
        "decay_ms=1.5",
        "decay_ms=3600001",
        "helper=2",
        "helper=maybe",
        "dirty_min=64KB",
        "dirty_min=1T",
        "dirty_min=99999999999999999999",
        "shards=255",
        "shards=1 ",
        "nonsense=1",
        "Helper=1",
        "=1",
        "dirty_min=17179869184G",
        "dirty_min=2000G",
        "decay_ms=yes",
        "page_size=5000",
        "page_size=48K",
    )

    def warnings(self, conf):
        """What the library says of a string when a program starts with it."""
        env = {**os.environ, "LD_PRELOAD": PRELOAD, "ACRE_CONF": conf}
        return subprocess.run(["ls", "/dev/null"], env=env, capture_output=True, text=True).stderr

    def test_right_strings(self):
        for conf in self.GOOD:
            done = options("check", conf)
            self.assertEqual((done.returncode, done.stderr), (0, ""), (conf, done.stdout))
            self.assertNotIn("wrong", done.stdout)
            self.assertEqual(self.warnings(conf), "", conf)

    def test_wrong_strings(self):
        for conf in self.BAD:
            done = options("check", conf)
            self.assertEqual(done.returncode, 1, conf)
            self.assertRegex(done.stdout, "^wrong: ")
            self.assertIn("acre: ACRE_CONF: ", self.warnings(conf), conf)

    def test_every_mistake_is_named(self):
        text = options("check", "stat=none,decay=1,helper=1,shards=300,dirty_min=lots,page_size=5000").stdout
        self.assertEqual(text.count("wrong: "), 5)
        self.assertIn("'page_size=5000' is not a power of two: page_size takes one, or 0", text)
        for words in (
            "did you mean 'decay_ms'?",
            "did you mean 'state'?",
            "shards takes 0 to 253",
            "a number of bytes such as 65536, 64K or 4M",
        ):
            self.assertIn(words, text)


if __name__ == "__main__":
    main()
