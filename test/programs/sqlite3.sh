#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sqlite3.sh -- sqlite3: a database in memory, one in a file that must come out byte for byte the same, a
# dump.
. "$(dirname "$0")/common.sh"
need sqlite3 sqlite3

sed 's/@N@/30000/g' "$inputs/orders.sql" >"$work/orders.sql"
FILES=$work/orders.sql
LEAST_KIB=2000
same "in memory" sqlite3 :memory: ".read orders.sql"
same "in a file" sqlite3 shop.db ".read orders.sql" "PRAGMA journal_mode = WAL;" "VACUUM;" "ANALYZE;"
LEAST_KIB=0 # the shell is the one that claims the proof
same "dump" sh -c 'sqlite3 shop.db ".read orders.sql" >/dev/null && exec sqlite3 shop.db .dump'
[ -s "$work/acre/shop.db" ] || bad "no database was written"
finish
