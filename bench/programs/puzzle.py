# SPDX-License-Identifier: MIT
"""puzzle.py -- writes a puzzle for z3 in SMT-LIB 2: queens by arithmetic, a pigeonhole, a product in bit
vectors, arrays sorted by swaps.

Usage: puzzle.py PERCENT >FILE. The same percent gives the same file.
"""
import sys


def queens(size):
    names = ["q%d" % i for i in range(size)]
    for name in names:
        yield "(declare-const %s Int)(assert (and (<= 0 %s) (< %s %d)))" % (name, name, name, size)
    yield "(assert (distinct %s))" % " ".join(names)
    yield "(assert (distinct %s))" % " ".join("(+ %s %d)" % pair for pair in zip(names, range(size)))
    yield "(assert (distinct %s))" % " ".join("(- %s %d)" % pair for pair in zip(names, range(size)))


def pigeons(holes):
    for pigeon in range(holes + 1):
        for hole in range(holes):
            yield "(declare-const p%d_%d Bool)" % (pigeon, hole)
        yield "(assert (or %s))" % " ".join("p%d_%d" % (pigeon, hole) for hole in range(holes))
    for hole in range(holes):
        for one in range(holes + 1):
            for other in range(one):
                yield "(assert (not (and p%d_%d p%d_%d)))" % (one, hole, other, hole)


def factors(bits):
    product = {16: 0x4AF5D3, 20: 0x2F3B5A1B7}.get(bits, 0x1D2B3)
    for name in ("a", "b"):
        yield "(declare-const %s (_ BitVec %d))(assert (bvugt %s (_ bv2 %d)))" % (
            name,
            2 * bits,
            name,
            2 * bits,
        )
        yield "(assert (bvult %s (_ bv%d %d)))" % (name, 1 << bits, 2 * bits)
    yield "(assert (= (bvmul a b) (_ bv%d %d)))" % (product, 2 * bits)


def swaps(size):
    yield "(declare-const m0 (Array Int Int))"
    for step in range(size):
        one, other = step * 7 % size, step * 3 % size
        yield (
            "(define-fun m%d () (Array Int Int) (store (store m%d %d (select m%d %d)) %d (select m%d %d)))"
            % (step + 1, step, one, step, other, other, step, one)
        )
    yield "(assert (not (= (+ %s) (+ %s))))" % (
        " ".join("(select m0 %d)" % i for i in range(size)),
        " ".join("(select m%d %d)" % (size, i) for i in range(size)),
    )


def main():
    percent = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    parts = (
        queens(4 + 6 * percent // 100),
        pigeons(3 + 4 * percent // 100),
        factors(16 if percent >= 100 else 8),
        swaps(4 + 20 * percent // 100),
    )
    for part in parts:
        print("(push)")
        for line in part:
            print(line)
        print("(check-sat)\n(pop)")


if __name__ == "__main__":
    main()
