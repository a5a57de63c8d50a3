#!/bin/sh
# SPDX-License-Identifier: MIT
#
# git.sh -- git: a repository made, cloned, packed by several threads, collected and checked.
. "$(dirname "$0")/common.sh"
need git git

# Packs made by threads may differ byte for byte, so what is compared is what they hold.
cat >"$work/history" <<'END'
set -e
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@d
export GIT_CONFIG_NOSYSTEM=1
git -c init.defaultBranch=main init -q repo
cd repo
mkdir d0 d1 d2 d3 d4
i=0
while [ $i -lt 12 ]; do
    for f in 1 2 3 4 5 6 7 8 9 10; do
        awk -v i=$i -v f=$f 'BEGIN {
            for (n = 0; n < 200; n++) print "line", n * f % 97, (n % (i + 3) == 0) ? i : ""
        }' >"d$(((i + f) % 5))/f$f"
    done
    git add -A
    git commit -q -m "change $i"
    [ $i != 5 ] || git branch side
    i=$((i + 1))
done
git checkout -q side
echo other >d0/other && git add d0/other && git commit -q -m other
git checkout -q main
git merge -q -m merge side
git log --stat --format='%H %s'
git log -p --all | git hash-object --stdin
cd ..
git clone -q --no-local repo copy
git -C copy -c pack.threads=2 -c gc.autoDetach=false gc -q --aggressive --prune=now
git -C copy -c pack.threads=2 repack -q -a -d -f --depth=20 --window=30
git -C copy fsck --full --strict 2>&1
git -C copy rev-list --objects --all | sort
git -C copy grep -c 'line 42' main | sort
git -C copy blame -s d1/f3 | tail -n 3
git -C copy diff --stat main~3 main
rm -rf copy repo
END
LEAST_KIB=0 # the shell is the one that claims the proof
FILES=$work/history
same "history" sh history
[ "$(wc -l <"$work/acre.out")" -gt 100 ] || bad "the history printed is too short"

# Now itself, which must be served too: it packs with two threads.
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@d
git -c init.defaultBranch=main init -q "$work/big"
"$python" - "$work/big" <<'END'
import sys
for i in range(400):
    with open("%s/file%d" % (sys.argv[1], i), "w") as file:
        file.write("".join("%d %d\n" % (n, n * i % 1009) for n in range(400)))
END
git -C "$work/big" add -A
git -C "$work/big" commit -q -m big
FILES=$work/big
LEAST_KIB=200
for where in libc acre; do
    run_in $where git -C big pack-objects --all --threads=2 --window=20 -q ../made
    [ "$(cat "$work/$where.status")" = 0 ] ||
        bad "pack-objects on $where: status $(cat "$work/$where.status"), $(cat "$work/$where.err")"
    for index in "$work/$where"/made-*.idx; do
        git verify-pack -v "$index" | awk '$2 ~ /commit|tree|blob/ { print $1, $2 }' | sort
    done >"$work/$where.objects"
done
served "pack-objects with two threads"
compare "pack-objects" objects "what the pack holds"
[ "$(wc -l <"$work/acre.objects")" -gt 400 ] ||
    bad "the pack holds $(wc -l <"$work/acre.objects") objects, too few"
finish
