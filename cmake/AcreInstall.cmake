# SPDX-License-Identifier: MIT
#
# AcreInstall.cmake -- what `make install` puts below the prefix. Nothing installed names the prefix or the
# source tree: the command, the pkg-config files and the CMake package find the rest relative to themselves.

include(CMakePackageConfigHelpers)

install(TARGETS acre-shared acre-preload LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_BINARY_DIR}/acre.o ${PROJECT_BINARY_DIR}/libacre.a
    DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/acre DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
if(TARGET acre)
    install(TARGETS acre RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.[137])
foreach(page IN LISTS pages)
    string(REGEX REPLACE ".*\\." "" section ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

file(GLOB schemas CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/schema/*.json)
install(FILES ${schemas} DESTINATION ${CMAKE_INSTALL_DATADIR}/acre/schema)

# The completions are printed by the command itself, so a cross build without an emulator has none.
if(TARGET acre AND (NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR))
    foreach(shell bash zsh fish)
        set(completion ${PROJECT_BINARY_DIR}/install/acre.${shell})
        add_custom_command(OUTPUT ${completion} COMMAND acre completion ${shell} > ${completion} DEPENDS acre
            VERBATIM COMMENT "Writing the completion for ${shell}")
        list(APPEND completions ${completion})
    endforeach()
    add_custom_target(acre-completions ALL DEPENDS ${completions})
    install(FILES ${PROJECT_BINARY_DIR}/install/acre.bash RENAME acre
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${PROJECT_BINARY_DIR}/install/acre.zsh RENAME _acre
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES ${PROJECT_BINARY_DIR}/install/acre.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

file(RELATIVE_PATH ACRE_PREFIX_FROM_PC /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
foreach(name acre acre-static)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/install/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/install/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/acre)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/acreConfig.cmake.in
    ${PROJECT_BINARY_DIR}/install/acreConfig.cmake INSTALL_DESTINATION ${package_dir}
    PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/install/acreConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/install/acreConfig.cmake
    ${PROJECT_BINARY_DIR}/install/acreConfigVersion.cmake
    DESTINATION ${package_dir})
