#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one misuse program on every kind of block it names and judges how it ends.

A program's source opens with comments that say what must happen:
    // expect: abort "REGEXP" "REGEXP"...   killed by SIGABRT; stderr is exactly one line,
                                            acre: <text of fault.def> 0x<address>
                                            (<detail>, thread <number>, stack <addresses>)
                                            and every REGEXP is found behind "acre: "
    // expect: trap "REGEXP"...             the same, but killed by a trap instruction
    // expect: report "REGEXP"...           such lines, one or more, and exit status 0
    // expect: fault "REGEXP"...            the same, but killed by SIGSEGV, and with the kind of access before
                                            the text
    // expect: quiet                        exit status 0 and not a byte printed
    // kinds: small large                   run once for each of these rows of common/kinds.def;
                                            {kind} in a REGEXP stands for the row's detail
    // environment: NAME=VALUE              set for the program
    // hardened: abort "REGEXP"...          what must happen in hardened mode, where that is something else;
    // hardened: lost "REGEXP"              the program gives up: what it needs is not so there
    // hardened: either                     as quiet, or ended by a proper line
    // hardened: chance                     ended by a proper line, or not: re-use is random there
In guarded/ lines follow that say who allocated and who freed the block.
An attack (attacks/) may in hardened mode be ended by a proper line, or by a guard page.

run.py SOURCE       runs the program built from SOURCE
run.py --hardened SOURCE    the same in hardened mode
run.py --rows DIR   checks that the programs below DIR expect every row of fault.def and nothing else, and
                    that the programs SECURITY.md names in [brackets] exist
