#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh -- compiles the engine of a source tree for the checker, and the checker.
#
#   build.sh SRC FOLDER      FOLDER/model is made from SRC/{base,core,watch,heap,verify,os/lock.c}
#
# GCC alone: the code has to know by a macro that the compiler reports its accesses, and Clang has another.
set -e
here=$(cd "$(dirname "$0")" && pwd)
src=$1
out=$2
mkdir -p "$out"
common="-std=gnu11 -O1 -g -D_GNU_SOURCE -I$src -I$here -I$here/../../include -fno-builtin -fno-stack-protector -no-pie -fno-pie"
seen="-fsanitize=thread --param tsan-instrument-func-entry-exit=0 -Wno-tsan"
seen="$seen -Dmemcpy=race_memcpy -Dmemmove=race_memmove -Dmemset=race_memset"
seen="$seen -Dpthread_key_create=race_key_create -Dpthread_setspecific=race_setspecific"
for file in "$src"/base/*.c "$src"/core/*.c "$src"/watch/*.c "$src"/heap/*.c "$src"/verify/*.c "$src"/os/lock.c "$here/scenarios.c"; do
    echo "$common $seen -c $file -o $out/$(echo "${file#"$src"}" | tr / _).o"
done >"$out/commands"
for file in checker memory calls machine ../support/bare_os; do
    echo "$common -O2 -c $here/$file.c -o $out/$(basename "$file").o"
done >>"$out/commands"
rm -f "$out"/*.o
tr '\n' '\0' <"$out/commands" | xargs -0 -P "$(nproc)" -I@ sh -c "gcc @"
gcc -no-pie -o "$out/model" "$out"/*.o -lpthread
