# SPDX-License-Identifier: MIT
#
# AcreCommand.cmake -- the command `acre`, from cli/.

file(GLOB command_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/*.c)
if(NOT command_sources)
    return()
endif()
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

# `acre top` draws with ncurses where that is installed; without it the command is built all the same.
option(ACRE_CURSES "Draw acre top with ncurses, if it is installed" ON)
if(ACRE_CURSES)
    pkg_check_modules(CURSES ncursesw)
endif()
if(CURSES_FOUND)
    list(FILTER command_sources EXCLUDE REGEX "/screen_none\\.c$")
else()
    message(STATUS "acre top: no ncursesw (libncurses-dev), so it prints plain screens only")
    list(FILTER command_sources EXCLUDE REGEX "/screen_curses\\.c$")
endif()

# The sums over a segment and the rows of statistics are those of the library.
add_executable(acre ${command_sources} ${PROJECT_SOURCE_DIR}/src/core/stat.c ${PROJECT_SOURCE_DIR}/src/report/sum.c)
target_include_directories(acre PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(acre PRIVATE _GNU_SOURCE)
target_compile_options(acre PRIVATE -std=gnu11 -O2 -g
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. ${ACRE_WARNINGS})
target_link_options(acre PRIVATE -Wl,-z,now -Wl,-z,relro -Wl,--as-needed)
target_link_libraries(acre PRIVATE m)
# The static library where there is one, so that the command runs on machines that do not have the shared one.
find_library(JANSSON_STATIC libjansson.a)
if(JANSSON_STATIC)
    target_link_libraries(acre PRIVATE ${JANSSON_STATIC})
else()
    target_link_libraries(acre PRIVATE PkgConfig::JANSSON)
endif()
if(CURSES_FOUND)
    find_library(CURSES_STATIC libncursesw.a)
    find_library(TINFO_STATIC libtinfo.a)
    if(CURSES_STATIC AND TINFO_STATIC)
        target_link_libraries(acre PRIVATE ${CURSES_STATIC} ${TINFO_STATIC})
    else()
        target_link_libraries(acre PRIVATE ${CURSES_LDFLAGS})
    endif()
endif()
set_target_properties(acre PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
add_dependencies(acre-artefacts acre)
