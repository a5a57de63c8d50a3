#!/bin/sh
# SPDX-License-Identifier: MIT
#
# perl.sh -- perl: hashes and strings, threads that clone the whole interpreter, forked children.
. "$(dirname "$0")/common.sh"
need perl perl

LEAST_KIB=4000
same "words" perl "$inputs/words.pl" 60
if perl -Mthreads -e 1 2>/dev/null; then
    same "threads" perl "$here/threads.pl"
else
    say "this perl has no threads; that part is left out"
fi
LEAST_KIB=500
same "fork and pipe" perl "$here/children.pl"
finish
