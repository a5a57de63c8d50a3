# SPDX-License-Identifier: MIT
"""What the tests of flame graphs share: profiles of which every number is known."""
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

COMMAND = os.environ["ACRE_TEST_COMMAND"]
PLANT = str(pathlib.Path(os.environ["ACRE_TEST_BIN"]) / "profilecmd-plant")
HOSTILE = "</script><script>document.title='hurt'</script><!--<b>&amp\"'\\u003c"

for name in ("LD_PRELOAD", "ACRE_CONF", "NO_COLOR", "DEBUGINFOD_URLS"):
    os.environ.pop(name, None)

MIB = 1024 * 1024
# In the order of stacks: parse is called from two places, walk calls itself.
KNOWN = {
    "main;serve;parse;node_new": 40 * MIB,
    "main;serve;cache_put": 20 * MIB,
    "main;load;parse;node_new": 10 * MIB,
    "main;load;walk;walk;text_new": 20 * MIB,
    f"main;{HOSTILE}": 10 * MIB,
}
LATER = {**KNOWN, "main;serve;cache_put": 60 * MIB, "main;load;parse;node_new": 0, "main;fresh": 5 * MIB}


def many(n):
    """That many stacks, 8 to 60 calls deep."""
    dice = random.Random(4)
    names = [
        f"ns{i % 37}::Class{i % 211}<std::vector<int>>::method_{i}(int, char const*)" for i in range(4000)
    ]
    path, stacks = [], {}
    while len(stacks) < n:
        path = path[: max(1, len(path) - dice.randrange(1, 8))] if dice.random() < 0.8 else []
        while len(path) < dice.randrange(8, 60):
            path.append(dice.choice(names[: 40 * (1 + len(path))]))
        stacks[";".join(path)] = int(dice.paretovariate(1.1) * 4096)
    return stacks


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="acre-flame-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def folded(self, stacks, name="known.folded"):
        path = self.folder / name
        path.write_text("".join(f"{stack} {number}\n" for stack, number in stacks.items() if number))
        return path

    def acre(self, *words):
        done = subprocess.run(
            [COMMAND, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def convert(self, source, suffix):
        path = self.folder / ("out" + suffix)
        self.acre("convert", source, "-o", path)
        return path

    def plant(self, kind="good"):
        path = self.folder / kind
        subprocess.run([PLANT, path, kind], check=True)
        return path

    def diff(self, suffix):
        path = self.folder / ("diff" + suffix)
        self.acre("diff", self.folded(KNOWN), self.folded(LATER, "later.folded"), "-o", path)
        return path
