#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# run.py -- builds the fuzzer (fuzz/interface.c) with clang and libFuzzer and runs it for a while.
#
#   fuzz/run.py SECONDS [BUILD]      BUILD: build/fuzz unless given; new inputs are collected in BUILD/corpus
#
# ACRE_CONF sets the allocator's options. Exit status 0: nothing found; 1: found, the input is in BUILD; 77: clang or
# libFuzzer is missing.
import concurrent.futures
import os
import pathlib
import random
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
FLAGS = f"-std=gnu11 -O1 -g -D_GNU_SOURCE -DMODEL_PREFIXED -fno-builtin -I{TOP}/include -I{TOP}/src -I{TOP}/test"
FLAGS += f" -I{TOP}/test/model -I{TOP}/fuzz"
ENGINE = ["base", "os", "core", "watch", "heap", "report", "verify", "api"]
MODEL = ["claims", "pattern", "perform", "subject", "world"]


def units(build):
    """[(source, flags)]: the engine tells the fuzzer where it has been, the test does not. What libFuzzer wants to
    know by default uses thread-local storage, which the helper has not."""
    seen = "-fsanitize-coverage=inline-8bit-counters,pc-table -fno-stack-protector"
    for folder in ENGINE:
        for path in sorted((TOP / "src" / folder).glob("*.c")):
            if path.name != "os_fake.c":
                yield path, seen
    for name in MODEL:
        end = "-DWORLD_END=world_end -include " + str(build / "world_end.h") if name == "world" else ""
        yield TOP / f"test/model/{name}.c", end
    yield TOP / "test/model/plan.c", "-Dplan_op=plan_op_random"
    yield TOP / "fuzz/plan_bytes.c", ""
    yield TOP / "fuzz/interface.c", ""


def compile_one(job):
    number, (source, flags), build = job
    target = build / f"{number}.o"
    command = ["clang", *FLAGS.split(), *flags.split(), "-c", source, "-o", target]
    return target, subprocess.run(command, capture_output=True, text=True, check=False)


def make(build):
    (build / "world_end.h").write_text("void world_end(const char *message);\n")
    jobs = [(number, unit, build) for number, unit in enumerate(units(build))]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        done = list(pool.map(compile_one, jobs))
    for _, result in done:
        if result.returncode != 0:
            sys.exit(f"fuzz: {result.stderr}")
    program = build / "interface"
    command = ["clang", "-fsanitize=fuzzer", "-o", program, *(target for target, _ in done), "-lpthread", "-ldl"]
    linked = subprocess.run(command, capture_output=True, text=True, check=False)
    if linked.returncode != 0:
        print(f"fuzz: libFuzzer is missing? (Debian: libclang-rt-14-dev)\n{linked.stderr}")
        sys.exit(77)
    return program


def main(arguments):
    seconds = int(arguments[0])
    build = pathlib.Path(arguments[1] if len(arguments) > 1 else TOP / "build/fuzz").resolve()
    if not shutil.which("clang"):
        print("fuzz: clang is missing")
        return 77
    corpus = build / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in range(20):  # to begin with
        (corpus / f"seed{seed}").write_bytes(random.Random(seed).randbytes(1 + 6 * 10 * (seed + 1)))
    command = [make(build), f"-max_total_time={seconds}", "-max_len=3001", "-len_control=50", "-timeout=100", "-print_final_stats=1",
               "-verbosity=1", "-reload=0", f"-artifact_prefix={build}/", corpus]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    print("\n".join(done.stdout.splitlines()[-30:]))
    return 1 if done.returncode != 0 else 0


sys.exit(main(sys.argv[1:]))
