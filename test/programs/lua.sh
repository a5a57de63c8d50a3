#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lua.sh -- lua5.4: tables, strings, closures, coroutines, garbage collection in both modes.
. "$(dirname "$0")/common.sh"
need lua5.4 lua5.4

LEAST_KIB=2000
same "tables and strings" lua5.4 "$inputs/tables.lua" 60
same "coroutines and collection" lua5.4 "$here/coroutines.lua"
finish
