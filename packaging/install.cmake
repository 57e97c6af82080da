# SPDX-License-Identifier: MIT
# What `make install` puts where. Components: runtime (the shared library), development (headers, the
# static library, pkg-config and CMake files, examples), tool (the command, the decoder, the drawer,
# manual pages, completions); packages are made of them (packaging/packages.cmake).
include(CMakePackageConfigHelpers)

install(TARGETS covey EXPORT coveyTargets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS covey_static EXPORT coveyStaticTargets ARCHIVE COMPONENT development)
install(DIRECTORY include/covey DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

# pkg-config; the paths in it are relative to the file, so that an installed tree may be moved.
file(RELATIVE_PATH COVEY_PC_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" COVEY_PC_PREFIX "${COVEY_PC_PREFIX}")
# The static library with the system's shared ones: Requires.private would ask for theirs too, whose
# development files few machines have.
list(JOIN COVEY_DEPS_LDFLAGS " " COVEY_PC_LIBRARIES)
list(JOIN COVEY_LIBRARIES " " COVEY_PC_REQUIRES)
configure_file(packaging/covey.pc.in covey.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/covey.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT development)

# CMake.
set(COVEY_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/covey)
configure_package_config_file(packaging/coveyConfig.cmake.in coveyConfig.cmake
  INSTALL_DESTINATION ${COVEY_CMAKE_FOLDER})
write_basic_package_version_file(coveyConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/coveyConfig.cmake ${CMAKE_BINARY_DIR}/coveyConfigVersion.cmake
  DESTINATION ${COVEY_CMAKE_FOLDER} COMPONENT development)
install(EXPORT coveyTargets NAMESPACE covey:: DESTINATION ${COVEY_CMAKE_FOLDER}
  COMPONENT development)
install(EXPORT coveyStaticTargets NAMESPACE covey:: DESTINATION ${COVEY_CMAKE_FOLDER}
  COMPONENT development)

set(COVEY_EXAMPLES_FOLDER ${CMAKE_INSTALL_DOCDIR}/examples)
if(COVEY_DEB)
  set(COVEY_EXAMPLES_FOLDER ${CMAKE_INSTALL_DATADIR}/doc/libcovey-dev/examples)
endif()
install(DIRECTORY examples/ DESTINATION ${COVEY_EXAMPLES_FOLDER} COMPONENT development
  FILES_MATCHING PATTERN "*.slurm" PATTERN "*.yaml" PATTERN "*.c" PATTERN "CMakeLists.txt" PATTERN "README.md")
if(NOT COVEY_DEB) # whose packages have a file of their own for it
  install(FILES LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
  install(DIRECTORY licenses DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
endif()

if(TARGET covey_decode)
  install(TARGETS covey_decode RUNTIME DESTINATION libexec COMPONENT tool)
endif()
install(TARGETS covey_draw RUNTIME DESTINATION libexec COMPONENT tool)
if(TARGET covey_mpi)
  install(TARGETS covey_mpi LIBRARY DESTINATION libexec COMPONENT tool)
endif()
if(NOT TARGET covey_cli)
  return()
endif()
install(TARGETS covey_cli COMPONENT tool)

# Manual pages and completions, written by the command itself from its tables.
file(STRINGS cli/commands.def command_rows REGEX "^COMMAND\\([A-Z_]+, [a-z_]+")
set(manuals ${CMAKE_BINARY_DIR}/man/covey.1)
set(writing COMMAND covey_cli help --man > ${CMAKE_BINARY_DIR}/man/covey.1)
foreach(row IN LISTS command_rows)
  string(REGEX REPLACE "^COMMAND\\([A-Z_]+, ([a-z_]+).*" "\\1" name "${row}")
  list(APPEND manuals ${CMAKE_BINARY_DIR}/man/covey-${name}.1)
  list(APPEND writing COMMAND covey_cli help ${name} --man > ${CMAKE_BINARY_DIR}/man/covey-${name}.1)
endforeach()
set(completions)
foreach(shell bash zsh fish)
  list(APPEND completions ${CMAKE_BINARY_DIR}/completions/covey.${shell})
  list(APPEND writing COMMAND covey_cli help --completion ${shell}
    > ${CMAKE_BINARY_DIR}/completions/covey.${shell})
endforeach()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man ${CMAKE_BINARY_DIR}/completions)
if(COVEY_DEB)
  list(APPEND writing COMMAND gzip -9nkf ${manuals})
  list(TRANSFORM manuals APPEND .gz)
endif()
add_custom_command(OUTPUT ${manuals} ${completions} ${writing} DEPENDS covey_cli VERBATIM
  COMMENT "Writing manual pages and completions")
add_custom_target(manuals ALL DEPENDS ${manuals} ${completions})
install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tool)
install(FILES ${CMAKE_BINARY_DIR}/completions/covey.bash RENAME covey
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tool)
install(FILES ${CMAKE_BINARY_DIR}/completions/covey.zsh RENAME _covey
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT tool)
install(FILES ${CMAKE_BINARY_DIR}/completions/covey.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tool)
