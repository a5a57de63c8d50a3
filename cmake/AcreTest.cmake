# SPDX-License-Identifier: MIT
#
# AcreTest.cmake -- how tests are built and registered with ctest. `make check` builds and runs all of them.
#
# A folder test/NAME with a CMakeLists.txt is picked up by itself; in there, call
#
#   acre_preload_test(NAME SOURCES... [CASES c...] [ARGS a...] [ENV k=v...] [LIBS l...] [FLAGS f...]
#                     [TIMEOUT s] [SERIAL] [NO_PRELOAD])
#       Builds build/test/NAME from C or C++ sources (relative to the caller's folder) and runs it with
#       LD_PRELOAD=build/libacre-preload.so. NO_PRELOAD: the test sets LD_PRELOAD itself (from
#       ACRE_TEST_PRELOAD).
#
#   acre_static_test(NAME SOURCES... [the same options])
#       The same, but acre.o is linked into the program and nothing is preloaded.
#
#   acre_shared_test(NAME SOURCES... [the same options])
#       The same, linked with libacre.so.1: malloc stays libc's, only acre_* is acre's.
#
#   acre_unit_test(NAME SOURCES... [MODULES src/...c...] [THREADS] [the same options])
#       A cmocka program compiled together with those engine files (relative to the top of the tree; `os/fake`
#       files too) and run without preload. Built and run once more with ASan and UBSan, and, when THREADS is
#       given, with TSan. A MODULES file may be a pattern (src/base/*.c).
#
#   acre_script_test(NAME SCRIPT [ARGS a...] [ENV k=v...] [TIMEOUT s] [SERIAL])
#       Runs a script; *.py with python3, *.sh with sh, anything else is executed. The path is relative to the
#       caller's folder.
#
#   acre_test_program(NAME SOURCES... [LIBS l...] [FLAGS f...])   a program that tests start; not a test
#                                                                 itself
#   acre_test_library(NAME SOURCES... [LIBS l...] [FLAGS f...])   build/test/NAME.so, to be preloaded or
#                                                                 dlopened
#
# CASES     registers one test for every case, NAME.case, run as `NAME case ARGS...`; without it one test,
#           NAME.
# SERIAL    no other test runs at the same time; for everything that measures memory or time.
# TIMEOUT   seconds, 120 unless given.
# FLAGS     more compiler options (e.g. -Wno-error=free-nonheap-object for a planted crime).
# Exit status 77 means skipped. Exit status 0 means passed. Anything else has failed; its output is shown.
# A test that needs a real program names its Debian package in test/FOLDER/packages, one a line; `make check`
# installs them as root. Where it cannot, the program is absent and the test has to skip itself.
#
# Every test finds in its environment:
#   ACRE_TEST_PRELOAD  absolute path of libacre-preload.so     ACRE_TEST_BUILD   the build folder
#   ACRE_TEST_SOURCE   the top of the source tree              ACRE_TEST_BIN     folder of the test programs
#   ACRE_TEST_COMMAND  absolute path of the `acre` command
# and runs in the folder of the test programs. Tests are compiled with -O1 -fno-builtin and the house's
# warnings, so that the compiler does not remove or merge the allocations they are about.
#
# cmake -DACRE_TEST_ALLOCATOR=libc registers the preload tests without acre, to learn what glibc does.
# Name tests FOLDER.SUBJECT (abi.errno, life.fork): names are global, `ctest -R ^abi` runs a folder.

set(ACRE_TEST_ALLOCATOR acre CACHE STRING "What the preload tests run on: acre or libc")
set(ACRE_TEST_BIN ${PROJECT_BINARY_DIR}/test)
set(ACRE_TEST_TIMEOUT 120)
set(ACRE_TEST_C_WARNINGS -Wall -Wextra -Wconversion -Wshadow)
if(ACRE_WERROR)
    list(APPEND ACRE_TEST_C_WARNINGS -Werror)
endif()

