#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# plants.py -- plants a breach for every house check, in a copy of the tree, and fails when the check does not
# see it.
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["ACRE_TEST_SOURCE"])
BUILD = pathlib.Path(os.environ["ACRE_TEST_BUILD"])
LONG_COMMENT = "/* " + "word " * 30 + "*/\n"
BAD_MALLOC = """
#include <stddef.h>
static char block[16];
static unsigned long calls;
void *malloc(size_t n) { __atomic_fetch_add(&calls, n, 5); return block; }
void *acre_malloc(size_t n)
{
    volatile char frame[4096];
    frame[n & 4095] = 1;
    return frame[0] ? block : NULL;
}
void free(void *p)
{
    volatile unsigned long *c = p;
    *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1;
    *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1; *c = 1;
}
"""
missed = []


class Tree:
    """A copy of the tree with the artefacts of the build that the checks look at."""

    def __init__(self, root):
        self.root, self.build = root, root / "build"
        hidden = shutil.ignore_patterns(".git", "build*", "__pycache__")
        shutil.copytree(SOURCE, root, ignore=hidden, dirs_exist_ok=True, symlinks=True)
        for part in ("acre-engine.dir", "acre-override.dir"):
            shutil.copytree(BUILD / "CMakeFiles" / part, self.build / "CMakeFiles" / part)
        for name in ("libacre-preload.so", "libacre.so.1", "acre.o", "libacre.a"):
            shutil.copy(BUILD / name, self.build / name)
        commands = (BUILD / "compile_commands.json").read_text()
        commands = commands.replace(str(BUILD), "@BUILD@").replace(str(SOURCE), str(root))
        (self.build / "compile_commands.json").write_text(commands.replace("@BUILD@", str(self.build)))
        entries = json.loads((self.build / "compile_commands.json").read_text())
        self.entries = {e["file"]: e for e in entries if "CMakeFiles/acre-" in e["command"]}

    def compile(self, file):
        """The object of a source of the engine anew, without the warnings that the plant may cause."""
        entry = self.entries[str(self.root / file)]
        subprocess.run(
            entry["command"].replace("-Werror", "") + " -w", shell=True, check=True, cwd=entry["directory"]
        )

    def link(self, extra, *flags):
        """libacre-preload.so anew, with more flags and a file of its own."""
        source = self.build / "extra.c"
        source.write_text(extra)
        objects = sorted(map(str, (self.build / "CMakeFiles").rglob("*.o")))
        subprocess.run(
            [
                "gcc",
                "-w",
                "-O2",
                "-fPIC",
                "-fno-builtin",
                "-shared",
                *objects,
                str(source),
                *flags,
                "-o",
                str(self.build / "libacre-preload.so"),
                "-Wl,-soname,libacre-preload.so,-z,nodelete,-z,now",
            ],
            check=True,
        )

    def check(self, tool):
        done = subprocess.run(
            [self.root / "tools" / tool, self.build], capture_output=True, text=True, cwd=self.root
        )
        return done.returncode, done.stdout + done.stderr


def judge(tool, what, result, wanted):
    status, said = result
    if status == 1 and re.search(wanted, said):
        print(f"{tool} sees {what}")
    else:
        missed.append(what)
        print(f"{tool} MISSES {what}: status {status}, wanted /{wanted}/\n{said}")


def plant_text(tree, tool, what, file, change, wanted, recompile=False):
    """Changes a file, runs the check, puts the file back."""
    path = tree.root / file
    before = path.read_text() if path.exists() else None
    path.write_text(change(before or ""))
    if recompile:
        tree.compile(file)
    judge(tool, what, tree.check(tool), wanted)
    if before is None:
        path.unlink()
    else:
        path.write_text(before)
        if recompile:
            tree.compile(file)


def plant_link(tree, tool, what, wanted, extra="", *flags):
    library = tree.build / "libacre-preload.so"
    before = library.read_bytes()
    tree.link(extra, *flags)
    judge(tool, what, tree.check(tool), wanted)
    library.write_bytes(before)


def append(text):
    return lambda before: before + text


def layers(tree):
    tool = "check-layers"
    plant_text(
        tree,
        tool,
        "an include from above",
        "src/base/fmt.c",
        append('#include "core/config.h"\n'),
        r"src/base/fmt\.c:\d+: base may not include core/config\.h",
    )
    plant_text(
        tree,
        tool,
        "a hand-written extern",
        "src/base/fmt.c",
        append(
            "extern void ac_fault_raise(void);\nvoid plant(void);\nvoid plant(void) { ac_fault_raise(); }\n"
        ),
        r"base may not use ac_fault_raise of src/core/fault\.c",
        True,
    )
    plant_text(
        tree,
        tool,
        "a cycle of calls",
        "src/base/fmt.c",
        append(
            "extern void ac_fault_raise(void);\nvoid plant(void);\nvoid plant(void) { ac_fault_raise(); }\n"
        ),
        r"call cycle: .*base/fmt\.c.*core/fault\.c",
        True,
    )
    plant_text(
        tree,
        tool,
        "getenv",
        "src/core/fault.c",
        append(
            "char *getenv(const char *);\nvoid *plant(void);\nvoid *plant(void) { return getenv(\"A\"); }\n"
        ),
        r"core may not use getenv of libc",
        True,
    )
    plant_text(
        tree,
        tool,
        "an #ifdef",
        "src/core/fault.c",
        append("#ifdef __linux__\n#endif\n"),
        r"src/core/fault\.c:\d+: #ifdef belongs into",
    )
    plant_text(
        tree,
        tool,
        "a cycle of includes",
        "src/core/config.h",
        append('#include "core/sizeclass.h"\n'),
        r"include cycle: .*core/config\.h",
    )
    plant_text(
        tree,
        tool,
        "an excuse nobody needs",
        "LAYERS",
        append("! base/fmt.c getenv for fun\n"),
        r"nobody needs the excuse",
    )
    plant_text(tree, tool, "a long file", "src/base/fmt.c", append("\n" * 600), r"lines; the limit is 500")


