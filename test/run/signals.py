# SPDX-License-Identifier: MIT
"""Signals: the terminal's reach the program once, those sent to acre are passed on."""
import os
import pty
import signal
import subprocess
import time

from acrerun import COMMAND, PYTHON, Case, main

# Counts the deliveries of each signal until there are enough, and a little longer. Python merges signals that
# come in quick succession; the bytes that its handler in C writes are one for each.
COUNTER = """import os, select, signal, sys, time
reader, writer = os.pipe2(os.O_NONBLOCK)
signal.set_wakeup_fd(writer)
for name in sys.argv[2:]:
    signal.signal(getattr(signal, name), lambda number, frame: None)
print('ready', os.getpid(), flush=True)
seen, deadline = b'', time.monotonic() + 20
while len(seen) < int(sys.argv[1]) and time.monotonic() < deadline:
    if select.select([reader], [], [], 0.1)[0]:
        seen += os.read(reader, 100)
print('enough', flush=True)
if select.select([reader], [], [], 0.5)[0]:
    seen += os.read(reader, 100)
print([(number, seen.count(number)) for number in sorted(set(seen))], flush=True)
sys.exit(5)
"""


def state_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


class Passing(Case):
    def start(self, *program, **options):
        options.setdefault("stdout", subprocess.PIPE)
        process = subprocess.Popen([COMMAND, "run", "-q", "--", *program], text=True, **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def start_counter(self, expected, *names, **options):
        process = self.start(PYTHON, "-c", COUNTER, str(expected), *names, **options)
        pid = int(process.stdout.readline().split()[1])
        return process, pid

    def test_signals_sent_to_acre_are_passed_on_once(self):
        names = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM"]
        process, _ = self.start_counter(len(names), *names)
        for name in names:
            process.send_signal(getattr(signal, name))
            time.sleep(0.05)
        output, _ = process.communicate(timeout=30)
        self.assertEqual(
            output.split("\n")[1], str(sorted((int(getattr(signal, name)), 1) for name in names))
        )
        self.assertEqual(process.returncode, 5)

    def test_real_time_signals_are_passed_on(self):
        number = signal.SIGRTMIN + 3
        process, _ = self.start_counter(1, "SIGRTMIN")
        process.send_signal(signal.SIGRTMIN)
        self.assertEqual(process.communicate(timeout=30)[0].split("\n")[1], str([(int(signal.SIGRTMIN), 1)]))
        process = self.start("sh", "-c", "echo ready; exec sleep 30")
        process.stdout.readline()
        process.send_signal(number)
        self.assertEqual(process.wait(timeout=30), 128 + number)

    def test_deadly_signal_ends_both_with_its_status(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            process = self.start("sh", "-c", "echo ready; exec sleep 30")
            process.stdout.readline()
            process.send_signal(number)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, 128 + number)

    def test_handler_set_after_the_start_is_reached(self):
        """Also when the signal was ignored at the start: the program may have changed its mind."""
        ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
        process, _ = self.start_counter(1, "SIGHUP", preexec_fn=ignore)
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.communicate(timeout=30)[0].split("\n")[1], str([(int(signal.SIGHUP), 1)]))

    def test_ignored_hangup_stays_ignored(self):
        process = subprocess.Popen(
            ["nohup", COMMAND, "run", "-q", "--", "sh", "-c", "echo ready; sleep 1; exit 3"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3)

    def test_stopped_program_goes_on(self):
        process, pid = self.start_counter(1, "SIGUSR1")
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: state_of(pid) == "T")
        process.send_signal(signal.SIGUSR1)
        os.kill(pid, signal.SIGCONT)
        self.assertEqual(process.communicate(timeout=30)[0].split("\n")[1], str([(int(signal.SIGUSR1), 1)]))

    def test_stop_key_stops_both(self):
        """A shell waits for acre to stop with the program."""
        process, pid = self.start_counter(1, "SIGUSR1", process_group=0)
        os.killpg(process.pid, signal.SIGTSTP)
        for stopped in (process.pid, pid):
            wait_until(lambda: state_of(stopped) == "T")
        os.killpg(process.pid, signal.SIGCONT)
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 5)

    def test_program_goes_on_without_acre(self):
        process, pid = self.start_counter(1, "SIGUSR1")
        process.kill()
        process.wait()
        os.kill(pid, signal.SIGUSR1)
        self.assertEqual(process.stdout.read().split("\n")[1], str([(int(signal.SIGUSR1), 1)]))


class Terminal(Case):
    """acre as the foreground job of a terminal of its own."""

    def start(self, expected, *names):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execv(COMMAND, [COMMAND, "run", "-q", "--", PYTHON, "-c", COUNTER, str(expected), *names])
        self.addCleanup(os.close, self.terminal)
        self.seen = ""
        self.read_until("ready")
        wait_until(lambda: "\n" in self.seen or self.read_some())
        return int(self.seen.split()[1])

    def read_some(self):
        try:
            self.seen += os.read(self.terminal, 4096).decode()
        except OSError:
            self.seen += "\n<end>"
        return False

    def read_until(self, text):
        wait_until(lambda: text in self.seen or self.read_some())

    def assert_key_counts_once(self, key, name):
        """acre is held back until the program has had the signal, else a second one might merge with it."""
        self.start(1, name)
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(lambda: state_of(self.pid) == "T")
        os.write(self.terminal, key)
        self.read_until("enough")
        os.kill(self.pid, signal.SIGCONT)
        self.read_until("]")
        self.assertIn(str([(int(getattr(signal, name)), 1)]), self.seen)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), 5)

    def test_interrupt_key_reaches_the_program_once(self):
        self.assert_key_counts_once(b"\x03", "SIGINT")

    def test_quit_key_reaches_the_program_once(self):
        self.assert_key_counts_once(b"\x1c", "SIGQUIT")

    def test_interrupt_key_reaches_a_program_in_a_group_of_its_own(self):
        """As with an editor or a shell that leaves the foreground to acre's group."""
        leave = (
            "import os, sys; os.setpgid(0, 0); "
            "os.execv(sys.executable, [sys.executable, '-c', *sys.argv[1:]])"
        )
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execv(COMMAND, [COMMAND, "run", "-q", "--", PYTHON, "-c", leave, COUNTER, "1", "SIGINT"])
        self.addCleanup(os.close, self.terminal)
        self.seen = ""
        self.read_until("ready")
        os.write(self.terminal, b"\x03")
        self.read_until("]")
        self.assertIn(str([(int(signal.SIGINT), 1)]), self.seen)
        os.waitpid(self.pid, 0)


if __name__ == "__main__":
    main()
