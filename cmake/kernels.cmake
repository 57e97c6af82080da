# SPDX-License-Identifier: MIT
# How every source of the library is compiled, for the library itself and for the Python package.

# Nobody reads errno of libm or the exception flags; the values are the same, and loops vectorise.
add_compile_options(-Wall -Wextra -fno-math-errno -fno-trapping-math)
# Contraction would let the compiler fuse a*b+c differently per file and compiler; kernels that
# want FMA say so with intrinsics.
add_compile_options(-ffp-contract=off)
# GCC's notes about the ABI of vectors wider than a register: here they only live inside inlined
# functions.
add_compile_options(-Wno-psabi)

# Kernel files carry their instruction set in their name; those of other architectures are left out.
include(CheckSymbolExists)
check_symbol_exists(__x86_64__ "stddef.h" COVEY_X86_64)
check_symbol_exists(__aarch64__ "stddef.h" COVEY_AARCH64)
# GCC 11 and Clang 11 know AMX; elsewhere its kernels are left out and the machine is taken for one without.
include(CheckCCompilerFlag)
if(COVEY_X86_64)
  check_c_compiler_flag("-mamx-tile -mamx-bf16 -mavx512bf16" COVEY_COMPILES_AMX)
  if(COVEY_COMPILES_AMX)
    add_compile_definitions(COVEY_HAVE_AMX)
  endif()
endif()
function(covey_choose_kernels variable)
  set(sources ${${variable}})
  if(NOT COVEY_X86_64)
    list(FILTER sources EXCLUDE REGEX "_(avx2|avx512|avx512_bf16)\\.c$")
  endif()
  if(NOT COVEY_COMPILES_AMX)
    list(FILTER sources EXCLUDE REGEX "_amx\\.c$")
  endif()
  if(NOT COVEY_AARCH64)
    list(FILTER sources EXCLUDE REGEX "_neon\\.c$")
  endif()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# The flags by suffix. -mtune orders instructions for CPUs that
# have AVX-512 and asks for none; the network is 2 % faster for it (Zen 4, three pairs).
function(covey_kernel_flags sources)
  foreach(source IN LISTS sources)
    if(source MATCHES "_avx2\\.c$")
      set(flags "-O3;-mavx2;-mfma")
    elseif(source MATCHES "_avx512\\.c$")
      set(flags "-O3;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mfma;-mtune=icelake-server")
    elseif(source MATCHES "_avx512_bf16\\.c$")
      set(flags "-O3;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx512bf16;-mfma;-mtune=icelake-server")
    elseif(source MATCHES "_amx\\.c$")
      set(flags "-O3;-mamx-tile;-mamx-bf16;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx512bf16;-mfma;-mtune=icelake-server")
    elseif(source MATCHES "_neon\\.c$")
      # GCC would load all of a step's numbers before the first product, and a sum would have to
      # leave its register.
      set(flags "-O3;$<$<C_COMPILER_ID:GNU>:-fno-schedule-insns>")
    elseif(source MATCHES "_scalar\\.c$|/normalize_pca\\.c$") # plain loops that are worth vectors
      set(flags "-O3")
    else()
      continue()
    endif()
    set_property(SOURCE ${source} PROPERTY COMPILE_OPTIONS ${flags})
  endforeach()
endfunction()
