/* traces.c once more, for processors that look at many bytes at once. */

#include "wide_on.h"

#include "traces.h"

#ifdef WIDE
#define traces_read traces_read_wide
#include "traces.c"
#undef traces_read
#else
enum divided traces_read_wide(const uint8_t *data, size_t size, int reads_texts, Buffer *lines, Buffer *rows)
{
    return traces_read(data, size, reads_texts, lines, rows);
}
#endif

#include "wide_off.h"
