#!/bin/sh
# SPDX-License-Identifier: MIT
#
# stl.sh -- stl.cc, a C++ program of many threads.
. "$(dirname "$0")/common.sh"
: "${ACRE_TEST_BIN:?run by ctest, or set it to the folder of the built test programs}"

LEAST_KIB=1000
same "stl and pmr" "$ACRE_TEST_BIN/programs-stl"
finish
