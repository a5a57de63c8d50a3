# SPDX-License-Identifier: MIT
"""measure.py -- runs one program under one allocator and returns its cost; checks that the allocator really
served it."""
import atexit
import copy
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

from .allocators import Unusable, libc_path

TIMEOUT_S = 120
KERNEL_FLAGS = ["-std=gnu11", "-O2", "-fno-builtin", "-Wall", "-Wextra", "-pthread"]
BINDING = re.compile(
    r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: normal symbol `(malloc|calloc|realloc|free)'"
)
LIVE = re.compile(rb"^live (\d+)$", re.MULTILINE)


class Failed(Exception):
    """A program did not do under an allocator what it does elsewhere."""


class Bench:
    """The folder build/bench: compiled kernels, the measuring program; and a scratch folder of this run's own
    in it."""

    def __init__(self, build):
        self.top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self.folder = os.path.join(os.path.abspath(build), "bench")
        os.makedirs(self.folder, exist_ok=True)
        self.scratch = tempfile.mkdtemp(prefix="run-", dir=self.folder)
        atexit.register(shutil.rmtree, self.scratch, ignore_errors=True)
        self.measure = self.compile("measure.c", static=True)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def sibling(self):
        """The same with a scratch folder of its own in this one's, for a run at the same time."""
        other = copy.copy(self)
        other.scratch = tempfile.mkdtemp(dir=self.scratch)
        return other

    def source(self, name):
        return os.path.join(self.top, name)

    def compile(self, name, static=False):
        """Compile one C file of the suite unless its binary is newer; returns the binary's path."""
        source, binary = self.source(name), os.path.join(self.folder, os.path.basename(name)[:-2])
        inputs = [source, *glob.glob(self.source("kernels/*.h"))]
        if os.path.exists(binary) and os.path.getmtime(binary) > max(map(os.path.getmtime, inputs)):
            return binary
        compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise Unusable("no C compiler; install gcc, the kernels are compiled on first use")
        made = None
        for more in (["-static"], []) if static else ([],):
            made = subprocess.run(
                [compiler, *KERNEL_FLAGS, *more, source, "-o", self.path("made")],
                capture_output=True,
                text=True,
                check=False,
            )
            if made.returncode == 0:
                os.replace(self.path("made"), binary)  # another run may be using the old one
                return binary
        raise Unusable("%s does not compile:\n%s" % (source, made.stderr))


def environment(program, idle_s=0):
    """What a program sees besides the preload: nothing of the caller's that could steer an allocator."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    keep.update(LC_ALL="C", PYTHONHASHSEED="0", PERL_HASH_SEED="0")
    keep.update(program.env)
    if idle_s:
        keep["BENCH_IDLE_S"] = str(idle_s)
    return keep


def preload_of(program, allocator):
    """For a program linked with an allocator of its own, glibc's malloc has to be put in front as well."""
    if allocator.library or not program.has_own_allocator:
        return allocator.library
    return libc_path()


def digest(bench, program, output):
    """A hash of what the program printed and of the file it wrote."""
    parts = hashlib.sha256(output)
    if program.output:
        path = bench.path(program.output)
        with open(path, "rb") as file:
            parts.update(file.read())
        os.unlink(path)
    return parts.hexdigest()


def execute(bench, program, command, timeout_s=TIMEOUT_S, idle_s=0):
    """Run to the end; returns standard output. Its whole process group goes when it takes too long."""
    with open(program.input or os.devnull, "rb") as stdin, open(bench.path("stderr"), "w+b") as stderr:
        with subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(program, idle_s),
            cwd=bench.scratch,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=timeout_s)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise Failed("still running after %d s" % timeout_s) from None
                raise
        if process.returncode != 0:
            stderr.seek(0)
            words = stderr.read()[-400:].decode(errors="replace").strip().replace("\n", " | ")
            raise Failed("status %d: %s" % (process.returncode, words or "nothing on stderr"))
    return output


def run(bench, program, allocator, variables=(), options=(), idle_s=0):
    """One run: {wall_s, user_s, sys_s, rss_kib, minor_faults, ..., digest}; and live_bytes of a kernel that
    says what it held."""
    report = bench.path("report.json")
    if os.path.exists(report):
        os.unlink(report)
    prefix = [bench.measure, "-r", report, *options]
    preload = preload_of(program, allocator)
    preloads = [f"LD_PRELOAD={preload}"] if preload else []
    for variable in (*preloads, *allocator.variables, *variables):
        prefix += ["-e", variable]
    if program.driver:
        command = [program.driver, *program.driver_arguments, "--", *prefix, "--", *program.command]
    else:
        command = [*prefix, "--", *program.command]
    output = execute(bench, program, command, idle_s=idle_s)
    with open(report, encoding="ascii") as file:
        cost = json.load(file)
    live = LIVE.search(output) if program.is_kernel else None
    if live:
        cost["live_bytes"] = int(live.group(1))
    cost["digest"] = digest(bench, program, output)
    return cost


def family(path):
    """libtbbmalloc_proxy.so.2 and libtbbmalloc.so.2 are one allocator: the letters the names begin with."""
    return re.match(r"[a-z]*", os.path.basename(path)).group()


def bindings(log):
    """What the loader wrote: (who calls, whose function it got, its name), and the file is gone."""
    for name in glob.glob(log + ".*"):
        with open(name, encoding="utf-8", errors="replace") as file:
            for binder, target, symbol in BINDING.findall(file.read()):
                yield os.path.realpath(shutil.which(binder) or binder), os.path.realpath(
                    shutil.which(target) or target
                ), symbol
        os.unlink(name)


def check(bench, program, allocator):
    """The first run, not counted: the loader says which library each call of malloc was bound to. Its pages are
    walked, for what lies in huge ones."""
    log = bench.path("bindings")
    for _ in bindings(log):
        pass
    cost = run(bench, program, allocator, ["LD_DEBUG=bindings", "LD_DEBUG_OUTPUT=" + log], ["-x"])
    wanted = os.path.realpath(allocator.library or libc_path())
    nbound, strays = 0, set()
    for binder, target, symbol in bindings(log):
        if family(binder) in (family(wanted), "ld"):
            continue
        nbound += target == wanted
        # A name bound to the program itself is its own jump table, which is bound on another line; a malloc
        # of its own leaves none.
        if target != wanted and ".so" in os.path.basename(target):
            strays.add("%s of %s is %s's" % (symbol, os.path.basename(binder), os.path.basename(target)))
    if strays or nbound == 0:
        raise Failed(
            "not served by %s: %s"
            % (allocator.name, "; ".join(sorted(strays)) or "no call of malloc was bound to it")
        )
    return cost
