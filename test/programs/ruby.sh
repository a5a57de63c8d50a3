#!/bin/sh
# SPDX-License-Identifier: MIT
#
# ruby.sh -- threads, ractors, fibers, a forked child and compaction of the heap in one Ruby process; see
# objects.rb.
. "$(dirname "$0")/common.sh"
need ruby ruby
LEAST_KIB=20000
IGNORE_STDERR=1 # "Ractor is experimental", with a path
same "objects" ruby "$here/objects.rb"
finish
