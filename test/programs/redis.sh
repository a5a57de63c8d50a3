#!/bin/sh
# SPDX-License-Identifier: MIT
#
# redis.sh -- redis-server under load, with a snapshot by a forked child. Debian links it with jemalloc: acre
# has to serve it all the same.
. "$(dirname "$0")/common.sh"
need redis-benchmark redis-tools

load="$python $inputs/redis-load 30 --snapshot --"
# shellcheck disable=SC2086
$load redis-server >"$work/libc.out" 2>"$work/libc.err" ||
    bad "the server fails without acre: $(tail -n 3 "$work/libc.err")"
"$python" "$here/state.py" new "$work/state"
# shellcheck disable=SC2086
$load env LD_PRELOAD="$ACRE_TEST_PRELOAD" ACRE_CONF="state=$work/state" \
    LD_DEBUG=bindings LD_DEBUG_OUTPUT="$work/bindings" redis-server \
    >"$work/acre.out" 2>"$work/acre.err" || bad "the server fails on acre: $(tail -n 3 "$work/acre.err")"
compare "redis" out "the data set's digest (libc's column: what the server is linked with)"
[ "$(wc -l <"$work/acre.out")" = 3 ] || bad "the load did not come to its end"
LEAST_KIB=4000
served "redis-server"

# Whatever the server is linked with, the loader must have bound its calls to acre; the other allocator's
# calls of itself do not matter.
cat "$work"/bindings.* | grep -E "normal symbol .(malloc|calloc|realloc|free|malloc_usable_size)'" |
    grep -v -E 'binding file [^ ]*(libacre|libjemalloc|ld-linux)' >"$work/calls"
[ "$(grep -c "to $ACRE_TEST_PRELOAD " "$work/calls")" -ge 2 ] || bad "no call of the server was bound to acre"
if grep -v "to $ACRE_TEST_PRELOAD " "$work/calls" >"$work/strays"; then
    bad "calls bound elsewhere: $(sed 's/.*binding file //' "$work/strays" | head -n 3)"
fi
finish
