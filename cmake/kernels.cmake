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

# Kernel files carry their instruction set in their name. -mtune orders instructions for CPUs that
# have AVX-512 and asks for none; the network is 2 % faster for it (Zen 4, three pairs).
function(covey_kernel_flags sources)
  foreach(source IN LISTS sources)
    if(source MATCHES "_avx2\\.c$")
      set(flags "-O3;-mavx2;-mfma")
    elseif(source MATCHES "_avx512\\.c$")
      set(flags "-O3;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mfma;-mtune=icelake-server")
    elseif(source MATCHES "_avx512_bf16\\.c$")
      set(flags "-O3;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx512bf16;-mfma;-mtune=icelake-server")
    elseif(source MATCHES "_scalar\\.c$")
      set(flags "-O3")
    else()
      continue()
    endif()
    set_property(SOURCE ${source} PROPERTY COMPILE_OPTIONS ${flags})
  endforeach()
endfunction()
