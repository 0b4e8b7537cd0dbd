/* Writes texts of JSON as they are meant. Part of wrapped_lines.c, for speed. */

#ifndef LEVERWATCH_WRAPPED_TEXT_H
#define LEVERWATCH_WRAPPED_TEXT_H

#include "reader.h"

/* Whether a text is valid UTF-8, without surrogates. */
static int is_utf8(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080ULL))) {
            p += 8;
            continue;
        }
        if (*p < 0x80) {
            p++;
            continue;
        }
        int more = *p >= 0xC2 && *p < 0xE0 ? 1 : (*p & 0xF0) == 0xE0 ? 2 : *p >= 0xF0 && *p < 0xF5 ? 3 : 0;
        if (!more || end - p <= more)
            return 0;
        if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) || (*p == 0xF0 && p[1] < 0x90) ||
            (*p == 0xF4 && p[1] > 0x8F))
            return 0;
        for (int at = 1; at <= more; at++)
            if ((p[at] & 0xC0) != 0x80)
                return 0;
        p += 1 + more;
    }
    return 1;
}

static uint8_t *put_character(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (uint8_t)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (uint8_t)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (uint8_t)(0xE0 | c >> 12);
        } else {
            *out++ = (uint8_t)(0xF0 | c >> 18);
            *out++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        }
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    }
    *out++ = (uint8_t)(0x80 | (c & 0x3F));
    return out;
}

/* Read what is behind a backslash; NULL: nothing that is known. */
static const uint8_t *put_escape(const uint8_t *p, uint8_t **to)
{
    uint8_t meant;
    switch (*p) {
    case '"': case '\\': case '/': meant = *p; break;
    case 'b': meant = '\b'; break;
    case 'f': meant = '\f'; break;
    case 'r': meant = '\r'; break;
    case 't': meant = '\t'; break;
    case 'n': meant = '\n'; break;
    case 'u': meant = 0; break;
    default: return NULL;
    }
    if (meant) {
        *(*to)++ = meant;
        return p + 1;
    }
    if (!skip_escape(p))
        return NULL;
    uint32_t unit = (uint32_t)hex4(p + 1);
    const uint8_t *end = p + 5;
    if (unit >= 0xD800 && unit < 0xDC00) {
        unit = 0x10000 + ((unit & 0x3FF) << 10) + ((uint32_t)hex4(p + 7) & 0x3FF);
        end += 6;
    }
    *to = put_character(*to, unit);
    return end;
}

#ifdef WIDE
/* Copy some bytes, up to a block; as many again may be read and written behind them. */
static inline uint8_t *put_bytes(uint8_t *out, const uint8_t *p, unsigned length)
{
    memcpy(out, p, 32);
    if (__builtin_expect(length > 32, 0))
        memcpy(out + 32, p + 32, 32);
    return out + length;
}

/* Write a text up to its closing quote, up to an escape that means another character than the one behind its
   backslash, up to what no text may have, or to where less than two blocks are left. `*p` is not escaped. `*high`: there
   may be bytes that are no ASCII. */
static const uint8_t *put_blocks(const uint8_t *p, const uint8_t *end, uint8_t **to, uint64_t *high)
{
    uint8_t *out = *to;
    uint64_t stops = 0;
    while (!stops && end - p >= 2 * BLOCK) {
        Block block = block_at(p);
        uint64_t slashes = bytes_like(block, '\\'), quotes = bytes_like(block, '"'), before = 0;
        uint64_t escaped = escaped_by(slashes, &before);
        stops = (quotes & ~escaped) | bytes_up_to(block, 0x1f) |
                (escaped & ~(slashes | quotes | bytes_like(block, '/')));
        /* Without the backslash of an escape that is not whole, or that is not for here. */
        unsigned length = BLOCK - (unsigned)before;
        if (stops) {
            length = (unsigned)__builtin_ctzll(stops);
            length -= escaped >> length & 1;
        }
        uint64_t here = length < BLOCK ? (1ULL << length) - 1 : UINT64_MAX;
        *high |= ~bytes_up_to(block, 0x7f) & here;
        unsigned at = 0;
        for (uint64_t begins = slashes & ~escaped & here; begins; begins &= begins - 1) {
            unsigned place = (unsigned)__builtin_ctzll(begins);
            out = put_bytes(out, p + at, place - at);
            at = place + 1;
        }
        out = put_bytes(out, p + at, length - at);
        p += length;
    }
    *to = out;
    return p;
}
#endif

/* Write a text of JSON as it is meant, from behind its opening quote to behind the closing one; NULL: it is none.
   There is room for all that is read, and for 64 bytes more. `*breaks`: how many newlines it has, each of which was
   escaped. */
static const uint8_t *put_text(const uint8_t *p, const uint8_t *limit, uint8_t **to, size_t *breaks)
{
    uint8_t *out = *to, *start = out;
    uint64_t high = 0;
    *breaks = 0;
#if defined(__SSE2__) && !defined(WIDE)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
#endif
    for (;;) {
#ifdef WIDE
        p = put_blocks(p, limit, &out, &high);
#elif defined(__SSE2__)
        while (limit - p >= 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)p);
            __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
                                         _mm_cmpeq_epi8(_mm_max_epu8(text, control), control));
            uint32_t bits = (uint32_t)_mm_movemask_epi8(stops);
            _mm_storeu_si128((__m128i *)out, text);
            high |= (uint32_t)_mm_movemask_epi8(text);
            int before = bits ? __builtin_ctz(bits) : 16;
            p += before;
            out += before;
            if (bits)
                break;
        }
#endif
        while (*p != '"' && *p != '\\' && *p > 0x1f) {
            high |= *p & 0x80;
            *out++ = *p++;
        }
        if (*p == '"')
            break;
        if (*p != '\\')
            return NULL;
        if (p[1] == '"') { /* as most are of records inside */
            *out++ = '"';
            p += 2;
        } else {
            if (!(p = put_escape(p + 1, &out)))
                return NULL;
            *breaks += out[-1] == '\n';
        }
    }
    *to = out;
    return !high || is_utf8(start, out) ? p + 1 : NULL;
}

#endif
