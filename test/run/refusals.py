# SPDX-License-Identifier: MIT
"""What cannot run, or not on acre: one line that says what, why and what to do, and 125, 126 or 127."""
import os
import random
import resource
import shutil
import struct
import subprocess
import unittest

from acrerun import (
    BIN,
    COMMAND,
    EM_386,
    EM_AARCH64,
    EM_X86_64,
    ET_DYN,
    PRELOAD,
    Case,
    elf,
    main,
    own_machine,
    run,
)

NOBODY = 65534
PT_DYNAMIC = 2


def limit_stack():
    """A quarter of it is the room for arguments and environment."""
    resource.setrlimit(resource.RLIMIT_STACK, (6_400_000, resource.RLIM_INFINITY))


class NotFound(Case):
    def refuse(self, status, program, *words, **options):
        done = run("--", program, **options)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assert_message(done.stderr, *words)

    def test_no_such_name(self):
        self.refuse(127, "no-such-program-here", "not found in PATH (", "check the spelling")

    def test_no_such_path(self):
        self.refuse(127, str(self.folder / "missing"), "No such file or directory")
        self.refuse(127, "/bin/sh/below", "Not a directory")
        self.refuse(127, "", "not found in PATH")

    def test_path_far_too_long(self):
        self.refuse(127, "/" + "x" * 5000, "longer than")
        self.refuse(126, "/" + "x" * 300, "File name too long")

    def test_script_without_its_interpreter(self):
        script = self.file("script", "#!/no/such/interpreter -x\n")
        self.refuse(127, script, script, "'/no/such/interpreter'", "does not exist", "first line")

    def test_script_with_carriage_returns(self):
        self.refuse(
            127, self.file("script", "#!/bin/sh\r\necho hello\r\n"), "'/bin/sh\\r'", "carriage returns"
        )

    def test_program_without_its_loader(self):
        program = self.file("program", elf(own_machine(), loader="/no/such/ld-linux.so.2"))
        self.refuse(127, program, "/no/such/ld-linux.so.2", "does not exist")

    def test_not_executable(self):
        self.refuse(126, self.file("text", "echo hello\n", mode=0o644), "not executable", "chmod +x")
        self.refuse(126, str(self.folder), "is a folder")
        self.refuse(126, "/dev/null", "not a regular file")
        self.file("bin/tool", "", mode=0o644)
        self.refuse(126, "tool", "not an executable file", env={"PATH": str(self.folder / "bin")})

    def test_of_no_format(self):
        self.refuse(126, self.file("text", "echo hello\n"), "neither an ELF program nor a script", "sh ")
        self.refuse(126, self.file("empty", ""), "neither an ELF program nor a script")
        self.refuse(126, self.file("cut", b"\x7fELF"), "neither an ELF program nor a script")

    def test_script_of_itself(self):
        script = self.folder / "loop"
        self.file("loop", f"#!{script}\n")
        self.refuse(126, str(script), "too many other scripts")

    def test_script_of_something_not_executable(self):
        text = self.file("text", "hello\n", mode=0o644)
        self.refuse(126, self.file("script", f"#!{text}\n"), text, "not executable")

    def test_arguments_too_long(self):
        """The most that acre itself can be started with is too much with LD_PRELOAD added."""
        library = self.copy(PRELOAD, f"{'l' * 200}/libacre-preload.so")
        env = {**os.environ, "ACRE_PRELOAD": library}

        def start(nbytes):
            words = ["x" * 100_000] * 15 + ["y" * nbytes]
            return run("--", "true", *words, env=env, preexec_fn=limit_stack)

        fits, fails = 0, 131_000
        while (size := (fits + fails) // 2) != fits:
            try:
                start(size)
                fits = size
            except OSError:
                fails = size
        done = start(fits)
        self.assertEqual(done.returncode, 126)
        self.assert_message(done.stderr, "too long", "ulimit -s")


class NotOnAcre(Case):
    def refuse(self, program, *words):
        done = run("--", program)
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        self.assert_message(done.stderr, *words)

    def test_static(self):
        for name in ("run-static", "run-static-pie"):
            program = str(BIN / name)
            self.assertEqual(subprocess.run([program], capture_output=True).stdout, b"hello\n")
            self.refuse(program, program, "statically linked", "libacre.a")

    def test_script_of_a_static_interpreter(self):
        self.refuse(
            self.file("script", f"#!{BIN}/run-static\n"), str(BIN / "run-static"), "statically linked"
        )

    def test_script_through_env(self):
        self.copy(BIN / "run-static", "bin/tool")
        env = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        for line in ("#!/usr/bin/env tool", "#! /usr/bin/env -S tool -x", "#!/usr/bin/env -S A=1 tool"):
            done = run("--", self.file("script", line + "\n"), env=env)
            self.assertEqual(done.returncode, 125, line)
            self.assert_message(done.stderr, "bin/tool", "statically linked")

    def test_env_that_finds_nothing_says_so_itself(self):
        done = run("-q", "--", self.file("script", "#!/usr/bin/env no-such-tool\n"))
        self.assertEqual(done.returncode, 127)
        self.assertTrue(done.stderr.startswith("/usr/bin/env: "), done.stderr)

    def test_another_machine(self):
        other = EM_AARCH64 if own_machine() == EM_X86_64 else EM_X86_64
        self.refuse(
            self.file("other", elf(other)), "aarch64" if other == EM_AARCH64 else "x86-64", "build acre for"
        )
        self.refuse(self.file("narrow", elf(EM_386, bits=32)), "32-bit x86", "build acre for")
        self.refuse(self.file("x32", elf(EM_X86_64, bits=32)), "32-bit pointers")

    def test_32_bit_from_the_compiler(self):
        source = self.file("hello.c", "int main(void) { return 0; }\n")
        program = str(self.folder / "hello")
        if subprocess.run(["gcc", "-m32", source, "-o", program], capture_output=True).returncode != 0:
            self.skipTest("the compiler has no 32-bit libraries")
        self.refuse(program, "32-bit", "build acre for")

    def test_another_libc(self):
        loader = self.file("ld-musl-this.so.1", elf(own_machine(), kind=ET_DYN))
        self.refuse(self.file("musl", elf(own_machine(), loader=loader)), loader, "another C library")

    def test_musl_from_the_compiler(self):
        source = self.file("hello.c", "int main(void) { return 0; }\n")
        program = str(self.folder / "hello")
        if (
            not shutil.which("musl-gcc")
            or subprocess.run(["musl-gcc", source, "-o", program]).returncode != 0
        ):
            self.skipTest("no musl-gcc")
        self.refuse(program, "ld-musl", "another C library")

    def test_sanitizer(self):
        source = self.file("hello.c", "int main(void) { return 0; }\n")
        program = str(self.folder / "hello")
        built = subprocess.run(["gcc", "-fsanitize=address", source, "-o", program], capture_output=True)
        if built.returncode != 0:
            self.skipTest("the compiler has no sanitizer")
        self.refuse(program, "libasan", "must serve malloc itself")

    def test_a_loader_may_be_run_by_hand(self):
        with open("/bin/true", "rb") as file:
            loader = file.read(4096).split(b"/ld-")[1].split(b"\0")[0].decode()
        path = next(
            f"{folder}/ld-{loader}"
            for folder in ("/lib64", "/lib")
            if os.path.exists(f"{folder}/ld-{loader}")
        )
        done = run("-q", "--", path, "/bin/echo", "hello")
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)


