#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Both settings of transparent huge pages: the workload runs, and the resident memory of a start stays in its
# bounds also when the kernel gives huge pages to whoever maps 2 MiB. The setting is the machine's; it is put
# back whatever happens. Arguments: programs to run one after the other. Skipped (77) without permission.
set -eu
setting=/sys/kernel/mm/transparent_hugepage/enabled
if ! [ -w "$setting" ]; then
    echo "skipped: $setting cannot be written; huge pages on and off are NOT tested here" >&2
    exit 77
fi
before=$(sed 's/.*\[\(.*\)\].*/\1/' "$setting")
trap 'echo "$before" > "$setting"' EXIT
trap 'exit 1' HUP INT TERM
for mode in never always; do
    echo "$mode" > "$setting"
    echo "transparent huge pages: $mode" >&2
    for program in "$@"; do
        case $program in
        *start_cost*) "$program" ;;
        *) LD_PRELOAD=$ACRE_TEST_PRELOAD "$program" 20 ;;
        esac
    done
done
