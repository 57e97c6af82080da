# SPDX-License-Identifier: MIT
# IBM Z, big-endian: Debian's one such port (make test-big-endian).
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(COVEY_TRIPLET s390x-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/emulated.cmake)
