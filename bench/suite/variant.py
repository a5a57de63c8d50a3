# SPDX-License-Identifier: MIT
"""variant.py -- acre's library built from this tree with some lines of the source changed, for a question that
the library itself must not pay for: what do the checks cost, how often is a lock taken?

The tree is copied, the changes are made in the copy, each exactly once: source that has moved on since is an
error, never a variant that quietly is none. The flags are those of the build in the build folder."""
import json
import os
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from .allocators import Unusable

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINK = ("-shared", "-fPIC", "-Wl,-z,nodelete", "-Wl,-z,now", "-Wl,-z,relro", "-Wl,-Bsymbolic-functions")


def change(folder, edits):
    for path, old, new in edits:
        with open(os.path.join(folder, path), encoding="utf-8") as file:
            text = file.read()
        if text.count(old) != 1:
            raise Unusable(
                "%s has %d times what this variant changes, not once; bring the change in step with it:\n%s"
                % (path, text.count(old), old)
            )
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))


def steps(build, folder):
    """(command, object) for every file of the library to preload, with the copy in the place of the tree."""
    path = os.path.join(build, "compile_commands.json")
    try:
        with open(path, encoding="utf-8") as file:
            plan = json.load(file)
    except OSError as error:
        raise Unusable("cannot read %s: %s; run make first" % (path, error.strerror)) from None
    source = os.path.join(TOP, "src")
    for step in plan:
        name = os.path.relpath(step["file"], source)
        words = [word.replace(source, folder) for word in shlex.split(step["command"])]
        if name.startswith("..") or "-fPIC" not in words:  # the unit tests compile some of it once more
            continue
        binary = os.path.join(folder, name[:-1] + "o")
        words[words.index("-o") + 1] = binary
        yield words, binary


def run(command, what):
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Unusable("%s does not build:\n%s" % (what, made.stderr[-2000:]))


def add(plan, target):
    """One more file of C, compiled like the first."""
    words = [target if word == plan[0][0][-1] else word for word in plan[0][0]]
    words[words.index("-o") + 1] = target[:-1] + "o"
    plan.append((words, target[:-1] + "o"))


def make(bench, build, name, edits=(), more=()):
    """Build the variant; `more` are (file of bench/, its place in src/), the original of which, if there is
    one, becomes plain_NAME. Returns the library's path."""
    folder = bench.path("src-" + name)
    shutil.copytree(os.path.join(TOP, "src"), folder)
    change(folder, edits)
    plan = list(steps(build, folder))
    for source, place in more:
        target = os.path.join(folder, place)
        if os.path.exists(target):
            os.rename(target, os.path.join(os.path.dirname(target), "plain_" + os.path.basename(target)))
        shutil.copy(bench.source(source), target)
        if place.endswith(".c"):
            add(plan, target)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda step: run(step[0], "the variant " + name), plan))
    library = os.path.join(bench.folder, "libacre-%s.so" % name)
    run([plan[0][0][0], *LINK, *(binary for _, binary in plan), "-o", library], "the variant " + name)
    return library
