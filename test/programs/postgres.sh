#!/bin/sh
# SPDX-License-Identifier: MIT
#
# postgres.sh -- initdb, a server with its forked children under load from pgbench, sorts, an index, and 3000 errors
# caught in PL/pgSQL; the results are those on libc.
. "$(dirname "$0")/common.sh"
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort | tail -n 1)
[ -x "$bin/initdb" ] || skip "postgresql is not installed; as root: apt-get install postgresql"
as=
if [ "$(id -u)" = 0 ]; then # the server refuses root
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
    chmod 755 "$work"
fi

# on WHERE COMMAND...
on() {
    where=$1
    shift
    preload=
    [ "$where" = acre ] && preload="LD_PRELOAD=$ACRE_TEST_PRELOAD"
    # shellcheck disable=SC2086
    (cd "$work/$where" && plain_env $as env $preload "$@" </dev/null)
}

# session WHERE: what it prints goes to $work/WHERE.out.
session() {
    mkdir "$work/$1"
    [ -z "$as" ] || chown postgres "$work/$1"
    data=$work/$1/data
    on "$1" "$bin/initdb" -D "$data" -A trust -N >/dev/null || return
    at_end="on $1 $bin/pg_ctl -D $data -m immediate stop >/dev/null 2>&1"
    on "$1" "$bin/pg_ctl" -D "$data" -o "-k $work/$1 -h '' -c fsync=off" -l "$work/$1/log" -w start >/dev/null || return
    on "$1" "$bin/createdb" -h "$work/$1" base || return
    on "$1" "$bin/pgbench" -h "$work/$1" -i -q base 2>/dev/null || return
    on "$1" "$bin/pgbench" -h "$work/$1" -n -c 4 -j 2 -t 200 base 2>&1 | grep -E 'actually processed|failed tr'
    on "$1" "$bin/psql" -h "$work/$1" -At -c "
        create table t as select g, md5(g::text) m, repeat('x', g % 1000) r from generate_series(1, 30000) g;
        create index on t (m); analyze;
        select count(distinct substr(m, 1, 2)), sum(length(r)), md5(string_agg(m, ',' order by m)) from t;
        select md5(jsonb_object_agg(g, m)::text) from t where g < 2000;
        do \$\$ begin for i in 1..3000 loop begin perform 1 / (i % 3); exception when others then null; end; end loop;
           end \$\$" base
    server=$(head -n 1 "$data/postmaster.pid")
    grep -c 'libacre-preload' "/proc/$server/maps" >"$work/$1.maps"
    on "$1" "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null
    at_end=
    grep -E 'terminated by|PANIC|acre:' "$work/$1/log"
}

session libc >"$work/libc.out" 2>&1
session acre >"$work/acre.out" 2>&1
compare "postgres" out "what the database says"
[ "$(wc -l <"$work/libc.out")" -ge 6 ] || bad "the session did not come to its end: $(tail -n 3 "$work/libc.out")"
[ "$(cat "$work/acre.maps")" -gt 0 ] || bad "the server ran without acre"
[ "$(cat "$work/libc.maps")" = 0 ] || bad "the server for comparison ran on acre"
finish
