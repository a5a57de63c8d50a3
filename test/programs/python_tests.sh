#!/bin/sh
# SPDX-License-Identifier: MIT
#
# python_tests.sh -- a good part of python's own test package, every object sent through malloc: the same
# tests must pass, fail and skip.
#
#   python_tests.sh GROUP     basic, threads, processes, multiprocessing or libraries
#
# Left out are tests that mostly wait for time to pass.
. "$(dirname "$0")/common.sh"

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import test.test_json' 2>/dev/null ||
    skip "python's tests are not installed; as root: apt-get install libpython$version-testsuite"

# outcomes FILE: one line a test, its name and what became of it.
outcomes() {
    "$python" - "$1" <<'END'
import sys
import xml.etree.ElementTree as ElementTree
cases = ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
for case in sorted(cases, key=lambda one: one.get("name")):
    print(case.get("name"), *sorted(part.tag for part in case if part.tag in ("failure", "error", "skipped")))
END
}

# these LEAST MODULES AND OPTIONS...: on libc and on acre at the same time, for much of it is waiting; LEAST
# tests at least must have run.
these() {
    least=$1
    shift
    for where in libc acre; do
        run_in $where "$python" -m test -q --junit-xml "$work/$where.xml" "$@" &
    done
    wait
    for where in libc acre; do
        outcomes "$work/$where.xml" >"$work/$where.tests" 2>"$work/problem" ||
            bad "$*: no result on $where: $(tail -n 3 "$work/$where.err")"
    done
    compare "$*" tests "what became of the tests"
    compare "$*" status "exit status"
    count=$(wc -l <"$work/acre.tests")
    [ "$count" -ge "$least" ] || bad "$*: only $count tests were run, at least $least expected"
    say "$*: $count tests, $(grep -c -E ' (error|failure)$' "$work/libc.tests") of them fail on libc too"
    served "$1"
    [ $failures = 0 ] || tail -n 30 "$work/acre.out" "$work/acre.err"
}

LEAST_KIB=4000
VARIABLES=PYTHONMALLOC=malloc
case ${1:-} in
basic)
    these 1500 test_json test_re test_ast test_dict test_list test_set test_bytes test_array \
        test_pickle test_gc test_generators
    ;;
threads)
    these 150 test_thread test_threading
    these 100 test_weakref
    ;;
processes)
    # A process on acre has one descriptor more (docs/tuning.md), and this test counts them.
    these 250 test_subprocess -i test_pass_fds_redirected
    these 400 test_posix test_os
    ;;
multiprocessing)
    these 80 test_multiprocessing_fork -m 'WithProcessesTest[PQLSH]*' -m WithThreadsTestPool
    these 20 test_multiprocessing_spawn -m WithProcessesTestPool
    these 10 test_concurrent_futures -m ProcessPoolForkProcessPoolExecutorTest
    ;;
libraries)
    these 600 test_zlib test_bz2 test_decimal test_xml_etree_c test_ctypes test_struct test_csv \
        test_mmap test_hashlib
    these 80 test_ssl -m '*SocketTests' -m ContextTests -m SSLErrorTests \
        -m MemoryBIOTests -m SSLObjectTests -m SimpleBackgroundTests
    # Debian leaves this one out of its package.
    ! "$python" -c 'import test.test_sqlite3' 2>/dev/null || these 300 test_sqlite3
    ;;
*)
    echo "usage: python_tests.sh basic|threads|processes|multiprocessing|libraries" >&2
    exit 2
    ;;
esac
finish
