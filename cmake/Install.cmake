# What `cmake --install` puts down, for find_package(troupe) and pkg-config.
# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)

# Two export sets: who links the shared library needs no dependency's headers.
foreach(kind IN ITEMS shared static)
    set(target troupe)
    if(kind STREQUAL static)
        set(target troupe_static)
    endif()
    install(TARGETS ${target} EXPORT troupe-${kind}
        LIBRARY ARCHIVE
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/troupe)
    install(EXPORT troupe-${kind} NAMESPACE troupe::
        DESTINATION ${config_dir} FILE troupe-${kind}.cmake)
endforeach()

list(JOIN TROUPE_PC_LIBS " " TROUPE_PC_LIBS)
file(RELATIVE_PATH TROUPE_PC_UP
    /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)

configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/troupe-config.cmake.in
    ${PROJECT_BINARY_DIR}/troupe-config.cmake
    INSTALL_DESTINATION ${config_dir}
    PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/troupe-config-version.cmake
    COMPATIBILITY SameMinorVersion)
configure_file(${PROJECT_SOURCE_DIR}/cmake/troupe.pc.in
    ${PROJECT_BINARY_DIR}/troupe.pc @ONLY)

install(FILES
    ${PROJECT_BINARY_DIR}/troupe-config.cmake
    ${PROJECT_BINARY_DIR}/troupe-config-version.cmake
    DESTINATION ${config_dir})
install(FILES ${PROJECT_BINARY_DIR}/troupe.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
    DESTINATION ${CMAKE_INSTALL_DOCDIR})