@unittest.skipUnless(os.getuid() == 0, "needs root to change owners")
class Privileges(Case):
    def setUp(self):
        """The build may lie where another user cannot go."""
        super().setUp()
        self.command = self.copy(COMMAND)
        self.copy(PRELOAD)

    def as_nobody(self, *words):
        return run(*words, command=self.command, user=NOBODY, group=NOBODY, extra_groups=[])

    def refuse(self, program, *words):
        done = self.as_nobody("--", program)
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        self.assert_message(done.stderr, *words)

    def test_set_user_id(self):
        program = self.copy("/bin/true", mode=0o4755)
        self.refuse(program, program, "set-user-ID", "privileges")
        self.assertEqual(run("-q", "--", program).returncode, 0, "for its owner nothing is gained")

    def test_set_user_id_to_another(self):
        program = self.copy("/bin/true")
        os.chown(program, NOBODY, NOBODY)
        os.chmod(program, 0o4755)
        self.assertIn("set-user-ID", run("--", program).stderr)

    def test_set_group_id(self):
        self.refuse(self.copy("/bin/true", mode=0o2755), "set-group-ID")
        done = self.as_nobody("-q", "--", self.copy("/bin/true", "locked", mode=0o2745))
        self.assertEqual(done.returncode, 0, "without group execution the bit means something else")

    def test_script_of_a_set_user_id_interpreter(self):
        interpreter = self.copy("/bin/true", mode=0o4755)
        self.refuse(self.file("script", f"#!{interpreter}\n"), interpreter, "set-user-ID")

    def test_set_user_id_on_a_script_means_nothing(self):
        self.assertEqual(
            self.as_nobody("-q", "--", self.file("script", "#!/bin/true\n", mode=0o4755)).returncode, 0
        )

    def test_file_capabilities(self):
        program = self.copy("/bin/true")
        if (
            not shutil.which("setcap")
            or subprocess.run(["setcap", "cap_net_raw+ep", program]).returncode != 0
        ):
            self.skipTest("no file capabilities here")
        self.refuse(program, "file capabilities")
        self.assertEqual(run("-q", "--", program).returncode, 0, "root gains nothing")

    def test_no_new_privileges(self):
        program = self.copy("/bin/true", mode=0o4755)
        if not shutil.which("setpriv"):
            self.skipTest("no setpriv")
        command = ["setpriv", "--no-new-privs", f"--reuid={NOBODY}", "--clear-groups", self.command]
        done = subprocess.run([*command, "run", "-q", "--", program], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_unreadable_program_runs(self):
        program = self.copy("/bin/true", mode=0o711)
        self.assertEqual(self.as_nobody("-q", "--", program).returncode, 0)


class Library(Case):
    def refuse(self, words, *expected, **options):
        done = run(*words, "--", "true", **options)
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        self.assert_message(done.stderr, *expected)

    def test_missing(self):
        self.refuse(["--lib", "/no/such/lib.so"], "/no/such/lib.so", "--lib", "No such file")
        self.refuse(
            [], "/no/such/lib.so", "ACRE_PRELOAD", env={**os.environ, "ACRE_PRELOAD": "/no/such/lib.so"}
        )
        self.refuse([], "there is no library at", "make", command=self.copy(COMMAND))

    def test_not_a_library(self):
        self.refuse(["--lib", self.file("text", "hello\n")], "not a shared library")
        self.refuse(["--lib", str(self.folder)], "--lib")

    def test_of_another_machine(self):
        other = EM_AARCH64 if own_machine() == EM_X86_64 else EM_X86_64
        self.refuse(["--lib", self.file("lib.so", elf(other, kind=ET_DYN))], "build acre for that machine")

    def test_damaged_files_are_read_to_an_end(self):
        """ELF files with wrong numbers in their headers; the seed makes a failure come back."""
        with open("/bin/true", "rb") as file:
            sound = file.read()
        chance = random.Random(1)
        for _ in range(200):
            damaged = bytearray(sound[: chance.choice([len(sound), chance.randrange(600)])])
            for _ in range(chance.randrange(1, 12) if damaged else 0):
                place = chance.randrange(min(len(damaged), chance.choice([64, 900, len(damaged)])))
                damaged[place] = chance.choice([0, 255, chance.randrange(256)])
            done = run("--lib", self.file("lib.so", bytes(damaged)), "--", "/no/such/program", timeout=10)
            self.assertIn(done.returncode, (125, 127))
            self.assert_message(done.stderr)

    def test_dynamic_section_without_end(self):
        with open("/bin/true", "rb") as file:
            damaged = bytearray(file.read())
        at, size, count = (
            struct.unpack_from(kind, damaged, place)[0]
            for kind, place in (("<Q", 32), ("<H", 54), ("<H", 56))
        )
        for header in range(at, at + size * count, size):
            if struct.unpack_from("<I", damaged, header)[0] == PT_DYNAMIC:
                struct.pack_into("<Q", damaged, header + 32, 1 << 60)
        done = run("--lib", self.file("lib.so", bytes(damaged)), "--", "/no/such/program", timeout=10)
        self.assertEqual(done.returncode, 127)

    def test_named_wins_over_found(self):
        done = run(
            "-q",
            "--lib",
            PRELOAD,
            "--",
            "sh",
            "-c",
            "echo $LD_PRELOAD",
            env={**os.environ, "ACRE_PRELOAD": "/no"},
        )
        self.assertEqual(done.stdout.strip(), os.path.realpath(PRELOAD))


if __name__ == "__main__":
    main()
