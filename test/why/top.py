# SPDX-License-Identifier: MIT
"""`acre top`: its pages on a terminal that tmux keeps, at several sizes, by its keys; --once; the list."""
import os
import re
import shutil
import subprocess
import time
import unittest

from whylib import BIN, COMMAND, PYTHON, Case, acre, main, until


class Terminal:
    """A tmux server of its own with one window in which the command runs."""

    def __init__(self, case, *words, columns=110, rows=30, environment=()):
        self.case = case
        self.socket = str(case.folder / "tmux")
        self.ended = case.folder / "ended"
        command = " ".join(["env", *environment, COMMAND, *map(str, words)])
        command += f"; echo $? >{self.ended}; sleep 600"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), command)
        case.addCleanup(subprocess.run, ["tmux", "-S", self.socket, "kill-server"], capture_output=True)

    def tmux(self, *words):
        done = subprocess.run(
            ["tmux", "-S", self.socket, *words], capture_output=True, text=True, timeout=30,
            env=dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color"),
        )  # fmt: skip
        self.case.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def screen(self, *more):
        return self.tmux("capture-pane", "-p", *more)

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def shows(self, pattern, seconds=20):
        """Waits for the screen to show that, and returns it."""
        seen = [""]

        def found():
            seen[0] = self.screen()
            return re.search(pattern, seen[0], re.M)

        try:
            until(found, pattern, seconds)
        except AssertionError:
            raise AssertionError(f"no {pattern!r} on the screen:\n{seen[0]}") from None
        return seen[0]

    def status(self):
        """The command's exit status, once it has ended."""
        return int(until(lambda: self.ended.exists() and self.ended.read_text().strip(), "the end", 20))


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
class Screen(Case):
    def setUp(self):
        super().setUp()
        self.process = self.ready(self.start(BIN / "why-known"))

    def test_pages_keys_and_end(self):
        terminal = Terminal(self, "top", self.process.pid)
        screen = terminal.shows(r"^PART +RESIDENT(.*\n)+ i parts .* q quit")
        self.assertRegex(screen, rf"^acre top  pid {self.process.pid} why-known  up ")
        self.assertRegex(screen, r"(?m)^RSS \d+\.\d MiB  live 8\d\.\d MiB in 262 \d\d\d blocks")
        self.assertRegex(screen, r"(?m)^free blocks in spans +1[56]\.\d MiB")
        terminal.keys("c")
        screen = terminal.shows(r"^ +CLASS +LIVE BLOCKS +USE")
        self.assertRegex(screen, r"(?m)^ +64 +262 \d\d\d +50 % +\d+ +16\.0 MiB")
        terminal.keys("t")
        self.assertRegex(terminal.shows(r"^ +THREAD NAME"), rf"(?m)^ +{self.process.pid} why-known ")
        terminal.keys("l")
        terminal.shows(r"^LIVE BYTES, LAST")
        terminal.keys("i")
        terminal.shows(r"^PART +RESIDENT")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_scrolls_and_resizes(self):
        terminal = Terminal(self, "top", self.process.pid, columns=80, rows=24)
        terminal.shows(r"^PART")
        terminal.keys("c")
        screen = terminal.shows(r"^ +CLASS.*\n *\d+ ")
        first = re.search(r"(?m)^ +CLASS.*\n *(\d+) ", screen)[1]
        terminal.keys("Down")
        terminal.shows(rf"^ +CLASS.*\n *(?!{first} )\d+ ")
        terminal.keys("Up")
        terminal.shows(rf"^ +CLASS.*\n *{first} ")
        for columns, rows in ((40, 8), (200, 60), (12, 3), (1, 1), (80, 24)):
            terminal.tmux("resize-window", "-x", str(columns), "-y", str(rows))
            time.sleep(0.2)
        screen = terminal.shows(r"^acre top.*(.*\n)+ i parts  c classes")
        self.assertEqual(len(screen.splitlines()), 24)

    def test_says_that_the_process_has_ended(self):
        terminal = Terminal(self, "top", self.process.pid)
        terminal.shows(r"^PART")
        self.process.kill()
        self.process.wait()
        terminal.shows(rf"there is no process {self.process.pid}")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_the_list_to_choose_from(self):
        terminal = Terminal(self, "top")
        screen = terminal.shows(rf"^ +{self.process.pid} why-known +\d(.*\n)+ up/down choose")
        self.assertRegex(screen, r"^acre top  \d+ process(es)? on acre")
        for _ in range(200):
            if re.search(rf"(?m)^ +{self.process.pid} .*<$", terminal.screen()):
                break
            terminal.keys("Down")
            time.sleep(0.1)
        terminal.keys("Enter")
        terminal.shows(rf"^acre top  pid {self.process.pid} why-known")
        terminal.keys("p")
        terminal.shows(r"^acre top  \d+ process")
        terminal.keys("C-c")
        self.assertEqual(terminal.status(), 0)

    def test_colour_and_no_colour(self):
        terminal = Terminal(self, "top", self.process.pid)
        terminal.shows(r"^PART")
        self.assertRegex(terminal.screen("-e"), "\033\\[[0-9;]*36m")
        other = self.folder / "other"
        other.mkdir()
        self.folder = other
        terminal = Terminal(self, "top", self.process.pid, environment=["NO_COLOR=1"])
        terminal.shows(r"^PART")
        self.assertNotRegex(terminal.screen("-e"), "\033\\[[0-9;]*3[0-7]m")


class Once(Case):
    def test_one_plain_screen(self):
        process = self.ready(self.start(BIN / "why-known"))
        done = acre("top", "--once", process.pid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for head in (r"^acre top  pid", r"^PART", r"^ +CLASS", r"^ +THREAD", r"^LIVE BYTES"):
            self.assertRegex(done.stdout, "(?m)" + head)
        self.assertNotIn("\033", done.stdout)
        self.assertRegex(acre("top", "--once").stdout, rf"(?m)^ +{process.pid} why-known")

    def test_two_hundred_threads(self):
        process = self.ready(self.start(BIN / "why-crowd"))
        self.assertIn("201 threads", acre("top", "--once", process.pid).stdout.splitlines()[0])

    def test_refusals(self):
        for given, status, said in (
            (["1", "2"], 2, "one process id or none"),
            (["x"], 2, "'x' is no process id"),
            (["4194304"], 3, "there is no process"),
            ([os.getpid()], 3, "acre run"),
            ([self.ready(self.start(BIN / "why-known")).pid], 3, "`acre top --once`"),
        ):
            done = acre("top", *given)
            self.assertEqual((done.returncode, done.stdout), (status, ""), given)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    main()
