#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bench.sh -- the tools in bench/ measure what they say, and notice an allocator that is not in use. No times
# are judged here.
. "$(dirname "$0")/common.sh"
need cc gcc

mkdir "$work/build"
ln -s "$ACRE_TEST_PRELOAD" "$work/build/libacre-preload.so"
some="--quick --allocators glibc,acre --build $work/build"

# shellcheck disable=SC2086
"$python" "$top/bench/run" $some --rounds 2 --only 'sqlite3,pair,slots 1' --json >"$work/run.json" 2>"$work/run.err" ||
    bad "bench/run: status $?, $(tail -n 3 "$work/run.err")"
"$python" - "$work/run.json" <<'END' || bad "bench/run --json: not what it should hold"
import json, sys
data = json.load(open(sys.argv[1]))
assert data["schema"] == "acre.bench/1" and not data["failures"], data["failures"]
assert {"pair", "slots 1k", "slots 1M"} <= set(data["runs"]), list(data["runs"])
for row in data["runs"].values():
    for name in ("glibc", "acre"):
        assert len(row[name]) == 2, row
        assert all(run["wall_s"] > 0 and run["rss_kib"] > 500 for run in row[name]), row
        assert not any(run["status"] for run in row[name]), row
# A million blocks of 16 to 511 bytes are resident under either.
assert all(run["rss_kib"] > 100000 for runs in data["runs"]["slots 1M"].values() for run in runs)
END

# shellcheck disable=SC2086
"$python" "$top/bench/run" $some --rounds 1 --only 'slots 1M' >"$work/table" 2>&1 || bad "bench/run: no table, $(tail -n 3 "$work/table")"
grep -q '^slots 1M .*(glibc)$' "$work/table" || bad "the table lacks the comparison with glibc"

# A library that serves nothing, under acre's name, must be found out.
echo 'int nothing;' | cc -shared -fPIC -x c - -o "$work/nothing.so"
# shellcheck disable=SC2086
if "$python" "$top/bench/run" $some --rounds 1 --only pair --with "acre=$work/nothing.so" >"$work/table" 2>&1; then
    bad "bench/run did not notice that the allocator was not in use"
fi
grep -q '^failed: pair under acre: not served by acre' "$work/table" ||
    bad "bench/run did not say what was wrong: $(tail -n 3 "$work/table")"

"$python" "$top/bench/start" --runs 3 --allocators acre --build "$work/build" >"$work/start" 2>&1 ||
    bad "bench/start: $(tail -n 3 "$work/start")"
[ "$(grep -c '^acre ' "$work/start")" = 2 ] || bad "bench/start: no rows of acre"
"$python" "$top/bench/threads" --threads 50 --allocators glibc,acre --build "$work/build" \
    >"$work/threads" 2>&1 ||
    bad "bench/threads: $(tail -n 3 "$work/threads")"
grep -q '^acre ' "$work/threads" || bad "bench/threads: no row of acre"

# Variants of the library: one whose locks count, and what follows from the counts; one without checks. The
# build folder proper is needed, for its flags; it is the one the library to preload is in.
build=$(dirname "$ACRE_TEST_PRELOAD")
if [ "$(uname -m)" = x86_64 ] && [ -e "$build/compile_commands.json" ]; then
    ln -s "$build/compile_commands.json" "$work/build/"
    "$python" "$top/bench/contention" --only 'scale 2' --percent 10 --build "$work/build" --json >"$work/locks.json" \
        2>"$work/locks.err" || bad "bench/contention: $(tail -n 3 "$work/locks.err")"
    "$python" - "$work/locks.json" <<'END' || bad "bench/contention: not what it should hold"
import json, sys
row = json.load(open(sys.argv[1]))["locks"]["scale 2"]
# Two threads, each with 1.4 million replacements and a table.
assert 2.8e6 <= row["pairs"] <= 2.9e6, row["pairs"]
assert 100 <= row["locks"]["center"]["taken"] <= row["locks"]["own heap"]["taken"] <= row["pairs"] / 10, row
END
    "$python" "$top/bench/scaling" "$work/locks.json" >"$work/scaling" || bad "bench/scaling: status $?"
    grep -q '^scale 2 ' "$work/scaling" || bad "bench/scaling: no row"
    echo 'int main(void) { char *volatile p = malloc(40); free(p); free(p); return 0; }' |
        cc -O0 -include stdlib.h -w -x c - -o "$work/twice"
    unchecked=$("$python" "$top/bench/unchecked" --build "$work/build") || bad "bench/unchecked: status $?"
    LD_PRELOAD=$unchecked "$work/twice" || bad "bench/unchecked: the library still checks"
    LD_PRELOAD=$ACRE_TEST_PRELOAD "$work/twice" 2>/dev/null && bad "the library does not check"
fi
finish
