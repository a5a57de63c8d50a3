# SPDX-License-Identifier: MIT
"""kernels.py -- the rows made of bench/kernels."""
import re

from .program import Program

# Source, second argument, what it stresses.
KERNELS = (
    ("pair", "", "malloc and free of one block at a time"),
    ("batch", "order", "all allocated, all freed in order"),
    ("batch", "random", "all allocated, all freed in random order"),
    ("slots", "1000", "random replacement, 1 000 live blocks"),
    ("slots", "100000", "random replacement, 100 000 live blocks"),
    ("slots", "1000000", "random replacement, 1 000 000 live blocks"),
    ("tree", "", "binary trees built and torn down"),
    ("grow", "", "arrays grown by realloc"),
    ("mixed", "1", "16 bytes to 64 KiB, short and long lives, calloc, realloc"),
    ("mixed", "2", "the same, by two threads"),
    ("mixed", "8", "the same, by eight threads"),
    ("large", "", "buffers of 64 KiB to 8 MiB, written"),
    ("align", "", "aligned blocks among ordinary ones"),
    ("calloc", "", "zeroed memory, from nodes to tables of 2 MiB"),
    ("larson", "1", "a server; blocks outlive the thread that made them"),
    ("larson", "2", "the same, two threads"),
    ("larson", "8", "the same, eight threads"),
    ("scale", "1", "one thread for itself"),
    ("scale", "2", "two threads that share nothing, each with the same work"),
    ("pipe", "", "one thread allocates, another frees"),
    ("fan", "4:1", "four threads allocate, one frees"),
    ("fan", "4:4", "four threads allocate, four others free"),
    ("sink", "", "16 threads hold 2 MiB each; one thread frees what they replace"),
    ("births", "", "a thread for every request"),
    ("sharing", "active", "two threads write to small objects of their own"),
    ("sharing", "passive", "the same; the first object of each comes from the main thread"),
    ("lru", "", "a cache whose entries change size from phase to phase"),
    ("phases", "", "40 MiB of records replaced by others of other sizes, a few of each stay"),
    ("checker", "2", "every other block freed, then blocks twice the size"),
    ("checker", "8", "the same again and again, to 12 KiB"),
    ("churn", "", "40 MiB held all the time and replaced at random"),
    ("balloon", "1", "160 MiB built and freed"),
    ("balloon", "2", "the same, by two threads"),
    ("traverse", "", "a dictionary built in a used heap, then read"),
)
# At their end these hold nothing: what is still resident then is the allocator's.
IDLE = ("balloon 1", "balloon 2", "phases", "sink", "larson 8")


def name_of(source, argument):
    short = re.sub("000$", "k", re.sub("000000$", "M", argument))
    return ("%s %s" % (source, short)).strip()


def all_kernels(bench, percent, is_wanted):
    """Every kernel that is wanted as a row, compiled if need be."""
    for source, argument, stresses in KERNELS:
        name = name_of(source, argument)
        if not is_wanted(name):
            continue
        command = (bench.compile("kernels/%s.c" % source), str(percent), argument)
        yield Program(
            name=name,
            stresses=stresses,
            command=command if argument else command[:2],
            is_kernel=True,
            can_idle=name in IDLE,
        )
