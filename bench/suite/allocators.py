# SPDX-License-Identifier: MIT
"""allocators.py -- finds the allocators installed on this machine, by the table that `acre compare` goes by too.
"""
import glob
import os
import platform
import re
import subprocess
from dataclasses import dataclass

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def table():
    """The rows of cli/peer.def: [(name, files of which the first hit wins, Debian package)], folders."""
    with open(os.path.join(TOP, "cli", "peer.def"), encoding="ascii") as file:
        text = file.read().replace("MACHINE", platform.machine())
    known = {}
    for name, library, package in re.findall(r'^AC_PEER\((\w+), "(.*?)", "(.*?)"\)', text, re.MULTILINE):
        libraries, _ = known.get(name, ([], None))
        known[name] = (libraries + [library], package)
    folders = re.findall(r'^AC_PEER_FOLDER\("(.*?)"\)', text, re.MULTILINE)
    return [(name, libraries, package) for name, (libraries, package) in known.items()], folders


KNOWN, FOLDERS = table()


class Unusable(Exception):
    """What the caller asked for cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Allocator:
    """One column of the table."""

    name: str
    library: str  # absolute path to preload; "" for the C library's own malloc
    version: str
    variables: tuple = ()  # NAME=VALUE, which it needs in the environment of a program


def version_of(path):
    """The Debian package a library is from, with its version, or the file's own name."""
    real = os.path.realpath(path)
    for name in (path, real, real.replace("/usr/lib/", "/lib/", 1)):
        try:
            found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True, check=False)
        except OSError:
            break
        if found.returncode == 0:
            package = found.stdout.split(": ")[0].split(",")[0]
            return subprocess.run(
                ["dpkg-query", "-W", "-f", "${Package} ${Version}", package],
                capture_output=True,
                text=True,
                check=False,
            ).stdout
    return os.path.basename(real)


def libc_path():
    """The C library of this machine's programs, as this interpreter has it mapped."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        for line in maps:
            path = line.split()[-1]
            if os.path.basename(path).startswith(("libc.so.6", "libc-2.")):
                return path
    raise Unusable("no glibc is mapped here; the benchmarks compare with glibc's malloc and need it")


def find_library(names):
    for name in names:
        for folder in FOLDERS:
            found = sorted(glob.glob(os.path.join(folder, name)))
            if found:
                return found[-1]
    return None


def given(item):
    """One allocator as --with has it: NAME[:VERSION]=PATH[,VARIABLE=VALUE]..."""
    title, _, rest = item.partition("=")
    name, _, version = title.partition(":")
    path, *variables = rest.split(",")
    path = os.path.abspath(path)
    if not name or not os.path.isfile(path) or not all("=" in one for one in variables):
        raise Unusable(
            "--with %s: give it as NAME=PATH of a library that exists, or NAME:VERSION=PATH,VARIABLE=VALUE"
            % item
        )
    version = "%s %s" % (os.path.basename(path), version) if version else version_of(path)
    return Allocator(name, path, version, tuple(variables))


def installed(build, extra=()):
    """Every allocator found, glibc first and acre last but for those given with --with, and the packages of
    those absent."""
    found = [Allocator("glibc", "", os.confstr("CS_GNU_LIBC_VERSION") or "glibc")]
    absent = []
    for name, names, package in KNOWN:
        path = find_library(names)
        if path is None:
            absent.append((name, package))
        else:
            found.append(Allocator(name, path, version_of(path)))
    acre = os.path.join(build, "libacre-preload.so")
    if os.path.exists(acre):
        found.append(Allocator("acre", acre, "this tree"))
    else:
        absent.append(("acre", "run make first"))
    for item in extra:
        one = given(item)
        found = [other for other in found if other.name != one.name] + [one]
    return found, absent


def choose(found, names, extra=()):
    """Those of the comma-separated names, in that order, then those of --with; all for no names."""
    if not names:
        return found
    by_name = {one.name: one for one in found}
    wanted = [name for name in names.split(",") if name]
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise Unusable(
            "not found here: %s; found are: %s. Name another with --with NAME=PATH"
            % (", ".join(unknown), ", ".join(by_name))
        )
    given = [one.name for one in found[len(found) - len(extra) :]]
    return [by_name[name] for name in wanted + [name for name in given if name not in wanted]]
