#!/bin/sh
# SPDX-License-Identifier: MIT
#
# nginx.sh -- nginx on socket files: files, compression, a proxy in front of itself; as one process and with
# two forked workers.
. "$(dirname "$0")/common.sh"
PATH=$PATH:/usr/sbin
need nginx nginx-light

for mode in single workers; do
    timeout 50 "$python" "$here/nginx.py" $mode nginx >"$work/libc.out" 2>"$work/libc.err" ||
        bad "$mode on libc: $(tail -n 3 "$work/libc.err")"
    "$python" "$here/state.py" new "$work/state"
    timeout 50 "$python" "$here/nginx.py" $mode \
        env LD_PRELOAD="$ACRE_TEST_PRELOAD" ACRE_CONF="state=$work/state" nginx \
        >"$work/acre.out" 2>"$work/acre.err" || bad "$mode on acre: $(tail -n 3 "$work/acre.err")"
    compare "$mode" out "what the clients were answered"
    [ "$(wc -l <"$work/acre.out")" = 1 ] || bad "$mode: the load did not come to its end"
    LEAST_KIB=200
    served "$mode"
done
finish
