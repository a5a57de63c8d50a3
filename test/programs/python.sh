#!/bin/sh
# python.sh -- python3 at work, as it comes and with every object sent through malloc: parsing, JSON, threads, forked pools, extensions.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"

LEAST_KIB=4000
same "objects" "$python" "$inputs/objects.py" 60
same "objects, all through malloc" env PYTHONMALLOC=malloc "$python" "$inputs/objects.py" 60
same "objects, with python's own checks" env PYTHONMALLOC=malloc_debug "$python" "$inputs/objects.py" 25
same "threads and pools" env PYTHONMALLOC=malloc "$python" "$here/pools.py"
finish
