# SPDX-License-Identifier: MIT
#
# AcreCoverage.cmake -- makes the engine count its lines and branches; tools/coverage hands it to the build as
# CMAKE_PROJECT_acre_INCLUDE. Clang only: its counters can lie in a mapped file, so that what a process did
# counts however it ends (abort, _exit, a signal), and that of forked children as well. Test programs are not
# instrumented, but those that contain the engine need the runtime.

set(ACRE_COVERAGE_FLAGS -fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation)

function(acre_count_coverage)
    foreach(target acre-engine acre-override unit-engine)
        target_compile_options(${target} PRIVATE ${ACRE_COVERAGE_FLAGS})
    endforeach()
    foreach(target acre-shared acre-preload)
        target_link_options(${target} PRIVATE -fprofile-instr-generate)
    endforeach()
    target_link_options(unit-engine PUBLIC -fprofile-instr-generate)
endfunction()

cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL acre_count_coverage)
