# SPDX-License-Identifier: MIT
#
# AcreChecks.cmake -- the house checks, registered as tests named house.*; each is a tool that also runs by
# hand.

if(ACRE_SANITIZE)
    return()
endif()

foreach(check layers headers symbols docs fastpath format tidy warnings)
    set(arguments)
    if(check MATCHES "layers|symbols|fastpath|tidy|warnings")
        set(arguments ${PROJECT_BINARY_DIR})
    endif()
    add_test(NAME house.${check} COMMAND ${PROJECT_SOURCE_DIR}/tools/check-${check} ${arguments})
    set_tests_properties(house.${check} PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME house.instructions COMMAND ${PROJECT_SOURCE_DIR}/bench/instructions --check ${PROJECT_BINARY_DIR})
set_tests_properties(house.instructions PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
add_test(NAME house.summary COMMAND ${PROJECT_SOURCE_DIR}/bench/summary --check)
add_test(NAME house.sizeclass COMMAND ${PROJECT_SOURCE_DIR}/tools/gen-sizeclass --check)
add_test(NAME house.man COMMAND ${PROJECT_SOURCE_DIR}/tools/gen-man --check)
