# SPDX-License-Identifier: MIT
"""`acre compare` measures what a program of known cost costs, and concludes what the figures allow."""
import json
import shutil
import statistics

from acrerun import PRELOAD
from comparing import WASTEFUL, WORK, Case, Comparison, compare, main

MIB = 1 << 20


class Measured(Case):
    def test_one_process_of_known_cost(self):
        found = Comparison("-n", "3", "--allocators", "glibc,acre", "--", WORK, "0", "64", "300", "60")
        self.assertEqual((found.done.returncode, found.data["rounds"], found.data["output"]), (0, 3, "same"))
        for name in ("glibc", "acre"):
            for run in found.columns[name]["runs"]:
                self.assertGreaterEqual(run["wall_s"], 0.3)
                self.assertGreater(run["peak_bytes"], 64 * MIB)
                self.assertLess(run["peak_bytes"], 70 * MIB)
                self.assertLess(run["sum_peak_bytes"], 70 * MIB)
                self.assertGreater(run["rss_byte_s"], 64 * MIB * 0.28)
                self.assertLess(run["rss_byte_s"], 70 * MIB * run["wall_s"])
                self.assertGreaterEqual(run["switches"], 60)
                self.assertLess(run["user_s"] + run["system_s"], run["wall_s"])
                self.assertAlmostEqual(run["user_s"] + run["system_s"], run["cpu_s"])
                self.assertGreater(run["faults"], 40)

    def test_the_biggest_process_and_all_together(self):
        found = Comparison("-n", "2", "--allocators", "glibc,acre", "--", WORK, "3", "32", "300")
        for name in ("glibc", "acre"):
            for run in found.columns[name]["runs"]:
                self.assertLess(run["peak_bytes"], 38 * MIB)
                self.assertGreater(run["sum_peak_bytes"], 3 * 32 * MIB)
                self.assertGreater(run["rss_byte_s"], 3 * 32 * MIB * 0.25)


def against_waste(rounds, mib):
    """The words of a comparison of libc with an allocator that takes twice the memory."""
    return (
        *("-n", str(rounds), "--with", f"waste={WASTEFUL}", "--allocators", "glibc,waste"),
        *("--", WORK, "0", str(mib), "1"),
    )


class Concluded(Case):
    def test_a_copy_is_no_different(self):
        twin = self.copy(PRELOAD, "twin of acre.so")
        found = Comparison(
            "-n", "8", "--with", f"twin={twin}", "--allocators", "acre,twin", "--", WORK, "0", "24", "1"
        )
        self.assertEqual(found.done.returncode, 0)
        self.assertEqual(found.columns["twin"]["bindings"]["elsewhere"], 0)
        self.assertGreater(found.columns["twin"]["bindings"]["to_it"], 0)
        self.assertEqual(found.verdict("twin", "peak_bytes"), "no significant difference")

    def test_a_worse_one_is_called_worse(self):
        found = Comparison(*against_waste(8, 48))
        for metric in ("cpu_s", "peak_bytes", "sum_peak_bytes"):
            ratio = found.columns["waste"]["against_base"][metric]
            self.assertEqual(ratio["verdict"], "more", (metric, ratio))
            self.assertGreater(ratio["low"], 1)
        for metric, ratio in found.columns["waste"]["against_base"].items():
            if ratio["verdict"] == "not comparable":
                continue
            self.assertLessEqual(ratio["low"], ratio["ratio"])
            self.assertLessEqual(ratio["ratio"], ratio["high"])
            pairs = zip(found.values("waste", metric), found.values("glibc", metric))
            ratios = [ours / theirs for ours, theirs in pairs]
            self.assertAlmostEqual(ratio["ratio"], statistics.median(ratios))
            self.assertGreaterEqual(ratio["low"], min(ratios))
            self.assertLessEqual(ratio["high"], max(ratios))
            self.assertAlmostEqual(
                found.columns["waste"]["median"][metric], statistics.median(found.values("waste", metric))
            )
        self.assertAlmostEqual(found.columns["waste"]["against_base"]["peak_bytes"]["ratio"], 2, delta=0.1)

    def test_words_of_any_bytes(self):
        words = ("--json", "-n", "1", "--allocators", "glibc", "--", "/bin/echo", b"a\xffb")
        self.assertEqual(json.loads(compare(*words).stdout)["argv"], ["/bin/echo", "a?b"])

    def test_few_runs_tell_nothing(self):
        found = Comparison(*against_waste(3, 48))
        self.assertEqual(found.verdict("waste", "peak_bytes"), "too few runs to tell")

    def test_the_tables(self):
        done = compare(*against_waste(6, 32))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^median +wall s +user s +system s +peak MiB")
        self.assertRegex(done.stdout, r"(?m)^glibc +0\.\d\d\d +0\.\d\d\d +0\.\d\d\d +\d\d\.\d ")
        self.assertRegex(done.stdout, r"(?m)^waste .* 2\.\d\d \(\d\.\d\d to \d\.\d\d\) \+ ")
        self.assertRegex(done.stdout, r"(?m)^peak memory: glibc has the least, 3\d\.\d MiB$")
        self.assertNotIn("load s", done.stdout)


