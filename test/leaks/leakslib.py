# SPDX-License-Identifier: MIT
"""What the tests of `acre leaks` share."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

COMMAND = os.environ["ACRE_TEST_COMMAND"]
BIN = pathlib.Path(os.environ["ACRE_TEST_BIN"])
TIMEOUT_S = 200

for name in ("LD_PRELOAD", "ACRE_CONF", "ACRE_PRELOAD", "NO_COLOR", "DEBUGINFOD_URLS"):
    os.environ.pop(name, None)
os.environ["LC_ALL"] = "C.UTF-8"


def seeded(name):
    return str(BIN / f"leaks-{name}")


def leaks(*words, **options):
    """Runs the command; returns what it ended with."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([COMMAND, "leaks", *map(str, words)], capture_output=True, text=True, errors="replace",
                          timeout=TIMEOUT_S, **options)


def report(*words, status=23, **options):
    """The report of a run as JSON."""
    with tempfile.TemporaryDirectory(prefix="acre-leaks-") as folder:
        path = pathlib.Path(folder) / "report"
        done = leaks("--json", "-o", path, *words, **options)
        if done.returncode != status:
            raise AssertionError(f"{words}: {done.returncode}, not {status}\n{done.stdout}{done.stderr}\n"
                                 + (path.read_text() if path.exists() else ""))
        return json.loads(path.read_text())


def names_functions():
    """False when the command was built without elfutils."""
    done = subprocess.run([COMMAND, "symbolize", "/dev/stdin"], input="/x+0x1\n", capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    return "built without" not in done.stderr


if not names_functions():
    print("the command was built without elfutils: these tests are about names")
    sys.exit(77)
