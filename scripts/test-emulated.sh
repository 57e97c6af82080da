#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the library and the tests below for another processor (cmake/ARCHITECTURE.cmake) and runs
# them in QEMU. Where compiler, emulator or Debian's libraries cannot be had, that is said and nothing
# is tested. Usage: test-emulated.sh ARCHITECTURE BUILD JOBS
set -eu
architecture=$1 folder=$2/$1 jobs=$3
cd "$(dirname "$0")/.."
# Instruction sets, kernels, and what reads and writes numbers: what another processor can change.
tests="test_cpu test_gemm test_wino test_planes test_conv_rgb test_select test_rowscore test_sha256 test_random test_sum
    test_weights_pickle test_weights_onnx test_weights_import test_weights_torch test_weights_safetensors"
sh scripts/deps.sh cross && sh scripts/sysroot.sh "$architecture" "$folder/sysroot" || {
    echo "skipped: nothing is tested for $architecture, as what is needed for it (deps/apt-cross.txt) is not to be had" >&2
    exit 0
}
cmake -S . -B "$folder" -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/$architecture.cmake" \
    -DCOVEY_SYSROOT="$(cd "$folder/sysroot" && pwd)" -DCOVEY_PHOTO=OFF -DCOVEY_MPI=OFF -DCOVEY_WERROR=ON \
    >"$folder/cmake.log" 2>&1 || {
    cat "$folder/cmake.log"
    exit 1
}
# shellcheck disable=SC2086
cmake --build "$folder" -j "$jobs" --target $tests
cd "$folder"
ctest -R "^unit/($(echo $tests | tr ' ' '|'))\$" -j "$jobs" --output-on-failure --no-tests=error
