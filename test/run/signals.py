# SPDX-License-Identifier: MIT
"""Signals: the terminal's reach the program once, those sent to acre are passed on, and acre outlives them all."""
import os
import pty
import signal
import subprocess
import time

from acrerun import COMMAND, PYTHON, Case, main

# Counts the deliveries of each signal until there are enough, and a little longer.
COUNTER = """import os, signal, sys, time
counts = {}
def count(number, frame):
    counts[number] = counts.get(number, 0) + 1
for name in sys.argv[2:]:
    signal.signal(getattr(signal, name), count)
print('ready', os.getpid(), flush=True)
deadline = time.monotonic() + 20
while sum(counts.values()) < int(sys.argv[1]) and time.monotonic() < deadline:
    time.sleep(0.01)
time.sleep(0.3)
print(sorted((int(n), c) for n, c in counts.items()), flush=True)
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
        self.assertEqual(output.strip(), str(sorted((int(getattr(signal, name)), 1) for name in names)))
        self.assertEqual(process.returncode, 5)

    def test_real_time_signals_are_passed_on(self):
        number = signal.SIGRTMIN + 3
        process, _ = self.start_counter(1, "SIGRTMIN")
        process.send_signal(signal.SIGRTMIN)
        self.assertEqual(process.communicate(timeout=30)[0].strip(), str([(int(signal.SIGRTMIN), 1)]))
        process = self.start("sleep", "30", stdout=None)
        time.sleep(0.3)
        process.send_signal(number)
        self.assertEqual(process.wait(timeout=30), 128 + number)

    def test_deadly_signal_ends_both_with_its_status(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            process = self.start("sh", "-c", "echo ready; exec sleep 30")
            process.stdout.readline()
            process.send_signal(number)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, 128 + number)

    def test_ignored_hangup_stays_ignored(self):
        process = subprocess.Popen(["nohup", COMMAND, "run", "-q", "--", "sh", "-c", "echo ready; sleep 1; exit 3"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
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
        self.assertEqual(process.communicate(timeout=30)[0].strip(), str([(int(signal.SIGUSR1), 1)]))

    def test_program_goes_on_without_acre(self):
        process, pid = self.start_counter(1, "SIGUSR1")
        process.kill()
        process.wait()
        os.kill(pid, signal.SIGUSR1)
        self.assertEqual(process.stdout.read().strip(), str([(int(signal.SIGUSR1), 1)]))


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

    def test_interrupt_key_reaches_the_program_once(self):
        self.start(1, "SIGINT")
        os.write(self.terminal, b"\x03")
        self.read_until("]")
        self.assertIn(str([(int(signal.SIGINT), 1)]), self.seen)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), 5)

    def test_quit_key_reaches_the_program_once(self):
        self.start(1, "SIGQUIT")
        os.write(self.terminal, b"\x1c")
        self.read_until("]")
        self.assertIn(str([(int(signal.SIGQUIT), 1)]), self.seen)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), 5)

    def test_interrupt_key_reaches_a_program_in_a_group_of_its_own(self):
        """As with an editor or a shell that leaves the foreground to acre's group."""
        leave = "import os, sys; os.setpgid(0, 0); os.execv(sys.executable, [sys.executable, '-c', *sys.argv[1:]])"
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

    def test_stop_signals_keep_their_effect_on_acre(self):
        """A shell waits for acre to stop with the program; a blocked SIGTSTP would leave it waiting."""
        self.start(1, "SIGINT")
        with open(f"/proc/{self.pid}/status") as file:
            masks = dict(line.split() for line in file if line.startswith(("SigBlk", "SigIgn", "SigCgt")))
        for name in ("SigBlk:", "SigIgn:", "SigCgt:"):
            for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
                self.assertFalse(int(masks[name], 16) >> (number - 1) & 1, f"{number} in {name}")
        os.write(self.terminal, b"\x03")
        self.read_until("]")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), 5)


if __name__ == "__main__":
    main()
