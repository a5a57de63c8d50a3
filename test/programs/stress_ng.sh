#!/bin/sh
# SPDX-License-Identifier: MIT
#
# stress_ng.sh -- stress-ng's stressors of malloc, in processes and threads, each checking what it wrote.
. "$(dirname "$0")/common.sh"
need stress-ng stress-ng

# stressor NAME OPTIONS...: a bounded number of operations, all of which must be done and verified, as on
# libc.
stressor() {
    name=$1
    shift
    for where in libc acre; do
        run_in $where stress-ng --temp-path . --no-rand-seed --verify --metrics-brief --timeout 15 "$@"
        cat "$work/$where.err" >>"$work/$where.out"
        grep -o -E 'successful run completed|metrc: .[0-9]+. [a-z]+ +[0-9]+ ' "$work/$where.out" |
            sed 's/.*\] //' | sort >"$work/$where.verdict"
    done
    compare "$name" status "exit status"
    # Threads stop at the limit each in its own time, so only then may the count differ.
    case $* in *pthreads*) ;; *) compare "$name" verdict "the verdict" ;; esac
    grep -q 'successful run' "$work/acre.verdict" || bad "$name: $(tail -n 3 "$work/acre.out")"
    grep -q -E '[1-9][0-9]* $' "$work/acre.verdict" || bad "$name: no operation was done"
    grep -E 'fail:|error:' "$work/acre.out" && bad "$name: verification failed, see above"
    served "$name"
}

LEAST_KIB=1
stressor "processes" --malloc 2 --malloc-ops 40000 --malloc-bytes 64k --malloc-touch
stressor "threads" --malloc 1 --malloc-pthreads 3 --malloc-ops 40000 --malloc-bytes 16k --malloc-touch
stressor "large" --malloc 2 --malloc-ops 4000 --malloc-bytes 4m --malloc-max 64 --malloc-thresh 64k
stressor "zeroed on free" --malloc 1 --malloc-pthreads 2 --malloc-ops 20000 --malloc-bytes 8k \
    --malloc-zerofree
stressor "trees and lists" --tree 1 --tree-ops 10 --tree-size 20000 \
    --skiplist 1 --skiplist-ops 40 --list 1 --list-ops 60
finish
