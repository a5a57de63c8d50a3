# SPDX-License-Identifier: MIT
"""The exit status of `acre run` is the program's; its own are 2, 125, 126 and 127."""
import signal

from acrerun import Case, acre, main, run


class ProgramStatus(Case):
    def test_exit_status_passes(self):
        for status in (0, 1, 2, 7, 125, 126, 127, 128, 255):
            done = run("-q", "--", "sh", "-c", f"exit {status}")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (status, "", ""))

    def test_signal_gives_128_and_its_number(self):
        for number in (
            signal.SIGKILL,
            signal.SIGTERM,
            signal.SIGSEGV,
            signal.SIGABRT,
            signal.SIGPIPE,
            signal.SIGUSR1,
        ):
            done = run("-q", "--", "sh", "-c", f"kill -{int(number)} $$")
            self.assertEqual(done.returncode, 128 + number)

    def test_report_names_the_end(self):
        self.assertIn(": exit 7;", run("--", "sh", "-c", "exit 7").stderr.splitlines()[0])
        self.assertIn("killed by signal 15 (Terminated)", run("--", "sh", "-c", "kill -15 $$").stderr)


class CommandLine(Case):
    def test_separator_may_be_left_out(self):
        self.assertEqual(run("-q", "sh", "-c", "exit 9").returncode, 9)

    def test_options_after_the_program_are_its_own(self):
        done = run("-q", "echo", "-q", "--json", "--", "-o")
        self.assertEqual((done.returncode, done.stdout), (0, "-q --json -- -o\n"))

    def test_wrong_usage_is_2_and_runs_nothing(self):
        mark = self.folder / "ran"
        program = ("touch", str(mark))
        for words, expected in (
            ((), "which program?"),
            (("--",), "which program?"),
            (("--jsn", "f", "--", *program), "did you mean --json?"),
            (("--quiett", "--", *program), "did you mean --quiet?"),
            (("--quiet=yes", "--", *program), "takes no value"),
            (("-x", "--", *program), "unknown option -x"),
            (("-o",), "needs a value"),
            (("--conf", "decay_m=3", "--", *program), "did you mean 'decay_ms'?"),
            (("--conf", "decay_ms=soon", "--", *program), "decay_ms takes a number of milliseconds"),
            (("--conf", "shards=999", "--", *program), "shards takes 0 to 253"),
            (("--conf", "helper", "--", *program), "helper takes 0 or 1"),
        ):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assert_message(done.stderr, expected)
        self.assertFalse(mark.exists())

    def test_unwritable_report_files_are_found_out_before(self):
        mark = self.folder / "ran"
        for option in ("-o", "--json"):
            done = run(option, str(self.folder / "no/such/folder"), "--", "touch", str(mark))
            self.assertEqual(done.returncode, 125)
            self.assert_message(done.stderr, option, "No such file or directory", "not started")
        self.assertFalse(mark.exists())

    def test_help_of_run(self):
        self.assertIn("usage: acre run", run("--help").stdout)
        self.assertEqual(acre("help", "run").stdout, acre("run", "--help").stdout)


if __name__ == "__main__":
    main()
