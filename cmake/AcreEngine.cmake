# SPDX-License-Identifier: MIT
#
# AcreEngine.cmake -- the allocator: one set of objects, linked four ways.
#
#   acre-engine    objects of src/{base,os,core,watch,heap,report,verify,api}
#   acre-override  objects of src/override: malloc and its family, the C++ operators
#   acre-shared    libacre.so.1        acre_* only; the program's malloc stays libc's
#   acre-preload   libacre-preload.so  acre_* and every malloc name, without version nodes (a node breaks
#                  interposition)
#   acre-object    acre.o, libacre.a   one relocatable object, so that a static link takes all malloc names or
#                  none

set(ACRE_FOLDERS base os core watch heap report verify api)
set(ACRE_WARNINGS -Wall -Wextra -Wconversion -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes)
if(ACRE_WERROR)
    list(APPEND ACRE_WARNINGS -Werror)
endif()

# Why each option is there:
#   -fno-builtin-*          the compiler must not turn our own code into calls of malloc or calloc, nor drop
#                           blocks
#   -fno-stack-protector    the helper thread is a raw clone without libc's TLS block, where the canary would
#                           be read
#   -ftls-model, -fno-plt   one load to the thread's heap; no lazy binding inside malloc
#   -fasynchronous-unwind-tables  exceptions of a new-handler pass through operator new; debuggers through
#                                 malloc
set(ACRE_ENGINE_FLAGS -std=gnu11 -O2 -g -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
    -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-plt
    -fno-semantic-interposition -fno-stack-protector
    -fasynchronous-unwind-tables
    -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free
    -fno-builtin-aligned_alloc -fno-builtin-posix_memalign)
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
    list(REMOVE_ITEM ACRE_ENGINE_FLAGS -fno-semantic-interposition)
    list(APPEND ACRE_ENGINE_FLAGS -Wno-ignored-optimization-argument)
endif()

if(ACRE_SANITIZE STREQUAL "address")
    set(ACRE_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(ACRE_SANITIZE STREQUAL "thread")
    # ThreadSanitizer's fixed shadow does not fit beside the widest address randomisation. It does not see
    # fences either, and GCC warns of each.
    set(ACRE_SANITIZE_FLAGS -fsanitize=thread $<$<C_COMPILER_ID:GNU>:-Wno-tsan>)
    set(ACRE_TEST_LAUNCHER setarch -R)
elseif(ACRE_SANITIZE)
    message(FATAL_ERROR "ACRE_SANITIZE is '${ACRE_SANITIZE}'; it can be address or thread")
endif()

add_custom_target(acre-artefacts)
if(ACRE_SANITIZE)
    return()
endif()

set(engine_sources)
foreach(folder IN LISTS ACRE_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.c)
    list(APPEND engine_sources ${found})
endforeach()
list(FILTER engine_sources EXCLUDE REGEX "/os_fake\\.c$") # the unit tests' machine, never shipped
file(GLOB override_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/override/*.c)

list(FILTER override_sources EXCLUDE REGEX "/(deepbind|sandbox|jemalloc_names|tcmalloc_names)\\.c$") # preload alone

# What is not on the way of a block is made small: the library's text is resident in every process.
set(small_sources ${engine_sources})
list(FILTER small_sources INCLUDE REGEX
    "/(verify|report|watch)/|/os/look_linux\\.c|/api/(stats|publish|profile|info|init|verify)|/core/(option|segment|fault|addresses)\\.c|/heap/(helper|trim|comb|show)\\.c")
set_source_files_properties(${small_sources} PROPERTIES COMPILE_OPTIONS -Os)

add_library(acre-engine OBJECT ${engine_sources})
add_library(acre-override OBJECT ${override_sources})
add_library(acre-preload-only OBJECT ${PROJECT_SOURCE_DIR}/src/override/deepbind.c
    ${PROJECT_SOURCE_DIR}/src/override/sandbox.c ${PROJECT_SOURCE_DIR}/src/override/jemalloc_names.c
    ${PROJECT_SOURCE_DIR}/src/override/tcmalloc_names.c)
foreach(part acre-engine acre-override acre-preload-only)
    target_compile_options(${part} PRIVATE ${ACRE_ENGINE_FLAGS} ${ACRE_WARNINGS})
    target_compile_definitions(${part} PRIVATE _GNU_SOURCE)
    target_include_directories(${part} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
endforeach()
target_compile_options(acre-override PRIVATE -fno-builtin -fexceptions)

# -z defs: an undefined name is an error now, not in the user's process; weak C++ names may stay open.
set(ACRE_LINK_FLAGS -Wl,-z,nodelete -Wl,-z,noseparate-code -Wl,-z,now -Wl,-z,relro -Wl,-z,defs -Wl,--as-needed
    -Wl,-Bsymbolic-functions -Wl,--build-id)
add_library(acre-shared SHARED $<TARGET_OBJECTS:acre-engine>)
add_library(acre-preload SHARED
    $<TARGET_OBJECTS:acre-engine> $<TARGET_OBJECTS:acre-override> $<TARGET_OBJECTS:acre-preload-only>)
foreach(library acre-shared acre-preload)
    target_include_directories(${library} INTERFACE ${PROJECT_SOURCE_DIR}/include)
    # The unwinder of the heap profiler is the library's own: a program may have none, or another.
    target_link_options(${library} PRIVATE ${ACRE_LINK_FLAGS} -static-libgcc -Wl,--exclude-libs,ALL)
    set_target_properties(${library} PROPERTIES
        LINKER_LANGUAGE C LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endforeach()
set_target_properties(acre-shared PROPERTIES OUTPUT_NAME acre SOVERSION 1)

set(exports ${PROJECT_SOURCE_DIR}/tools/exports.txt)
add_custom_command(
    OUTPUT ${PROJECT_BINARY_DIR}/acre.o ${PROJECT_BINARY_DIR}/libacre.a
    COMMAND ${CMAKE_LINKER} -r -o acre.o.part $<TARGET_OBJECTS:acre-engine> $<TARGET_OBJECTS:acre-override>
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbols=${exports} acre.o.part
    COMMAND ${CMAKE_COMMAND} -E rename acre.o.part acre.o
    COMMAND ${CMAKE_COMMAND} -E rm -f libacre.a
    COMMAND ${CMAKE_AR} rcs libacre.a acre.o
    DEPENDS acre-engine acre-override $<TARGET_OBJECTS:acre-engine> $<TARGET_OBJECTS:acre-override>
        ${exports}
    COMMAND_EXPAND_LISTS VERBATIM COMMENT "Linking acre.o and libacre.a")
add_custom_target(acre-object ALL DEPENDS ${PROJECT_BINARY_DIR}/acre.o)
add_dependencies(acre-artefacts acre-shared acre-preload acre-object)

find_program(ACRE_PYTHON NAMES python3)
add_custom_target(dist
    COMMAND ${ACRE_PYTHON} ${PROJECT_SOURCE_DIR}/tools/amalgamate ${PROJECT_BINARY_DIR}/dist
    COMMENT "Writing dist/acre.c and dist/acre.h")
