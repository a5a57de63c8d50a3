# SPDX-License-Identifier: MIT
#
# common.sh -- what the tests in this folder share; sourced by each of them. POSIX sh.
#
#   need PROGRAM PACKAGE     skips the test (exit status 77) when the program is not installed
#   same NAME COMMAND...     runs the command on libc's malloc and on acre, each in a folder of its own with
#                            copies of FILES, and compares exit status, standard output, standard error and
#                            every file it left; proves that acre served it
#   LEAST_KIB                heap the program must have had on acre at its peak, KiB; set it before `same`
#   VARIABLES                "NAME=VALUE ..." for both runs
#   IGNORE_STDERR=1          standard error may differ (times, process ids)
#   finish                   the last line of a test
# Both runs see the same small environment: nothing of the caller's reaches them but PATH and HOME.
set -u

: "${ACRE_TEST_PRELOAD:?run by ctest, or set it to the absolute path of libacre-preload.so}"
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
inputs=$top/bench/programs
test_name=$(basename "$0" .sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/acre-$test_name-XXXXXX") || exit 1
failures=0
LEAST_KIB=16
IGNORE_STDERR=
FILES=
VARIABLES=
at_end=

clean_up() {
    # Servers first: a test puts the command that ends its own into at_end.
    eval "$at_end"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '%s: %s\n' "$test_name" "$*"; }

bad() {
    failures=$((failures + 1))
    say "FAILED: $*"
}

skip() {
    say "SKIPPED: $*"
    exit 77
}

need() {
    command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed; as root: apt-get install $2"
}

# The system's python3 itself: what PATH has first may be a wrapper script, which would be what is tested.
if [ -x /usr/bin/python3 ]; then python=/usr/bin/python3; else python=python3; fi
need "$python" python3

# A shell starts background commands deaf to ^C, which some programs send themselves.
plain_env() {
    # shellcheck disable=SC2086
    env -i --default-signal=INT,QUIT PATH="$PATH" HOME="$work" LC_ALL=C TZ=UTC \
        PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 PERL_HASH_SEED=0 $VARIABLES "$@"
}

on_libc() { plain_env "$@"; }

on_acre() {
    "$python" "$here/state.py" new "$work/state" || exit 1
    plain_env LD_PRELOAD="$ACRE_TEST_PRELOAD" ACRE_CONF="state=$work/state" "$@"
}

served() {
    "$python" "$here/state.py" check "$work/state" "$LEAST_KIB" >"$work/proof" 2>&1 ||
        bad "$1: $(cat "$work/proof")"
    say "$1: $(cat "$work/proof")"
}

# run_in WHERE COMMAND...: in a folder $work/WHERE made anew; output and status beside it.
run_in() {
    where=$1
    shift
    rm -rf "${work:?}/$where"
    mkdir "$work/$where"
    # shellcheck disable=SC2086
    [ -z "$FILES" ] || cp -r $FILES "$work/$where/"
    (cd "$work/$where" && "on_$where" "$@") >"$work/$where.out" 2>"$work/$where.err" </dev/null
    echo $? >"$work/$where.status"
}

compare() {
    cmp -s "$work/libc.$2" "$work/acre.$2" && return 0
    bad "$1: $3 differs between libc (<) and acre (>)"
    diff "$work/libc.$2" "$work/acre.$2" | head -n 20
}

same() {
    name=$1
    shift
    run_in libc "$@"
    run_in acre "$@"
    compare "$name" status "exit status"
    compare "$name" out "standard output"
    [ -n "$IGNORE_STDERR" ] || compare "$name" err "standard error"
    if ! diff -r "$work/libc" "$work/acre" >"$work/files" 2>&1; then
        bad "$name: the files written differ"
        head -n 20 "$work/files"
    fi
    # A run that did nothing on either side must not pass.
    if [ "$(cat "$work/libc.status")" != 0 ]; then
        bad "$name: the program fails on libc too, with status $(cat "$work/libc.status")"
        tail -n 5 "$work/libc.err"
    fi
    served "$name"
}

finish() {
    if [ "$failures" != 0 ]; then
        say "$failures failed"
        exit 1
    fi
    say "ok"
    exit 0
}
