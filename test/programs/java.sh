#!/bin/sh
# SPDX-License-Identifier: MIT
#
# java.sh -- the compiler and a program with a pool of threads, direct buffers, native zlib and short-lived threads;
# see Blocks.java.
. "$(dirname "$0")/common.sh"
need javac default-jdk-headless
LEAST_KIB=5000
FILES=$here/Blocks.java
same "javac" javac -J-Xmx256m -J-XX:-UsePerfData -d . Blocks.java
run_in libc javac -J-XX:-UsePerfData -d . Blocks.java
cp "$work"/libc/*.class "$work"
FILES="$work/Blocks.class"
same "java" java -Xmx256m -XX:-UsePerfData Blocks
finish
