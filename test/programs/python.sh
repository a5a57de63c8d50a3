#!/bin/sh
# SPDX-License-Identifier: MIT
#
# python.sh -- python3 at work, as it comes and with every object sent through malloc: parsing, JSON, threads,
# forked pools, extensions.
. "$(dirname "$0")/common.sh"

LEAST_KIB=4000
same "objects" "$python" "$inputs/objects.py" 60
VARIABLES=PYTHONMALLOC=malloc
same "objects, all through malloc" "$python" "$inputs/objects.py" 60
VARIABLES=PYTHONMALLOC=malloc_debug
same "objects, with python's own checks" "$python" "$inputs/objects.py" 25
VARIABLES=PYTHONMALLOC=malloc
same "threads and pools" "$python" "$here/pools.py"
finish
