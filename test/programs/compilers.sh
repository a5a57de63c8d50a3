#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compilers.sh -- gcc and g++ compile acre's own sources and templates of their own headers: the objects must
# be byte-identical.
. "$(dirname "$0")/common.sh"
need gcc gcc
need g++ g++

cp -r "$top/src" "$top/include" "$work/" || exit 1
sources=$(find "$work/src" -name '*.c' | sort)
[ -n "$sources" ] || bad "no sources found in $top/src"
# The two runs are in different folders, which the debug information would show.
flags="-std=gnu11 -D_GNU_SOURCE -I$work/include -I$work/src -fPIC -g"
flags="$flags -ffile-prefix-map=$work/libc=. -ffile-prefix-map=$work/acre=."

# A source that does not compile on libc either makes `same` fail, as it should.
LEAST_KIB=16
# shellcheck disable=SC2086
same "gcc -O2 on acre" gcc $flags -O2 -c $sources
count=$(find "$work/acre" -name '*.o' | wc -l)
[ "$count" -gt 5 ] || bad "only $count objects were written"
mv "$work/acre" "$work/objects"
rm -f "$work/objects/os_fake.o" # the unit tests' machine: its names are os_linux.o's
same "link" gcc -shared -o all.so "$work"/objects/*.o
same "g++ -O1 on templates" g++ -std=c++17 -O1 -DPARTS=1 -c -o templates.o "$inputs/templates.cc"

# The driver only starts the compiler; its own run proves nothing about the compiler proper.
LEAST_KIB=500
compiler=$(g++ '-###' -S -std=c++17 -O0 -DPARTS=1 "$inputs/templates.cc" -o templates.s 2>&1 |
    grep '/cc1plus ' | tr -d '"')
# shellcheck disable=SC2086
same "cc1plus itself" $compiler
[ -s "$work/acre/templates.s" ] || bad "cc1plus wrote nothing"
finish
