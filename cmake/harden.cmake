# SPDX-License-Identifier: MIT
# Files come from strangers: what a bug in reading them could still be used for is made small.
# tests/checks/hardening.sh reads the programs for it. The network is as fast with it as without.
include(CheckPIESupported)
check_pie_supported()
if(COVEY_FUZZ OR CMAKE_C_FLAGS MATCHES "-fsanitize|--coverage|-fprofile-instr")
  set(COVEY_HARDEN OFF)
endif()
if(COVEY_HARDEN)
  include(CheckCCompilerFlag)
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection
      -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "COVEY_HAS${flag}" known)
    # Clang only warns of a flag of another processor.
    check_c_compiler_flag("-Werror;${flag}" ${known})
    if(${known})
      add_compile_options(${flag})
    endif()
  endforeach()
  # Needs an optimising compiler; -U, because some compilers define it by themselves.
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
