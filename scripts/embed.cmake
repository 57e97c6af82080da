# SPDX-License-Identifier: MIT
# Writes OUTPUT, a C file that holds the bytes of the files INPUTS (a list) as constant arrays
# covey__asset_NAME, NUL-terminated, with covey__asset_NAME_size beside each.
# Usage: cmake -DOUTPUT=FILE -DINPUTS="a.css;b.js" -P embed.cmake
set(source "/* Generated from the files beside it in src/report. */\n#include \"report_internal.h\"\n")
foreach(input IN LISTS INPUTS)
  get_filename_component(name ${input} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  file(READ ${input} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND source "const char covey__asset_${name}[] = {\n${bytes}0x00};\n"
    "const size_t covey__asset_${name}_size = sizeof covey__asset_${name} - 1;\n")
endforeach()
file(WRITE ${OUTPUT} "${source}")
