# SPDX-License-Identifier: MIT
"""The program's streams and descriptors are its own: byte for byte, and none more or less."""
import json
import os
import random
import subprocess

from acrerun import COMMAND, PYTHON, Case, acre, main, run

LIST_DESCRIPTORS = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd')))"


class Streams(Case):
    def test_stdin_and_stdout_pass_unchanged(self):
        data = random.Random(1).randbytes(5_000_000)
        done = acre("run", "-q", "--", "cat", input=data, stdin=None)
        self.assertEqual((done.returncode, done.stdout == data, done.stderr), (0, True, b""))

    def test_streams_stay_apart(self):
        done = run("-q", "--", "sh", "-c", "echo out; echo err >&2; echo out2")
        self.assertEqual((done.stdout, done.stderr), ("out\nout2\n", "err\n"))

    def test_report_comes_after_on_stderr_only(self):
        done = run("--", "sh", "-c", "echo out; echo err >&2")
        self.assertEqual(done.stdout, "out\n")
        self.assertTrue(done.stderr.startswith("err\n"))
        self.assert_report(done.stderr.removeprefix("err\n"))

    def test_report_to_a_file(self):
        path = self.folder / "report"
        done = run("-o", str(path), "--", "sh", "-c", "echo err >&2")
        self.assertEqual((done.stdout, done.stderr), ("", "err\n"))
        self.assert_report(path.read_text())

    def test_nothing_read_from_stdin(self):
        done = acre("run", "-q", "--", "sh", "-c", "read line; cat", input=b"first\nsecond\n", stdin=None)
        self.assertEqual(done.stdout, b"second\n")

    def test_full_report_file_costs_nothing_but_a_message(self):
        done = run("-o", "/dev/full", "--json", "/dev/full", "--", "sh", "-c", "exit 3")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(
            len([line for line in done.stderr.splitlines() if "could not write all of /dev/full" in line]), 2
        )

    def test_reader_of_stderr_that_left_costs_nothing(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = run("--", "sh", "-c", "exit 4", stdout=subprocess.PIPE, stderr=writer)
        os.close(writer)
        self.assertEqual(done.returncode, 4)


class Descriptors(Case):
    """A program on acre has one descriptor more, far above its own: its state segment's."""

    SEGMENT = "100"

    def listed(self, *command, **options):
        done = subprocess.run(
            [*command, PYTHON, "-c", LIST_DESCRIPTORS], text=True, capture_output=True, **options
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_one_descriptor_more(self):
        plain = self.listed().replace("]", ", %s]" % self.SEGMENT)
        self.assertEqual(self.listed(COMMAND, "run", "-q", "--"), plain)
        self.assertEqual(
            self.listed(COMMAND, "run", "-q", "-o", "/dev/null", "--json", "/dev/null", "--"), plain
        )

    def test_inherited_descriptors_arrive(self):
        reader, writer = os.pipe()
        self.assertEqual(
            self.listed(COMMAND, "run", "-q", "--", pass_fds=[reader]),
            self.listed(pass_fds=[reader]).replace("]", ", %s]" % self.SEGMENT),
        )
        os.close(reader)
        os.close(writer)

    def test_closed_streams_stay_closed(self):
        for closed in ("<&-", ">&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"):
            report = self.folder / "report"
            listing = "ls /proc/self/fd >&9; exit 6"
            with open(self.folder / "with", "wb") as out:
                command = f"exec 9>&1; {COMMAND} run -o {report} -- sh -c '{listing}' {closed}"
                self.assertEqual(
                    subprocess.run(["sh", "-c", command], stdout=out, stdin=subprocess.DEVNULL).returncode, 6
                )
            with open(self.folder / "without", "wb") as out:
                command = f"exec 9>&1; sh -c '{listing}' {closed}"
                self.assertEqual(
                    subprocess.run(["sh", "-c", command], stdout=out, stdin=subprocess.DEVNULL).returncode, 6
                )
            descriptors = (self.folder / "with").read_text().split()
            self.assertIn(self.SEGMENT, descriptors)
            descriptors.remove(self.SEGMENT)
            self.assertEqual(descriptors, (self.folder / "without").read_text().split(), closed)
            self.assert_report(report.read_text())

    def test_report_files_do_not_take_the_place_of_closed_streams(self):
        path = self.folder / "report.json"
        for closed in ("2>&-", "<&- >&- 2>&-"):
            subprocess.run(["sh", "-c", f"{COMMAND} run --json {path} -- sh -c 'echo err >&2' {closed}"])
            self.assertEqual(json.loads(path.read_text())["schema"], "acre.run/1", closed)


if __name__ == "__main__":
    main()
