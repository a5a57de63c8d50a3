# SPDX-License-Identifier: MIT
"""What the program finds around it: environment, PATH, folder, process group; odd places of the library."""
import json
import os
import signal
import stat
import subprocess

from acrerun import COMMAND, PRELOAD, PYTHON, Case, acre, main, run

PRINT_STATE = """import os, signal, sys
print(os.getcwd(), os.getpgrp(), os.getsid(0), os.umask(0), os.nice(0), sys.argv)
wanted = ('SigBlk', 'SigIgn', 'SigCgt', 'Groups')
print([line for line in open('/proc/self/status') if line.startswith(wanted)])
import resource
print([resource.getrlimit(r) for r in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE, resource.RLIMIT_STACK)])
"""


def ignore_and_block():
    """As a careless starter leaves signals."""
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])


def environment_of(*words, command=(), **options):
    done = subprocess.run([*command, "env", "-0"], capture_output=True, **options)
    pairs = [entry.split(b"=", 1) for entry in done.stdout.split(b"\0") if entry]
    return {key.decode(): value for key, value in pairs}


class Environment(Case):
    def with_acre(self, *words, **options):
        return environment_of(command=[COMMAND, "run", "-q", *words, "--"], **options)

    def test_only_two_variables_change(self):
        outside = environment_of(env={**os.environ, "ODD": "a=b\n'\"\x01", "EMPTY": ""})
        inside = self.with_acre(env={**os.environ, "ODD": "a=b\n'\"\x01", "EMPTY": ""})
        self.assertEqual(set(inside) - set(outside), {"LD_PRELOAD", "ACRE_CONF"})
        self.assertEqual({key: inside[key] for key in outside}, outside)
        self.assertEqual(inside["LD_PRELOAD"].decode(), os.path.realpath(PRELOAD))
        self.assertRegex(inside["ACRE_CONF"], rb"^state=/proc/\d+/fd/\d+$")

    def test_preloaded_libraries_stay_behind(self):
        with open("/proc/self/maps") as maps:
            other = next(line.split()[-1] for line in maps if "/libc.so" in line)
        self.assertEqual(
            self.with_acre(env={**os.environ, "LD_PRELOAD": other})["LD_PRELOAD"].decode(),
            f"{os.path.realpath(PRELOAD)}:{other}",
        )
        self.assertEqual(
            self.with_acre(env={**os.environ, "LD_PRELOAD": ""})["LD_PRELOAD"].decode(),
            os.path.realpath(PRELOAD),
        )

    def test_options_are_added(self):
        env = {**os.environ, "ACRE_CONF": "decay_ms=5,state=/old/place,,helper=0"}
        self.assertRegex(
            self.with_acre("--conf", "decay_ms=9,shards=2", env=env)["ACRE_CONF"],
            rb"^decay_ms=5,helper=0,decay_ms=9,shards=2,state=/proc/\d+/fd/\d+$",
        )

    def test_acre_under_acre(self):
        inner, outer = self.folder / "inner", self.folder / "outer"
        done = run(
            "--json",
            str(outer),
            "--",
            COMMAND,
            "run",
            "--json",
            str(inner),
            "-q",
            "--",
            "sh",
            "-c",
            "echo $$; exit 5",
        )
        self.assertEqual(done.returncode, 5)
        self.assert_report(done.stderr)
        inner, outer = json.loads(inner.read_text()), json.loads(outer.read_text())
        self.assertEqual(inner["library"]["pid"], int(done.stdout))
        self.assertEqual(outer["library"]["pid"], outer["program"]["pid"])
        self.assertNotEqual(inner["program"]["pid"], outer["program"]["pid"])


