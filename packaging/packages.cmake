# SPDX-License-Identifier: MIT
# Packages: `make deb` and `make tarball`. One .deb each for library, headers and tool; names follow
# the soname. Dependencies on other packages come from dpkg-shlibdeps, but for libcurl, which is opened
# when it is needed.
set(CPACK_PACKAGE_NAME covey)
set(CPACK_PACKAGE_VENDOR "The Covey authors")
set(CPACK_PACKAGE_CONTACT "The Covey authors <covey@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "photos into groups that make sense, and why")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL runtime development tool)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_TOOL_DEPENDS runtime)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)

set(COVEY_DEB_LIBRARY libcovey${PROJECT_VERSION_MAJOR})
set(COVEY_DEB_ABOUT "Covey describes each photo by 512 numbers of VGG16's convolutional
layers, groups the descriptions by generalized clustering under any of a
family of loss functions, shows each group by the photo that stands for
it, and lays the losses side by side.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${COVEY_DEB_LIBRARY})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS libcurl4)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "generalized clustering of photos and vectors - library
${COVEY_DEB_ABOUT}
.
This package holds the shared library.")
# The loader's cache is renewed by a trigger; CPack's own scripts would call ldconfig.
file(WRITE ${CMAKE_BINARY_DIR}/deb/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/deb/triggers)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcovey-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "generalized clustering of photos and vectors - development files
${COVEY_DEB_ABOUT}
.
This package holds headers, the static library, pkg-config and CMake files, and
examples.")
set(CPACK_DEBIAN_TOOL_PACKAGE_NAME covey)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_TOOL_PACKAGE_RECOMMENDS python3-pip)
set(CPACK_DEBIAN_TOOL_DESCRIPTION "generalized clustering of photos and vectors - command
${COVEY_DEB_ABOUT}
.
This package holds the command, the programs that decode photos and draw
apart from it, manual pages, and completions for bash, zsh and fish.")

set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)
include(CPack)

# What Debian wants in /usr/share/doc of every package.
if(COVEY_DEB)
  file(READ LICENSE COVEY_LICENSE)
  string(REGEX REPLACE "^MIT License\n+" "" COVEY_LICENSE "${COVEY_LICENSE}")
  string(REGEX REPLACE "\n\n" "\n.\n" COVEY_LICENSE "${COVEY_LICENSE}")
  string(REGEX REPLACE "\n" "\n " COVEY_LICENSE "${COVEY_LICENSE}")
  file(READ licenses/d3.txt COVEY_D3_LICENSE)
  string(REGEX REPLACE "\n\n" "\n.\n" COVEY_D3_LICENSE "${COVEY_D3_LICENSE}")
  string(REGEX REPLACE "\n" "\n " COVEY_D3_LICENSE "${COVEY_D3_LICENSE}")
  configure_file(packaging/copyright.in deb/copyright @ONLY)
  configure_file(packaging/changelog.in deb/changelog @ONLY)
  execute_process(COMMAND gzip -9n -c ${CMAKE_BINARY_DIR}/deb/changelog
    OUTPUT_FILE ${CMAKE_BINARY_DIR}/deb/changelog.Debian.gz COMMAND_ERROR_IS_FATAL ANY)
  foreach(pair "runtime ${COVEY_DEB_LIBRARY}" "development libcovey-dev" "tool covey")
    string(REPLACE " " ";" pair ${pair})
    list(GET pair 0 component)
    list(GET pair 1 package)
    install(FILES ${CMAKE_BINARY_DIR}/deb/copyright ${CMAKE_BINARY_DIR}/deb/changelog.Debian.gz
      DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
  endforeach()
endif()
