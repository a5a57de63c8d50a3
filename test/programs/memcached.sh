#!/bin/sh
# SPDX-License-Identifier: MIT
#
# memcached.sh -- memcached with four threads and six clients on a socket file.
. "$(dirname "$0")/common.sh"
need memcached memcached

timeout 50 "$python" "$here/memcached.py" memcached >"$work/libc.out" 2>"$work/libc.err" ||
    bad "on libc: $(tail -n 3 "$work/libc.err")"
"$python" "$here/state.py" new "$work/state"
timeout 50 "$python" "$here/memcached.py" \
    env LD_PRELOAD="$ACRE_TEST_PRELOAD" ACRE_CONF="state=$work/state" memcached \
    >"$work/acre.out" 2>"$work/acre.err" || bad "on acre: $(tail -n 3 "$work/acre.err")"
compare "memcached" out "what the clients were answered"
[ "$(wc -l <"$work/acre.out")" = 3 ] || bad "the load did not come to its end"
LEAST_KIB=2000
served "memcached"
finish