class Surroundings(Case):
    def test_process_is_as_without_acre(self):
        def state(*command):
            done = subprocess.run(
                [*command, PYTHON, "-c", PRINT_STATE, "one", ""],
                cwd=self.folder,
                text=True,
                capture_output=True,
                preexec_fn=lambda: (os.umask(0o27), os.nice(3)),
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        self.assertEqual(state(COMMAND, "run", "-q", "--"), state())

    def test_ignored_and_blocked_signals_stay_so(self):
        def signals(*command):
            return subprocess.run(
                [*command, "grep", "^Sig[BI]", "/proc/self/status"],
                preexec_fn=ignore_and_block,
                capture_output=True,
                text=True,
            ).stdout

        self.assertEqual(signals(COMMAND, "run", "-q", "--"), signals())
        self.assertRegex(signals(), "SigIgn:\t0*1.*")

    def test_ignored_sigchld_does_not_lose_the_status(self):
        done = run("-q", "--", "sh", "-c", "exit 8", preexec_fn=ignore_and_block)
        self.assertEqual((done.returncode, done.stderr), (8, ""))

    def test_many_long_arguments_arrive(self):
        words = [f"{i}-" + "y" * 100_000 for i in range(10)]
        self.assertEqual(run("-q", "--", "printf", "%s\n", *words).stdout.splitlines(), words)

    def test_arguments_of_any_bytes_arrive(self):
        odd = [b"", b" ", b"\xff\xfe", b"a\nb", "\u00e9\u4e16".encode()]
        path = self.folder / "json"
        done = acre(b"run", b"--json", os.fsencode(path), b"--", b"printf", b"<%s>", *odd)
        self.assertEqual(done.stdout, b"<" + b"><".join(odd) + b">")
        self.assert_report(done.stderr.decode(errors="replace"))
        self.assertEqual(json.loads(path.read_text())["program"]["argv"][2:5], ["", " ", "??"])


class Lookup(Case):
    def setUp(self):
        super().setUp()
        self.file("bin/tool", "#!/bin/sh\necho from-bin $0\n")
        self.file("tool", "#!/bin/sh\necho from-here $0\n")

    def look_up(self, path, program="tool"):
        env = {key: value for key, value in os.environ.items() if key != "PATH"}
        if path is not None:
            env["PATH"] = path
        done = run("-q", "--", program, env=env, cwd=self.folder)
        return done.stdout or done.stderr

    def test_path_is_searched_in_order(self):
        self.assertIn("from-bin", self.look_up(f"/no/such:{self.folder}/bin:{self.folder}"))
        self.assertIn("from-here", self.look_up(f"{self.folder}:{self.folder}/bin"))

    def test_files_that_cannot_run_are_passed_over(self):
        self.file("first/tool", "", mode=0o644)
        (self.folder / "second/tool").mkdir(parents=True)
        self.assertIn("from-bin", self.look_up(f"{self.folder}/first:{self.folder}/second:{self.folder}/bin"))

    def test_empty_entries_are_the_current_folder(self):
        for path in ("", ":", "/no/such:", ":/no/such", "/no::/such"):
            self.assertIn("from-here", self.look_up(path), repr(path))
        self.assertIn("from-bin", self.look_up("bin"))

    def test_no_path_at_all(self):
        self.assertEqual(run("-q", "--", "sh", "-c", "echo found", env={}).stdout, "found\n")
        self.assertIn("not found in PATH (not set)", self.look_up(None))

    def test_relative_paths(self):
        self.assertIn("from-bin ./bin/tool", self.look_up("", "./bin/tool"))
        self.assertIn("from-bin bin/tool", self.look_up("", "bin/tool"))

    def test_name_is_handed_on_as_written(self):
        done = run("-q", "--", "sh", "-c", "cat /proc/$$/cmdline | tr '\\0' ' '")
        self.assertTrue(done.stdout.startswith("sh -c "), done.stdout)


class OddPlaces(Case):
    def use(self, folder, **options):
        """The command and the library in a folder of that name; returns the LD_PRELOAD of the program."""
        command = self.copy(COMMAND, f"{folder}/acre")
        library = self.copy(PRELOAD, f"{folder}/libacre-preload.so")
        done = run("--", "printenv", "LD_PRELOAD", command=command, **options)
        self.assert_report(done.stderr)
        self.assertIn("served by acre", done.stderr)
        loaded = done.stdout.strip()
        self.assertEqual(os.path.realpath(loaded), os.path.realpath(library))
        return loaded

    def test_plain_folder_is_used_as_it_is(self):
        self.assertEqual(self.use("plain"), os.path.realpath(self.folder / "plain/libacre-preload.so"))

    def test_spaces_colons_and_dollars(self):
        env = {**os.environ, "XDG_RUNTIME_DIR": str(self.folder)}
        links = {self.use(name, env=env) for name in ("with space", "with:colon", "with$LIB", "with space")}
        self.assertEqual(len(links), 3, "one link for each place, used again")
        folder = self.folder / f"acre-{os.geteuid()}"
        self.assertEqual({os.path.dirname(link) for link in links}, {str(folder)})
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode) & 0o22, 0)

    def test_a_folder_others_can_write_to_is_not_trusted(self):
        bad, good = self.folder / "bad", self.folder / "good"
        (bad / f"acre-{os.geteuid()}").mkdir(parents=True)
        os.chmod(bad / f"acre-{os.geteuid()}", 0o777)
        good.mkdir()
        env = {**os.environ, "XDG_RUNTIME_DIR": str(bad), "TMPDIR": str(good)}
        self.assertTrue(self.use("with space", env=env).startswith(str(good)))

    def test_installed_beside_the_lib_folder(self):
        machine = os.uname().machine
        for folder in ("lib", "lib64", f"lib/{machine}-linux-gnu"):
            library = self.copy(PRELOAD, f"{folder}/libacre-preload.so")
            done = run("-q", "--", "sh", "-c", "echo $LD_PRELOAD", command=self.copy(COMMAND, "bin/acre"))
            self.assertEqual(done.stdout.strip(), os.path.realpath(library))
            os.unlink(library)

    def test_called_through_a_link(self):
        link = self.folder / "link"
        link.symlink_to(COMMAND)
        done = run("-q", "--", "sh", "-c", "echo $LD_PRELOAD", command=str(link))
        self.assertEqual(done.stdout.strip(), os.path.realpath(PRELOAD))


if __name__ == "__main__":
    main()
