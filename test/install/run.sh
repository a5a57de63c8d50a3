#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh WAY -- builds consumers against an installed acre and runs them; each consumer proves who served it.
set -eu
way=$1
here=$(cd "$(dirname "$0")/consumer" && pwd)
top=$ACRE_TEST_SOURCE
prefix=$ACRE_TEST_BIN/install/prefix
work=$ACRE_TEST_BIN/install/work-$way
lib=$prefix/lib
flags="-O1 -g -fno-builtin -Wall -Wextra -Werror"
export PKG_CONFIG_PATH="$lib/pkgconfig"
unset LD_PRELOAD LD_LIBRARY_PATH CFLAGS LDFLAGS

rm -rf "$work"
mkdir -p "$work"
cd "$work"

say() {
    printf '%s\n' "$*"
}

fail() {
    say "install.$way: $*" >&2
    exit 1
}

# Runs a command and shows it, so that a failure can be repeated by hand.
try() {
    say "+ $*"
    "$@"
}

# shellcheck disable=SC2086,SC2046 # flags are words
case $way in
prefix)
    rm -rf "$prefix"
    try cmake --install "$ACRE_TEST_BUILD" --prefix "$prefix" >install.log
    for file in lib/libacre-preload.so lib/libacre.so.1 lib/libacre.so lib/libacre.a lib/acre.o bin/acre \
        lib/pkgconfig/acre.pc lib/cmake/acre/acreConfig.cmake include/acre/acre.h \
        share/man/man1/acre.1 share/man/man1/acre-run.1 share/bash-completion/completions/acre \
        share/acre/schema/acre.why.1.json share/zsh/site-functions/_acre share/fish/vendor_completions.d/acre.fish share/man/man3/acre.3 share/man/man7/acre.7; do
        [ -e "$prefix/$file" ] || fail "$file was not installed"
    done
    found=$(grep -rlF -e "$top" "$prefix" || true)
    [ -z "$found" ] || fail "these name the source tree: $found"
    ;;
preload)
    try gcc $flags "$here/served.c" -o served
    try ./served libc
    LD_PRELOAD=$lib/libacre-preload.so try ./served acre
    ;;
command)
    try gcc $flags "$here/served.c" -o served
    try "$prefix/bin/acre" run -q -- ./served acre
    # Found beside itself also when called through a link from elsewhere.
    ln -s "$prefix/bin/acre" acre-link
    try ./acre-link run -q -- ./served acre
    ;;
shared)
    try gcc $flags "$here/prefixed.c" $(pkg-config --cflags --libs acre) -o prefixed
    LD_LIBRARY_PATH=$lib try ./prefixed libc
    version=$(pkg-config --modversion acre)
    "$prefix/bin/acre" version | grep -qwF "$version" ||
        fail "acre.pc and the command disagree about the version"
    ;;
static)
    try gcc $flags "$here/served.c" "$lib/acre.o" -o served_object
    try ./served_object acre
    try gcc $flags "$here/served.c" -L"$lib" -l:libacre.a -o served_archive
    try ./served_archive acre
    try gcc $flags "$here/prefixed.c" $(pkg-config --cflags --libs acre-static) -o prefixed
    try ./prefixed acre
    ;;
static_cxx)
    try g++ $flags "$here/operators.cc" $(pkg-config --cflags --libs acre-static) -o operators
    try ./operators
    try g++ -static $flags "$here/operators.cc" $(pkg-config --cflags --libs acre-static) -o operators_static
    try ./operators_static
    ;;
fully_static)
    # The linker warns that getaddrinfo and dlopen need the shared libc at run time; that is meant.
    try gcc -static $flags "$here/everything.c" $(pkg-config --cflags --libs acre-static) -o everything
    try ./everything
    try gcc -static $flags "$here/everything.c" -I"$prefix/include" -L"$lib" -lacre -o everything_archive
    try ./everything_archive
    ;;
cmake)
    try cmake -S "$here" -B . -DCMAKE_PREFIX_PATH="$prefix" >configure.log
    try cmake --build . >build.log
    try ./prefixed libc
    try ./overridden acre
    try ./preloaded.sh
    ;;
one_file)
    try "$top/tools/amalgamate" "$work"
    for cc in gcc clang; do
        try $cc -O2 -c acre.c -o acre_$cc.o
        try $cc $flags -I. "$here/served.c" acre_$cc.o -o served_$cc
        try ./served_$cc acre
        try $cc -static $flags -I"$prefix/include" "$here/everything.c" acre_$cc.o -o everything_$cc
        try ./everything_$cc
        try $cc -O2 -fPIC -shared -fvisibility=hidden acre.c -o libpreload_$cc.so
        LD_PRELOAD=./libpreload_$cc.so try ./served_$cc acre
        ! readelf -rW libpreload_$cc.so | grep -E 'DTPMOD|TLSDESC' || fail "the one file needs __tls_get_addr"
        try g++ $flags -I"$prefix/include" "$here/operators.cc" acre_$cc.o -o operators_$cc
        try ./operators_$cc
    done
    ;;
moved)
    cp -a "$prefix" elsewhere
    PKG_CONFIG_PATH=$work/elsewhere/lib/pkgconfig
    try gcc $flags "$here/prefixed.c" $(pkg-config --cflags --libs acre-static) -o prefixed
    try ./prefixed acre
    try gcc $flags "$here/served.c" -o served
    try elsewhere/bin/acre run -q -- ./served acre
    ;;
destdir)
    DESTDIR=$work/root try cmake --install "$ACRE_TEST_BUILD" --prefix /usr >install.log
    [ -e root/usr/lib/libacre.so.1 ] || fail "DESTDIR was not obeyed"
    ( cd root/usr && find . -type f -o -type l ) | sort >here.txt
    ( cd "$prefix" && find . -type f -o -type l ) | sort >there.txt
    try diff here.txt there.txt
    ;;
*)
    fail "no such way"
    ;;
esac
say "install.$way: fine"