def headers(tree):
    plant_text(
        tree,
        "check-headers",
        "a header that needs another",
        "src/base/fmt.h",
        append("FILE *plant;\n"),
        r"unknown type name .FILE",
    )
    plant_text(
        tree,
        "check-headers",
        "a wrong guard",
        "src/base/fmt.h",
        lambda t: t.replace("AC_BASE_FMT_H", "FMT_H"),
        r"guard must be AC_BASE_FMT_H",
    )
    plant_text(
        tree,
        "check-headers",
        "a public header that is not C++",
        "include/acre/acre.h",
        append("static int *plant(void *new) { return new; }\n"),
        r"error",
    )


def documents(tree):
    plant_text(
        tree,
        "check-docs",
        "a public function without docstring",
        "include/acre/acre.h",
        append("\nACRE_API int acre_plant(void);\n"),
        r"acre_plant has no docstring",
    )
    plant_text(
        tree,
        "check-docs",
        "a docstring without a field",
        "include/acre/acre.h",
        lambda t: t.replace(
            " *   cost       a few ns up to 32 KiB; page", " *   x          a few ns up to 32 KiB; page"
        ),
        r"the docstring of acre_malloc has no field `cost`",
    )
    for table, row in (
        ("option", 'AC_OPTION(plant_ms, MS, 1, 0, 1, "ms", RUN,\n "x")\n'),
        ("stat", 'AC_STAT(plant_bytes, GAUGE, BYTES, "x")\n'),
        ("fault", 'AC_FAULT(PLANT, "the crime of planting")\n'),
    ):
        plant_text(
            tree,
            "check-docs",
            f"an undocumented {table}",
            f"src/core/{table}.def",
            append(row),
            rf"src/core/{table}\.def:\d+: man/acre\.7 does not mention",
        )
    plant_text(
        tree,
        "check-docs",
        "a header that does not say what it knows",
        "src/base/fmt.h",
        lambda t: t.replace("Does not know:", "Ignores:"),
        r"does not say `Does not know:`",
    )


def symbols(tree):
    tool = "check-symbols"
    plant_link(tree, tool, "an export too many", r"exports plant, which", "void plant(void) {}\n")
    plant_link(
        tree,
        tool,
        "too much thread-local storage",
        r"bytes of TLS, at most 16",
        "__thread char plant[64]; void *p(void) { return plant; }\n",
    )
    plant_link(
        tree,
        tool,
        "__tls_get_addr",
        r"calls __tls_get_addr",
        "__thread char plant; void *p(void) { return &plant; }\n",
    )
    plant_link(tree, tool, "a second library", r"NEEDED", "", "-Wl,--no-as-needed", "-lm")
    script = tree.build / "plant.map"
    script.write_text("V1 { global: malloc; };\n")
    plant_link(
        tree,
        tool,
        "a version node",
        r"malloc carries a version node|malloc@",
        "",
        f"-Wl,--version-script={script}",
    )
    plant_link(
        tree,
        tool,
        "stdio",
        r"calls fopen",
        "void *fopen(void *, void *); void *p(void) { return fopen(p, p); }\n",
    )
    plant_text(
        tree, tool, "a missing export", "tools/exports.txt", append("plant\n"), r"does not export plant"
    )


def fast_path(tree):
    library = tree.build / "libacre-preload.so"
    before = library.read_bytes()
    source = tree.build / "bad.c"
    source.write_text(BAD_MALLOC)
    subprocess.run(
        ["gcc", "-w", "-O2", "-fPIC", "-shared", "-fno-builtin", source, "-o", library], check=True
    )
    result = tree.check("check-fastpath")
    judge("check-fastpath", "a locked instruction", result, r"malloc has `lock ")
    judge("check-fastpath", "a stack frame", result, r"acre_malloc has `sub .*rsp")
    judge("check-fastpath", "too many instructions", result, r"free takes \d+ instructions")
    library.write_bytes(before)


def style(tree):
    plant_text(
        tree,
        "check-format",
        "bad layout",
        "src/base/fmt.h",
        append("int  plant ;\n"),
        r"fmt\.h:\d+: not laid out",
    )
    plant_text(
        tree,
        "check-format",
        "a long line",
        "src/base/fmt.h",
        append(LONG_COMMENT),
        r"fmt\.h:\d+: 15\d columns",
    )
    plant_text(
        tree,
        "check-warnings",
        "a warning",
        "src/base/fmt.c",
        append("int plant(long p);\nint plant(long p) { return p; }\n"),
        r"conversion",
    )
    path = tree.root / "src/base/fmt.c"
    path.write_text(
        path.read_text()
        + "int plant(int *p);\nint plant(int *p)\n{\n    if (p)\n        return 1;\n    return *p;\n}\n"
    )
    done = subprocess.run(
        [tree.root / "tools/check-tidy", tree.build, path], capture_output=True, text=True, cwd=tree.root
    )
    judge(
        "check-tidy",
        "a null dereference",
        (done.returncode, done.stdout + done.stderr),
        r"Dereference of null pointer",
    )


def main():
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(pathlib.Path(folder).resolve())
        for group in (layers, headers, documents, symbols, fast_path, style):
            group(tree)
    print(f"{len(missed)} breaches missed")
    return 1 if missed else 0


sys.exit(main())
