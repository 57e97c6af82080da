# SPDX-License-Identifier: MIT
# 64-bit ARM, little-endian (make test-arm).
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(COVEY_TRIPLET aarch64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/emulated.cmake)
