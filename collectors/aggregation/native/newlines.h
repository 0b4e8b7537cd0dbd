/* Counts newlines. */

#ifndef LEVERWATCH_NEWLINES_H
#define LEVERWATCH_NEWLINES_H

#include <stddef.h>
#include <stdint.h>

/* In pieces whose newlines a byte can count, which the compiler makes of many bytes at once. */
static inline size_t newlines_in(const uint8_t *p, size_t size)
{
    enum { PIECE = 240 };
    size_t lines = 0, at = 0;
    for (; size - at >= PIECE; at += PIECE) {
        uint8_t here = 0;
        for (int byte = 0; byte < PIECE; byte++)
            here = (uint8_t)(here + (p[at + byte] == '\n'));
        lines += here;
    }
    for (; at < size; at++)
        lines += p[at] == '\n';
    return lines;
}

#endif