The environment is that of cmake/AcreTest.cmake. ACRE_TEST_LAUNCHER is put before the program; what an
emulator says itself (that it cannot preload the guest's library, how the guest ended) does not count.
"""
import fnmatch
import os
import pathlib
import re
import resource
import shlex
import signal
import subprocess
import sys

SECONDS = 10
LAUNCHER_LINE = re.compile(r"^(qemu: |ERROR: ld\.so: object ).*\n", re.MULTILINE)
TOP = pathlib.Path(os.environ.get("ACRE_TEST_SOURCE", pathlib.Path(__file__).parents[2]))
FAULT_DEF = TOP / "src/core/fault.def"
KINDS_DEF = pathlib.Path(__file__).parent / "common/kinds.def"


def table(path, pattern):
    rows = re.findall(pattern, path.read_text(), re.MULTILINE)
    if not rows:
        sys.exit(f"{path}: no row found; has the table's form changed?")
    return rows


# In hardened mode a block is at least one byte longer than asked for.
HARDENED_DETAILS = {"small": r"size class 112\b"}


def fault_texts():
    return [text for _, text in table(FAULT_DEF, r'^AC_FAULT\((\w+),\s*"(.*)"\)')]


def kind_details():
    return dict(table(KINDS_DEF, r'^KIND\((\w+),[^"]*"(.*)"\)'))


class Program:
    """What the opening comments of a source say."""

    def __init__(self, source, hardened=False):
        text = pathlib.Path(source).read_text()
        first = text.split("\n", 1)[0]
        match = re.fullmatch(r"// expect: (abort|trap|report|fault|quiet)(.*)", first)
        if not match:
            sys.exit(f"{source}:1: the first line must be // expect: abort \"...\" or // expect: quiet")
        if hardened:
            match = re.search(r"^// hardened: (abort|lost|either|chance)(.*)$", text, re.MULTILINE) or match
        self.name = "misuse." + pathlib.Path(source).stem
        self.verb = match.group(1)
        self.patterns = re.findall(r'"([^"]*)"', match.group(2))
        self.kinds = self.comment(text, "kinds") or ["small"]
        self.environment = dict(word.split("=", 1) for word in self.comment(text, "environment"))
        self.details = kind_details()
        self.is_guarded = pathlib.Path(source).parent.name == "guarded"
        self.is_attack = hardened and pathlib.Path(source).parent.name == "attacks"
        if hardened or "hardened=1" in self.environment.get("ACRE_CONF", ""):
            self.details.update(HARDENED_DETAILS)
        if hardened:
            more = self.environment.get("ACRE_CONF")
            self.environment["ACRE_CONF"] = "hardened=1" + (f",{more}" if more else "")

    @staticmethod
    def comment(text, word):
        match = re.search(rf"^// {word}: (.*)$", text, re.MULTILINE)
        return shlex.split(match.group(1)) if match else []


def run(program, kind):
    """Returns (status as subprocess has it, what was printed)."""
    launcher = shlex.split(os.environ.get("ACRE_TEST_LAUNCHER", ""))
    path = pathlib.Path(os.environ["ACRE_TEST_BIN"]) / program.name
    environment = dict(os.environ, LD_PRELOAD=os.environ["ACRE_TEST_PRELOAD"], **program.environment)
    with subprocess.Popen([*launcher, path, kind], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=SECONDS)
            text = output.decode(errors="replace")
            return process.returncode, LAUNCHER_LINE.sub("", text) if launcher else text
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return f"still running after {SECONDS} s", output.decode(errors="replace")


def ending(status):
    if isinstance(status, str):
        return status
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def complaints(program, kind, status, output):
    """Everything in which a run differs from what the program announces."""
    if program.verb == "lost":
        if status != 1 or not re.search(program.patterns[0], output):
            yield f"expected exit status 1 and: {program.patterns[0]}"
        return
    if program.is_attack and status == -signal.SIGSEGV:
        return
    if program.verb == "chance" and status in (0, 1):
        return
    may_abort = program.is_attack or program.verb == "either"
    if program.verb in ("quiet", "either") and not (may_abort and status == -signal.SIGABRT):
        if status != 0:
            yield f"expected exit status 0, got: {ending(status)}"
        if output:
            yield "expected no output"
        return
    ends = {"trap": (-signal.SIGILL, -signal.SIGTRAP), "report": (0,), "fault": (-signal.SIGSEGV,)}.get(program.verb, (-signal.SIGABRT,))
    if status not in ends:
        yield f"expected {' or '.join(ending(end) for end in ends)}, got: {ending(status)}"
    texts = "|".join(re.escape(text) for text in fault_texts())
    line = rf"acre: ((read |write |access )?({texts})) 0x[0-9a-f]+ \([^\n]*thread [1-9][0-9]*(, stack( 0x[0-9a-f]+)+)?\)\n"
    if program.is_guarded:
        line += r"(acre:   (allocated|freed) by thread [1-9][0-9]*, stack( 0x[0-9a-f]+)+\n){1,2}"
    if not re.fullmatch(f"({line})+" if program.verb == "report" else line, output):
        yield "expected one line: acre: <text of fault.def> 0x<address> (<detail>)"
    for pattern in program.patterns:
        wanted = pattern.replace("{kind}", program.details[kind])
        if not re.search(wanted, output.partition("acre: ")[2]):
            yield f"not found in the line: {wanted}"


def judge(source, hardened):
    program = Program(source, hardened)
    failures = 0
    for kind in program.kinds:
        status, output = run(program, kind)
        found = list(complaints(program, kind, status, output))
        failures += bool(found)
        verdict = "FAILED" if found else "ok    "
        print(f"{verdict} {program.name} {kind}: {ending(status)}; {output.strip()[:200]!r}")
        for complaint in found:
            print(f"       {complaint}")
    return failures


def check_rows(folder):
    """The table and the expectations must name the same crimes."""
    sources = [path for path in sorted(pathlib.Path(folder).rglob("*.c*")) if path.parent.name != "common"]
    programs = [Program(path) for path in sources if path.suffix in (".c", ".cpp")]
    expected = [re.compile(program.patterns[0]) for program in programs if program.verb != "quiet"]
    failures = 0
    for text in fault_texts():
        count = sum(1 for pattern in expected if pattern.pattern == text)
        failures += count == 0
        print(f"{'ok    ' if count else 'FAILED'} {count:3} programs expect exactly: {text}")
    for pattern in expected:
        if not any(pattern.search(text) for text in fault_texts()):
            failures += 1
            print(f"FAILED no row of {FAULT_DEF.name} matches the expectation: {pattern.pattern}")
    return failures


def check_claims(folder):
    """SECURITY.md names a program, or a pattern of names, for each of its claims."""
    programs = {path.stem for path in pathlib.Path(folder).rglob("*.c*")}
    text = (TOP / "SECURITY.md").read_text()
    groups = re.findall(r"\[(`[^]]+)\](?!\()", text)
    names = [name for group in groups for name in re.findall(r"`([\w*]+)`", group)]
    missing = [name for name in names if not fnmatch.filter(programs, name)]
    for name in missing:
        print(f"FAILED SECURITY.md names {name}, which is not below {folder}")
    print(f"{'ok    ' if names else 'FAILED'} {len(names)} programs are named by SECURITY.md")
    return len(missing) + (not names)


def main(arguments):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    library = os.environ.get("ACRE_TEST_PRELOAD", "")
    if "--rows" not in arguments and not os.path.exists(library):
        print(f"run.py: no library '{library}' to test; set ACRE_TEST_PRELOAD, or run this through ctest")
        return 1
    if len(arguments) == 2 and arguments[0] == "--rows":
        return 1 if check_rows(arguments[1]) + check_claims(arguments[1]) else 0
    hardened = "--hardened" in arguments
    sources = [argument for argument in arguments if argument != "--hardened"]
    if len(sources) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    return 1 if judge(sources[0], hardened) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