add_custom_target(tests COMMENT "Test programs are built")
add_dependencies(tests acre-artefacts)

set(acre_test_flags SERIAL NO_PRELOAD THREADS)
set(acre_test_values TIMEOUT)
set(acre_test_lists CASES ARGS ENV LIBS FLAGS MODULES)

# Options every test program is compiled with, and its place in the build.
function(acre_test_target target)
    cmake_parse_arguments(PARSE_ARGV 1 T "" "" "LIBS;FLAGS")
    target_include_directories(${target} PRIVATE
        ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/test)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE -O1 -g -fno-builtin ${ACRE_TEST_C_WARNINGS}
        $<$<COMPILE_LANGUAGE:C>:-std=gnu11>
        $<$<COMPILE_LANGUAGE:CXX>:-std=gnu++17>
        $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-allocation-dce>
        $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:Clang>>:-fsized-deallocation>
        ${T_FLAGS})
    target_link_libraries(${target} PRIVATE ${T_LIBS} Threads::Threads ${CMAKE_DL_LIBS})
    set_target_properties(${target} PROPERTIES
        EXCLUDE_FROM_ALL ON
        RUNTIME_OUTPUT_DIRECTORY ${ACRE_TEST_BIN}
        LIBRARY_OUTPUT_DIRECTORY ${ACRE_TEST_BIN})
    add_dependencies(tests ${target})
endfunction()

# Registers one test. PRELOAD is a library to preload or empty.
function(acre_test_register name)
    cmake_parse_arguments(PARSE_ARGV 1 T "SERIAL" "TIMEOUT;PRELOAD" "COMMAND;ENV")
    add_test(NAME ${name} COMMAND ${T_COMMAND} WORKING_DIRECTORY ${ACRE_TEST_BIN})
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT ${ACRE_TEST_TIMEOUT})
    endif()
    set(environment
        ACRE_TEST_PRELOAD=${PROJECT_BINARY_DIR}/libacre-preload.so
        ACRE_TEST_COMMAND=${PROJECT_BINARY_DIR}/acre
        ACRE_TEST_BUILD=${PROJECT_BINARY_DIR}
        ACRE_TEST_SOURCE=${PROJECT_SOURCE_DIR}
        ACRE_TEST_BIN=${ACRE_TEST_BIN}
        ${T_ENV})
    if(T_PRELOAD)
        list(APPEND environment LD_PRELOAD=${T_PRELOAD})
    endif()
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${T_TIMEOUT} SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
    if(T_SERIAL)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()

# Registers a program once, or once for each of its cases.
function(acre_test_register_cases name preload)
    cmake_parse_arguments(PARSE_ARGV 2 T "${acre_test_flags}" "${acre_test_values}" "${acre_test_lists}")
    set(serial)
    if(T_SERIAL)
        set(serial SERIAL)
    endif()
    set(common PRELOAD "${preload}" TIMEOUT "${T_TIMEOUT}" ${serial} ENV ${T_ENV})
    if(NOT T_CASES)
        acre_test_register(${name} COMMAND ${ACRE_TEST_LAUNCHER} ${ACRE_TEST_BIN}/${name} ${T_ARGS} ${common})
    endif()
    foreach(case IN LISTS T_CASES)
        acre_test_register(${name}.${case}
            COMMAND ${ACRE_TEST_LAUNCHER} ${ACRE_TEST_BIN}/${name} ${case} ${T_ARGS} ${common})
    endforeach()
endfunction()

function(acre_preload_test name)
    if(ACRE_SANITIZE)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 T "${acre_test_flags}" "${acre_test_values}" "${acre_test_lists}")
    add_executable(${name} ${T_UNPARSED_ARGUMENTS})
    acre_test_target(${name} LIBS ${T_LIBS} FLAGS ${T_FLAGS})
    set(preload ${PROJECT_BINARY_DIR}/libacre-preload.so)
    if(T_NO_PRELOAD OR ACRE_TEST_ALLOCATOR STREQUAL "libc")
        set(preload)
    endif()
    acre_test_register_cases(${name} "${preload}" ${ARGN})
