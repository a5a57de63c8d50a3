# SPDX-License-Identifier: MIT
#
# aarch64.cmake -- the toolchain file for 64-bit ARM, with Debian's cross compiler. tools/check-aarch64 uses it and
# puts the libraries of that machine which tests need (cmocka, jansson, expat) into ACRE_AARCH64_ROOT.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(ACRE_AARCH64_ROOT ${CMAKE_BINARY_DIR}/root CACHE PATH "Where packages of aarch64 are unpacked")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ACRE_AARCH64_ROOT)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${ACRE_AARCH64_ROOT} /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${ACRE_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${ACRE_AARCH64_ROOT})
set(directory ${ACRE_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-L${directory} -Wl,-rpath,${directory}")
set(CMAKE_C_FLAGS_INIT "-isystem ${ACRE_AARCH64_ROOT}/usr/include")