class Allocators(Case):
    def test_list(self):
        text = compare("--list").stdout
        for name in (
            "glibc",
            "glibc-2arenas",
            "jemalloc",
            "mimalloc",
            "tcmalloc",
            "tbbmalloc",
            "scudo",
            "acre",
        ):
            self.assertRegex(text, rf"(?m)^{name} +\S")

    def test_all_that_are_found_are_tried(self):
        found = Comparison("-n", "1", "--", WORK, "0", "8", "1")
        listed = [
            line.split()[0] for line in compare("--list").stdout.splitlines() if "not found" not in line
        ]
        self.assertEqual(list(found.columns), listed)
        self.assertEqual((found.done.returncode, found.notes), (0, []))
        for column in found.columns.values():
            self.assertFalse(column["left_out"])
            self.assertGreater(column["bindings"]["to_it"], 0)
        self.assertEqual(found.columns["glibc-2arenas"]["variable"], "MALLOC_ARENA_MAX=2")

    def test_the_variable_of_two_arenas(self):
        found = Comparison(
            "-n", "1", "--allocators", "glibc,glibc-2arenas", "--", "sh", "-c", "echo $MALLOC_ARENA_MAX"
        )
        self.assertEqual((found.done.returncode, found.data["output"]), (1, "differs"))

    def test_an_environment_for_one(self):
        """Also for a library that is there already, with commas in the values."""
        found = Comparison(
            "-n", "1", "--with", "set=glibc,TEST_A=1=2,b=3,TEST_B=,MALLOC_ARENA_MAX=1", "--allocators", "glibc,set",
            "--", "sh", "-c", "echo $TEST_A-$TEST_B-$MALLOC_ARENA_MAX >&2; test -z $TEST_A"
        )
        self.assertIn("set is left out: the program ended with status 1 instead of 0 and said: 1=2,b=3--1",
                      found.notes)
        self.assertEqual(found.data["allocators"][1]["variable"], "TEST_A=1=2,b=3,TEST_B=,MALLOC_ARENA_MAX=1")

    def test_wrong_words(self):
        program = ["--", shutil.which("true")]
        for words, expected in (
            (
                ["--allocators", "glibc,dlmalloc", *program],
                "there is no allocator 'dlmalloc' here; found are glibc,",
            ),
            (["--with", "x", *program], "give it as NAME=PATH"),
            (["--with", "x=/nowhere.so", *program], "No such file"),
            (["--with", "x=/etc/passwd", *program], "not a library"),
            (["--with", "x=acre,LD_PRELOAD=/x", *program], "LD_PRELOAD=/x is what acre compare itself sets"),
            (["-n", "0", *program], "a number of runs, 1 to 1000"),
            (["-n", "many", *program], "a number of runs"),
            ([], "which program?"),
            (["--rouds", "3", *program], "did you mean --rounds?"),
        ):
            done = compare(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assert_message(done.stderr, expected)


if __name__ == "__main__":
    main()
