/* wrapped_lines.c once more, for processors that look at many bytes at once. */

#include "wide_on.h"

#include "wrapped.h"

#ifdef WIDE
#define unwrap_lines unwrap_lines_wide
#include "wrapped_lines.c"
#undef unwrap_lines
#else
Py_ssize_t unwrap_lines_wide(const Stage *stage, const uint8_t *data, size_t size, uint8_t *out, uint32_t *starts,
                             int by_brace, int *is_open)
{
    return unwrap_lines(stage, data, size, out, starts, by_brace, is_open);
}
#endif

#include "wide_off.h"
