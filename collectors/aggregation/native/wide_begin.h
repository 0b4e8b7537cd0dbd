/* From here on for processors that look at 32 or more bytes at once: AVX2, which is asked for when the helper is loaded,
   and NEON, which every 64-bit ARM has. `WIDE` is defined where there is such a way. */

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi"))), apply_to = function)
#define __AVX2__ 1
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi")
#endif
#define WIDE
#elif defined(__aarch64__) && defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WIDE
#endif
