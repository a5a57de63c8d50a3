#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The mixed workload under qemu's user mode, a system that lacks some kinds of memory advice and lies about
# others. The program forks before it has threads: qemu's own locks do not survive a fork among threads.
# Arguments: the workload program. Skipped (77) where qemu-user is not installed.
set -eu
machine=$(uname -m)
if ! command -v "qemu-$machine" > /dev/null; then
    echo "skipped: qemu-$machine is not here (apt-get install qemu-user); emulation is NOT tested" >&2
    exit 77
fi
if [ ! -e "$ACRE_TEST_PRELOAD" ]; then
    echo "$ACRE_TEST_PRELOAD is missing: build it first" >&2
    exit 1
fi
exec "qemu-$machine" -E LD_PRELOAD="$ACRE_TEST_PRELOAD" "$1" 10 fork_alone
