#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The libraries use at most 16 bytes of static TLS, by the initial-exec model: __tls_get_addr would allocate
# from inside malloc, and a bigger block would not fit into a process that opens the library late. They cannot
# be unloaded (a key destructor of a thread would point into nothing).
set -eu
status=0
fail() {
    echo "$library: $1" >&2
    status=1
}
for library in libacre-preload.so libacre.so.1; do
    path=$ACRE_TEST_BUILD/$library
    [ -e "$path" ] || { fail "is missing from the build"; continue; }
    bytes=$(readelf -lW "$path" | awk '$1 == "TLS" { print $6 }')
    echo "$library: TLS segment of $((${bytes:-0})) bytes, bound 16" >&2
    [ $((${bytes:-0})) -le 16 ] || fail "TLS segment over 16 bytes"
    if readelf -sW --dyn-syms "$path" | grep -q __tls_get_addr; then
        fail "uses __tls_get_addr: compile with -ftls-model=initial-exec"
    fi
    if readelf -rW "$path" | grep -Eq 'R_X86_64_(DTPMOD64|TLSDESC)|R_AARCH64_TLS(DESC|_DTPMOD)'; then
        fail "has a relocation of the general-dynamic TLS model"
    fi
    readelf -dW "$path" | grep -q NODELETE || fail "can be unloaded: link with -z nodelete"
done
exit $status
