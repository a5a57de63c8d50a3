#!/bin/sh
# SPDX-License-Identifier: MIT
#
# node.sh -- node: buffers, compression, worker threads, a server and clients on a socket file, a child
# process.
. "$(dirname "$0")/common.sh"
need node nodejs

LEAST_KIB=2000
same "documents and a worker" node "$inputs/documents.js" 60
same "workers, streams, a server, a child" node "$here/workers.js"
finish
