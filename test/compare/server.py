# SPDX-License-Identifier: MIT
"""`acre compare` of a server: started, awaited, driven, and ended by SIGTERM."""
from comparing import Case, Comparison, compare, main

SERVER = """
trap 'echo ended >>{0}/log; exit 0' TERM
sleep 0.2
echo "ready $LD_PRELOAD" >>{0}/log
touch {0}/ready
while :; do sleep 0.05; done
"""


class Server(Case):
    def setUp(self):
        super().setUp()
        self.server = ["--", "sh", "-c", SERVER.format(self.folder)]
        self.until = f"test -e {self.folder}/ready"

    def log(self):
        return (self.folder / "log").read_text().split("\n")

    def test_until_load_and_end(self):
        load = f'sleep 0.3; echo "load $LD_PRELOAD" >>{self.folder}/log; rm {self.folder}/ready'
        found = Comparison(
            "-n", "2", "--allocators", "glibc,acre", "--until", self.until, "--load", load, *self.server
        )
        self.assertEqual((found.done.returncode, found.notes), (0, []))
        lines = self.log()
        self.assertEqual([line.split()[0] for line in lines if line], ["ready", "load", "ended"] * 6)
        self.assertEqual(sum("libacre" in line for line in lines if line.startswith("ready")), 3)
        self.assertFalse([line for line in lines if line.startswith("load") and "libacre" in line])
        for column in found.columns.values():
            for run in column["runs"]:
                self.assertGreaterEqual(run["load_s"], 0.3)
                self.assertGreaterEqual(run["wall_s"], 0.5)
        self.assertIn("load_s", found.columns["acre"]["against_base"])

    def test_load_that_fails(self):
        done = compare(
            "-n", "1", "--allocators", "glibc,acre", "--load", "echo refused >&2; exit 4", *self.server
        )
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("acre is left out: --load ended with status 4; its last words: refused", done.stderr)

    def test_a_server_that_ends_early(self):
        for options, expected in (
            (["--until", "false"], "the server ended with status 5 before it was ready"),
            (["--load", "sleep 100"], "the server ended with status 5 before its load was done"),
        ):
            done = compare("-n", "1", "--allocators", "glibc,acre", *options, "--", "sh", "-c", "exit 5")
            self.assertEqual(done.returncode, 3)
            self.assertIn(expected, done.stderr)

    def test_one_that_goes_into_the_background(self):
        found = Comparison(
            "-n",
            "1",
            "--allocators",
            "glibc,acre",
            "--until",
            self.until,
            "--load",
            f"sleep 0.2; rm {self.folder}/ready",
            "--",
            "sh",
            "-c",
            f"({SERVER.format(self.folder)}) & exit 0",
        )
        self.assertEqual((found.done.returncode, found.notes), (0, []))
        self.assertEqual([line.split()[0] for line in self.log() if line], ["ready", "ended"] * 4)
        self.assertGreaterEqual(found.values("acre", "wall_s")[0], 0.4)


if __name__ == "__main__":
    main()
