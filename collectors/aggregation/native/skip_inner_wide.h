/* Skips a text of JSON that is inside of a text, 64 bytes at a time, without a branch for each of its escapes. Part of
   reader.h, for speed. */

#ifndef LEVERWATCH_SKIP_INNER_WIDE_H
#define LEVERWATCH_SKIP_INNER_WIDE_H

#include "blocks.h"

#define LONGEST_ESCAPE 7 /* two backslashes, a u and four digits */

/* Goes on from `*p`, before which no escape begins: to the first byte that is no part of a text or of a usual escape of
   it, or to where less than a block is left. Usual is what is escaped twice and has its meaning within the text inside:
   two backslashes and a letter, also a u and a character that is no half of a pair, or three and a quote. */
static void skip_inner_blocks(const uint8_t **p, const uint8_t *end, int *escaped)
{
    const uint8_t *at = *p;
    while (end - at >= BLOCK) {
        Block block = block_at(at);
        uint64_t slashes = bytes_like(block, '\\'), quotes = bytes_like(block, '"');
        uint64_t stops = bytes_up_to(block, 0x1f);
        if (!slashes) {
            stops |= quotes;
            if (stops) {
                at += __builtin_ctzll(stops);
                break;
            }
            at += BLOCK;
            continue;
        }
        /* Of each run of backslashes: its first one, and the following ones up to the fourth. */
        uint64_t first = slashes & ~(slashes << 1), second = first << 1 & slashes, third = second << 1 & slashes;
        uint64_t fourth = third << 1 & slashes;
        /* What follows runs of two and of three. */
        uint64_t letters = (second & ~(third >> 1)) << 1, inner_quotes = (third & ~(fourth >> 1)) << 1;
        Block kinds = kinds_of(block);
        uint64_t units = letters & bytes_like(block, 'u');
        uint64_t digits = units << 1 | units << 2 | units << 3 | units << 4;
        uint64_t bad = (digits & ~of_kind(kinds, OF_SIXTEEN)) | (units << 1 & letters_like(block, 'd'));
        uint64_t bad_units = units & (bad >> 1 | bad >> 2 | bad >> 3 | bad >> 4);
        stops |= first & ~(second >> 1);
        stops |= ((letters & (~of_kind(kinds, MAY_ESCAPE) | quotes | slashes)) | bad_units) >> 2;
        stops |= (inner_quotes & ~quotes) >> 3 | fourth >> 3;
        stops |= quotes & ~(slashes << 1);
        /* What begins so late that not all of it is here is looked at with the next ones. */
        uint64_t late = first & ~0ULL << (BLOCK - LONGEST_ESCAPE);
        uint64_t ends = stops | late, before = ends ? (ends & -ends) - 1 : UINT64_MAX;
        *escaped |= (first & before) != 0;
        at += ends ? (unsigned)__builtin_ctzll(ends) : BLOCK;
        if (ends & -ends & stops & ~late)
            break;
    }
    *p = at;
}

#endif
