# SPDX-License-Identifier: MIT
"""What the tests of the command share: how it is called, where things are, files made to be refused."""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

COMMAND = os.environ["ACRE_TEST_COMMAND"]
PRELOAD = os.environ["ACRE_TEST_PRELOAD"]
BIN = pathlib.Path(os.environ["ACRE_TEST_BIN"])
SOURCE = pathlib.Path(os.environ["ACRE_TEST_SOURCE"])
HEAP = str(BIN / "run-heap")
PLANTED = str(BIN / "run-planted.so")
PYTHON = os.path.realpath(sys.executable)
LABELS = [
    "acre run",
    "time",
    "peak memory",
    "live",
    "free blocks",
    "caches",
    "free pages",
    "metadata",
    "the rest",
    "at exit",
    "top classes",
    "next",
]

# What a caller may have set and the tests do not mean to test.
for name in ("LD_PRELOAD", "ACRE_CONF", "ACRE_PRELOAD", "NO_COLOR"):
    os.environ.pop(name, None)
os.environ["LC_ALL"] = "C.UTF-8"

EM_386, EM_X86_64, EM_AARCH64 = 3, 62, 183
ET_EXEC, ET_DYN = 2, 3


def acre(*words, command=COMMAND, **options):
    """Runs the command and returns what subprocess.run returns, streams as bytes unless text=True."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("timeout", 60)
    if "stdout" not in options and "stderr" not in options:
        options["capture_output"] = True
    return subprocess.run([command, *words], **options)


def run(*words, **options):
    """acre run OPTIONS-AND-PROGRAM, as text."""
    return acre("run", *words, text=True, **options)


def own_machine():
    """The e_machine of this machine's programs."""
    with open(COMMAND, "rb") as file:
        return struct.unpack_from("<H", file.read(20), 18)[0]


def elf(machine, bits=64, kind=ET_EXEC, loader=None):
    """The bytes of an ELF file that has headers and, perhaps, the name of a loader, but nothing to run."""
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1, 1]) + bytes(9)
    name = (loader or "").encode() + b"\0"
    if bits == 32:
        return ident + struct.pack("<HHIIIIIHHHHHH", kind, machine, 1, 0, 52, 0, 0, 52, 32, 0, 40, 0, 0)
    nheaders = 1 if loader else 0
    header = struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0, 64, 0, 0, 64, 56, nheaders, 64, 0, 0)
    interp = struct.pack("<IIQQQQQQ", 3, 4, 120, 120, 120, len(name), len(name), 1)
    return ident + header + (interp + name if loader else b"")


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="acre-run-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)

    def file(self, name, content, mode=0o755):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return str(path)

    def copy(self, program, name=None, mode=0o755):
        path = self.folder / (name or os.path.basename(program))
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(program, path)
        os.chmod(path, mode)
        return str(path)

    def assert_report(self, text):
        """Twelve lines with the labels of the report, in order."""
        lines = text.splitlines()
        self.assertEqual(len(lines), 12, text)
        for line, label in zip(lines, LABELS):
            self.assertTrue(line.lstrip("├└|` ").startswith(label), f"{line!r} is not about {label!r}")

    def assert_message(self, text, *words):
        """One line of acre's that has all the words."""
        lines = text.splitlines()
        self.assertEqual(len(lines), 1, text)
        self.assertTrue(lines[0].startswith("acre: "), text)
        for word in words:
            self.assertIn(word, lines[0])


def main():
    unittest.main(module="__main__", verbosity=1)
