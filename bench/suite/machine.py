# SPDX-License-Identifier: MIT
"""machine.py -- what a result must say about where it was measured."""
import datetime
import os
import platform
import re
import subprocess


def first_match(path, pattern, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
    except OSError:
        return default
    return found.group(1).strip() if found else default


def revision(top):
    try:
        made = subprocess.run(
            ["git", "-C", top, "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return made.stdout.strip()


def compiler():
    """The compiler the kernels are made with, in its own words."""
    try:
        made = subprocess.run(
            [os.environ.get("CC") or "cc", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return made.stdout.partition("\n")[0].strip()


def describe(top):
    memory_kib = int(first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)", "0"))
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "processor": first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$", platform.machine()),
        "processors": len(os.sched_getaffinity(0)),
        "memory_mib": memory_kib // 1024,
        "kernel": platform.release(),
        "system": first_match("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)', platform.system()),
        "huge_pages": first_match("/sys/kernel/mm/transparent_hugepage/enabled", r"\[(\w+)\]", "unknown"),
        "page_bytes": os.sysconf("SC_PAGE_SIZE"),
        "libc": os.confstr("CS_GNU_LIBC_VERSION") or "",
        "compiler": compiler(),
        "load": os.getloadavg()[0],
        "revision": revision(top),
    }


def line(facts):
    return (
        "%(date)s, %(system)s, %(processors)d x %(processor)s, %(memory_mib)d MiB, "
        "kernel %(kernel)s, huge pages %(huge_pages)s" % facts
    )
