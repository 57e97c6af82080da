# SPDX-License-Identifier: MIT
# What cmake/arm64.cmake and cmake/s390x.cmake share: GCC for another processor, Debian's libraries for
# it (scripts/sysroot.sh), and QEMU to run what is built. Given: COVEY_TRIPLET, and COVEY_SYSROOT on the
# command line.
set(CMAKE_SYSTEM_NAME Linux)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES COVEY_SYSROOT)
set(CMAKE_C_COMPILER ${COVEY_TRIPLET}-gcc)
set(CMAKE_SYSROOT ${COVEY_SYSROOT})
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR}-static -L ${COVEY_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${COVEY_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
  ${COVEY_SYSROOT}/usr/lib/${COVEY_TRIPLET}/pkgconfig:${COVEY_SYSROOT}/usr/share/pkgconfig)
