# SPDX-License-Identifier: MIT
#
# AcrePage.cmake -- the page of web/ as a C file, ACRE_PAGE_SOURCE, if ACRE_PAGE_FOUND; else ACRE_PAGE_LACKS
# says what it takes.
#
# Packages are got when the tree is configured, once for every lock file; the page is bundled again whenever a
# source of it changes. Nothing that goes wrong with npm fails the build.

set(ACRE_PAGE_FOUND FALSE)
set(ACRE_PAGE_LACKS "no npm (npm)")
if(NOT ACRE_HTML)
    set(ACRE_PAGE_LACKS "ACRE_HTML is off")
    return()
endif()
find_program(NODE_PROGRAM NAMES node nodejs)
find_program(NPM_PROGRAM npm)
if(NOT NODE_PROGRAM OR NOT NPM_PROGRAM)
    return()
endif()

set(web ${PROJECT_SOURCE_DIR}/web)
set(page ${PROJECT_BINARY_DIR}/web)
set(ACRE_PAGE_SOURCE ${page}/flame_page.c)
file(MAKE_DIRECTORY ${page})
file(GLOB page_sources CONFIGURE_DEPENDS ${web}/src/*)
list(APPEND page_sources ${web}/page.html ${web}/build.mjs)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${web}/package-lock.json)

# The packages, unless those of this lock file are there. A registry that does not answer costs some seconds.
file(SHA256 ${web}/package-lock.json lock)
set(stamp ${page}/packages-${lock})
if(NOT EXISTS ${stamp})
    foreach(file package.json package-lock.json .npmrc)
        file(COPY ${web}/${file} DESTINATION ${page})
    endforeach()
    execute_process(
        COMMAND ${NPM_PROGRAM} ci --prefer-offline --fetch-retries=0 --fetch-timeout=15000
        WORKING_DIRECTORY ${page} TIMEOUT 30
        RESULT_VARIABLE status OUTPUT_FILE npm.log ERROR_FILE npm.log)
    if(NOT status EQUAL 0)
        set(ACRE_PAGE_LACKS "npm could not get the packages of web/ (${page}/npm.log says why)")
        return()
    endif()
    file(TOUCH ${stamp})
endif()

# Once here, to know that this node can do it.
set(bundle ${NODE_PROGRAM} ${web}/build.mjs ${ACRE_PAGE_SOURCE})
execute_process(COMMAND ${bundle} WORKING_DIRECTORY ${page} TIMEOUT 30
    RESULT_VARIABLE status OUTPUT_FILE bundle.log ERROR_FILE bundle.log)
if(NOT status EQUAL 0)
    set(ACRE_PAGE_LACKS "${NODE_PROGRAM} could not bundle web/ (${page}/bundle.log says why)")
    return()
endif()
add_custom_command(OUTPUT ${ACRE_PAGE_SOURCE} COMMAND ${bundle} DEPENDS ${page_sources}
    WORKING_DIRECTORY ${page} COMMENT "Bundling the page of flame graphs" VERBATIM)
set(ACRE_PAGE_FOUND TRUE)
