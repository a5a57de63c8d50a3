# SPDX-License-Identifier: MIT
"""dump.py -- what acre_prof_dump writes, read back by google-pprof and jeprof: the functions of known.c have
the bytes that they allocated, within the error of the sample."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ["ACRE_TEST_BIN"], "profile-known")
# A sample of 10 KiB every 16 KiB, of 0.5 KiB likewise: some 2500 and 3000 samples, before the rate doubles.
ENOUGH = 0.35
KEPT, CHURNED = 4000 * 10240, 100000 * 512


def fail(text):
    print("dump.py: " + text)
    sys.exit(1)


def flat(tool, path, kind):
    """{function: bytes} of a text report."""
    command = [tool, kind, "--show_bytes", "--text", PROGRAM, path]
    out = subprocess.run(command, capture_output=True, text=True, check=False)
    if out.returncode != 0:
        fail("%s: %s" % (" ".join(command), out.stderr))
    found = re.findall(r"^\s*(\d+)\s+\S+%\s+\S+%\s+\d+\s+\S+%\s+(\S+)", out.stdout, re.M)
    return {name: int(n) for n, name in found}


def near(tool, what, found, wanted):
    if not (1 - ENOUGH) * wanted <= found <= (1 + ENOUGH) * wanted:
        fail("%s: %s: %d bytes, not about %d" % (tool, what, found, wanted))
    print("%s: %s: %d bytes of %d" % (tool, what, found, wanted))


def main():
    tools = [tool for tool in ("google-pprof", "jeprof") if shutil.which(tool)]
    if not tools:
        print("google-pprof and jeprof are not installed (test/profile/packages)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "known.heap")
        environment = dict(os.environ, LD_PRELOAD=os.environ["ACRE_TEST_PRELOAD"], ACRE_CONF="profile=16K")
        subprocess.run([PROGRAM, path], env=environment, check=True)
        if os.stat(path).st_mode & 0o077:
            fail("others may read the profile")
        for tool in tools:
            live, allocated = flat(tool, path, "--inuse_space"), flat(tool, path, "--alloc_space")
            near(tool, "live of keeper", live.get("keeper", 0), KEPT)
            near(tool, "live of churner", live.get("churner", 0) + KEPT, KEPT)
            near(tool, "all of keeper", allocated.get("keeper", 0), KEPT)
            near(tool, "all of churner", allocated.get("churner", 0), CHURNED)


main()
