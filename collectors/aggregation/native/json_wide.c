/* json.c once more, for processors that look at many bytes at once. */

#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "scan.h"

int is_wide;

#include "wide_begin.h"

#ifdef WIDE
#define scan_read scan_read_wide
#include "json.c"
#undef scan_read
#include "wide_end.h"
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
