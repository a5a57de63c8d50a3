#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# planted.py -- the checker sees what is planted for it: each row takes one line of the engine's code away or weakens
# it, and the scenario has to fail with the given text.
#
#   planted.py [NAME...]     the rows of these names; without, all
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SRC = HERE.parent.parent / "src"
SECONDS = 200

# name, file, what stands there (once), what is put there, scenario, deviations, part of the message
ROWS = [
    ("no barrier between S1 and S3", None, "", "", "no_barrier", 1, "FAILED"),
    ("O4 of free is no release", "heap/alloc.h", "ac_store_rel(&words[index], top + sizeof(void *));",
     "ac_store_rlx(&words[index], top + sizeof(void *));", "push", 2, "data race"),
    ("a stealer takes busy bins", "heap/flush.c",
     "== AC_BIN_SHUT_BASE && !ac_bin_is_busy(ac_load_acq(&bin->top));", "== AC_BIN_SHUT_BASE;", "bins", 2, "FAILED"),
    ("a push on the deferred list is not tried again", "heap/nested.c",
     "while (!ac_cas_rel(&deferred_blocks, &head, d)); /* D2 */",
     "while (!ac_cas_rel(&deferred_blocks, &head, d) && d == NULL);", "deferred", 2, "center->out == 0"),
    ("D2 is no release", "heap/nested.c", "ac_cas_rel(&deferred_blocks, &head, d)",
     "__atomic_compare_exchange_n(&deferred_blocks, &head, d, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)",
     "deferred", 1, "data race"),
    ("unlock is no release", "base/atomic.h", "__ATOMIC_ACQ_REL)", "__ATOMIC_ACQUIRE)", "lock", 1, "data race"),
    ("who slept forgets the others", "os/lock.c", "&seen, me | AC_LOCK_WAITERS)", "&seen, me)", "lock", 3, "deadlock"),
    ("the loser of a publication keeps its own", "heap/central.c",
     "        return fresh;\n    return ac_load_acq(&shard_centers[shard]);", "        return fresh;\n    return fresh;",
     "publication", 2, "found[0] == found[1]"),
    ("units stay free while they are purged", "core/pageheap.c",
     "    chunk->free &= ~mask;\n    chunk_relist(chunk);\n    heap_unlock();", "    heap_unlock();",
     "purge", 1, "FAILED"),
    ("a torn lock stays locked", "os/lock.h", "        return false;\n    lock->word = 0;\n",
     "        return false;\n", "fork", 1, "FAILED"),
    ("a torn center keeps its lists", "heap/central.c",
     "    center->epoch++;\n    center->ready = 0;\n    center->current = NULL;", "    center->epoch++;", "fork", 1, "FAILED"),
    ("two helpers", "heap/helper.c",
     "if (other == generation + 1 || !ac_cas_acq(&helper.starting, &other, generation + 1))\n        return;",
     "if (other == generation + 2)\n        return;", "helper", 1, "FAILED"),
    ("a starter does not fence before it looks", "heap/helper.c",
     "    ac_fence_full(); /* of the pair in ac_helper_stop: one of both sees the other */\n", "",
     "stop", 2, "where none may be"),
    ("a stopper does not wait for one that is being started", "heap/helper.c",
     "if (!is_starting() && !is_running())", "if (!is_running())", "stop", 2, "where none may be"),
    ("a stopper does not try again", "heap/helper.c", "round < STOP_ROUNDS", "round < 1", "stop", 1, "machine_has_started"),
    ("what goes into quarantine is counted afterwards", "heap/fenced.c",
     "    if (in != NULL && in->kind == AC_SPAN_LARGE)\n        ac_fetch_add_rlx(&held_units, in->units);\n"
     "    struct ac_span *out = ac_swap_arl(&quarantine[place], in);\n",
     "    struct ac_span *out = ac_swap_arl(&quarantine[place], in);\n"
     "    if (in != NULL && in->kind == AC_SPAN_LARGE)\n        ac_fetch_add_rlx(&held_units, in->units);\n",
     "quarantine", 2, "FAILED"),
    ("a child keeps its parent's count of the quarantine", "heap/fenced.c", "ac_store_rlx(&held_units, units);", "(void)units;",
     "quarantine_fork", 2, "ac_fenced_units() == 0"),
    ("what comes into quarantine is not released", "heap/fenced.c", "ac_swap_arl(&quarantine[place], in)",
     "__atomic_exchange_n(&quarantine[place], in, __ATOMIC_RELAXED)", "quarantine", 2, "data race"),
]  # fmt: skip


def build(row, folder):
    _, file, old, new = row[:4]
    source = folder / "src"
    shutil.copytree(SRC, source)
    if file:
        text = (source / file).read_text()
        if text.count(old) != 1:
            return f"src/{file} has changed: what is to be replaced stands there {text.count(old)} times"
        (source / file).write_text(text.replace(old, new))
    done = subprocess.run(["sh", HERE / "build.sh", source, folder], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def check(row, folder):
    """What is wrong; nothing when the checker has found the fault."""
    name, _, _, _, scenario, deviations, message = row
    complaint = build(row, folder)
    if complaint:
        return complaint
    command = [folder / "model", scenario, str(deviations)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    first = next((line for line in done.stdout.splitlines() if "race: " + scenario.replace("no_barrier", "bins") in line), "")
    print(f"{name}: {first}", flush=True)
    return "" if done.returncode == 1 and "FAILED" in first and message in first else f"not found: {done.stdout[-300:]}"


def main(names):
    if not shutil.which("gcc"):
        print("planted: needs gcc")
        return 77
    failed = 0
    for row in ROWS:
        if names and row[0] not in names:
            continue
        with tempfile.TemporaryDirectory(dir=os.environ.get("ACRE_TEST_BUILD")) as folder:
            complaint = check(row, pathlib.Path(folder))
        if complaint:
            print(f"planted: {row[0]}: {complaint}")
            failed += 1
    print(f"planted: {len(ROWS)} faults, {failed} not found")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