endfunction()

function(acre_static_test name)
    if(ACRE_SANITIZE)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 T "${acre_test_flags}" "${acre_test_values}" "${acre_test_lists}")
    add_executable(${name} ${T_UNPARSED_ARGUMENTS})
    acre_test_target(${name} LIBS ${PROJECT_BINARY_DIR}/acre.o ${T_LIBS} FLAGS ${T_FLAGS})
    add_dependencies(${name} acre-artefacts)
    set_target_properties(${name} PROPERTIES LINK_DEPENDS ${PROJECT_BINARY_DIR}/acre.o)
    acre_test_register_cases(${name} "" ${ARGN})
endfunction()

function(acre_shared_test name)
    if(ACRE_SANITIZE)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 T "${acre_test_flags}" "${acre_test_values}" "${acre_test_lists}")
    add_executable(${name} ${T_UNPARSED_ARGUMENTS})
    acre_test_target(${name} LIBS acre-shared ${T_LIBS} FLAGS ${T_FLAGS})
    acre_test_register_cases(${name} "" ${ARGN})
endfunction()

function(acre_unit_test name)
    cmake_parse_arguments(PARSE_ARGV 1 T "${acre_test_flags}" "${acre_test_values}" "${acre_test_lists}")
    if(ACRE_SANITIZE STREQUAL "thread" AND NOT T_THREADS)
        return()
    endif()
    if(NOT CMOCKA_FOUND)
        acre_test_register(${name}
            COMMAND sh -c "echo 'libcmocka-dev is missing: run tools/setup check'; exit 1")
        return()
    endif()
    set(modules)
    foreach(pattern IN LISTS T_MODULES)
        file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${pattern})
        if(NOT found)
            message(FATAL_ERROR "acre_unit_test(${name}): no file matches ${pattern}")
        endif()
        list(APPEND modules ${found})
    endforeach()
    add_executable(${name} ${T_UNPARSED_ARGUMENTS} ${modules})
    acre_test_target(${name} LIBS ${CMOCKA_LIBRARIES} ${T_LIBS} FLAGS ${ACRE_SANITIZE_FLAGS} ${T_FLAGS})
    target_include_directories(${name} PRIVATE ${CMOCKA_INCLUDE_DIRS})
    target_link_options(${name} PRIVATE ${ACRE_SANITIZE_FLAGS})
    acre_test_register_cases(${name} "" ${ARGN})
endfunction()

function(acre_script_test name script)
    if(ACRE_SANITIZE)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 2 T "SERIAL" "TIMEOUT" "ARGS;ENV")
    get_filename_component(path ${script} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    set(interpreter)
    if(path MATCHES "\\.py$")
        set(interpreter python3)
    elseif(path MATCHES "\\.sh$")
        set(interpreter sh)
    endif()
    set(serial)
    if(T_SERIAL)
        set(serial SERIAL)
    endif()
    acre_test_register(${name} COMMAND ${interpreter} ${path} ${T_ARGS}
        TIMEOUT "${T_TIMEOUT}" ${serial} ENV ${T_ENV})
endfunction()

function(acre_test_program name)
    if(ACRE_SANITIZE)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 T "" "" "LIBS;FLAGS")
    add_executable(${name} ${T_UNPARSED_ARGUMENTS})
    acre_test_target(${name} LIBS ${T_LIBS} FLAGS ${T_FLAGS})
endfunction()

function(acre_test_library name)
    if(ACRE_SANITIZE)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 T "" "" "LIBS;FLAGS")
    add_library(${name} MODULE ${T_UNPARSED_ARGUMENTS})
    set_target_properties(${name} PROPERTIES PREFIX "")
    acre_test_target(${name} LIBS ${T_LIBS} FLAGS -fPIC ${T_FLAGS})
endfunction()
