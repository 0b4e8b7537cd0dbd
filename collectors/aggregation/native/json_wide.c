/* json.c once more, for processors that look at 32 or more bytes at once: AVX2, which is asked for when the helper is
   loaded, and NEON, which every 64-bit ARM has. */

#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "scan.h"

int is_wide;

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

#ifdef WIDE
#define scan_read scan_read_wide
#include "json.c"
#undef scan_read
#if defined(__clang__) && defined(__x86_64__)
#pragma clang attribute pop
#elif defined(__x86_64__)
#pragma GCC pop_options
#endif
#else
int scan_read_wide(Scan *scan, const uint8_t *data, size_t size)
{
    return scan_read(scan, data, size);
}
#endif

int has_wide(void)
{
#if defined(WIDE) && defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
#elif defined(WIDE)
    return 1;
#else
    return 0;
#endif
}
