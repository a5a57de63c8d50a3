#!/bin/sh
# SPDX-License-Identifier: MIT
#
# php.sh -- PHP, alone and with its extensions. It opens those with RTLD_DEEPBIND, so that their malloc would be
# libc's while that of the program is acre's: the first such block that one side hands the other ended both. Without
# PHP's own allocator (USE_ZEND_ALLOC=0) every object is a block.
. "$(dirname "$0")/common.sh"
need php php-cli
LEAST_KIB=1000
same "without extensions" php -n "$here/objects.php"
same "with extensions" php "$here/objects.php"
LEAST_KIB=10000
VARIABLES="USE_ZEND_ALLOC=0"
same "with acre alone" php "$here/objects.php"
finish
