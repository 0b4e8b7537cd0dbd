/* Skips a text of JSON 64 bytes at a time, without a branch for each of its escapes. Part of reader.h, for speed. */

#ifndef LEVERWATCH_SKIP_WIDE_H
#define LEVERWATCH_SKIP_WIDE_H

#include "blocks.h"

static const uint8_t *skip_escape(const uint8_t *p);

/* Goes on from `*p`, which is neither escaped nor a digit of an escape: 1 when the text ends before `*p`, 0 when only
   what is left of it can say more, -1 for what is no text. */
static int skip_blocks(const uint8_t **p, const uint8_t *end, int *escaped)
{
    const uint8_t *at = *p;
    uint64_t before = 0, digits = 0, first = 0; /* of the block before: its last backslash, and of escapes by number */
    while (end - at >= BLOCK) {
        Block block = block_at(at);
        uint64_t slashes = bytes_like(block, '\\'), quotes = bytes_like(block, '"');
        uint64_t control = bytes_up_to(block, 0x1f);
        if (!(slashes | before | digits)) {
            uint64_t stops = quotes | control;
            if (stops) {
                unsigned place = (unsigned)__builtin_ctzll(stops);
                *p = at + place + 1;
                return control >> place & 1 ? -1 : 1;
            }
            at += BLOCK;
            continue;
        }
        uint64_t escapes = escaped_by(slashes, &before);
        if (__builtin_expect(!(escapes & ~(bytes_like(block, 'n') | quotes | slashes) || digits), 1)) {
            /* Line breaks, quotes and backslashes alone are escaped, as nearly everywhere: no kinds to look up. */
            uint64_t stops = (quotes & ~escapes) | control;
            if (stops) {
                unsigned place = (unsigned)__builtin_ctzll(stops);
                *escaped |= (slashes & ((1ULL << place) - 1)) != 0;
                *p = at + place + 1;
                return control >> place & 1 ? -1 : 1;
            }
            *escaped |= slashes != 0;
            at += BLOCK;
            continue;
        }
        quotes &= ~escapes;
        uint64_t text = quotes ^ (quotes - 1); /* up to the closing quote, all when there is none */
        uint64_t numbers = escapes & text & bytes_like(block, 'u');
        first |= numbers << 1;
        uint64_t upper = first & text & letters_like(block, 'd');
        if (__builtin_expect(upper != 0, 0)) {
            /* One half of a pair, perhaps: it is read by itself, and all before its backslash here. */
            unsigned place = (unsigned)__builtin_ctzll(upper);
            text = place < 2 ? 0 : (2ULL << (place - 2)) - 1;
            numbers &= text;
        }
        *escaped |= (slashes & text) != 0;
        Block kinds = kinds_of(block);
        uint64_t wanted = numbers << 1 | numbers << 2 | numbers << 3 | numbers << 4 | digits;
        uint64_t bad = (escapes & ~of_kind(kinds, MAY_ESCAPE)) | (wanted & ~of_kind(kinds, OF_SIXTEEN)) | control;
        if (bad & text)
            return -1;
        if (__builtin_expect(upper != 0, 0)) {
            const uint8_t *behind = skip_escape(at + __builtin_ctzll(upper) - 1);
            if (!behind)
                return -1;
            at = behind;
            before = digits = first = 0;
            *escaped = 1;
            continue;
        }
        if (quotes) {
            *p = at + __builtin_ctzll(quotes) + 1;
            return 1;
        }
        digits = numbers >> 63 | numbers >> 62 | numbers >> 61 | numbers >> 60;
        first = numbers >> 63;
        at += BLOCK;
    }
    /* Back to the escape that is not whole, if there is one: five more are behind a backslash and its u. */
    *p = at - (before ? 1 : digits ? 6 - __builtin_popcountll(digits) : 0);
    return 0;
}

#endif
