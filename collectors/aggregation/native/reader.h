/* Where a record is read, and how what nobody asks for is skipped. Part of json.c, for speed. */

#ifndef LEVERWATCH_READER_H
#define LEVERWATCH_READER_H

#include "number.h"
#include "reading.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef WIDE
#include "skip_inner_wide.h"
#include "skip_wide.h"
#endif

#define DEEPEST 64

static inline const uint8_t *skip_space(const uint8_t *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

/* What reads JSON is told whether it is `inside` of a text, whose own texts have escaped quotes. It is made twice, as
   nearly all of it is not inside, and would ask at every quote. */
#define EITHER static inline __attribute__((always_inline))

static int hex4(const uint8_t *p)
{
    int value = 0;
    for (int at = 0; at < 4; at++) {
        uint8_t c = p[at], low = c | 0x20;
        int digit = (uint8_t)(c - '0') < 10 ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static const uint8_t *skip_escape(const uint8_t *p)
{
    switch (*p) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return p + 1;
    case 'u': {
        int unit = hex4(p + 1);
        if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000))
            return NULL;
        p += 5;
        if (unit < 0xD800 || unit >= 0xE000)
            return p;
        if (p[0] != '\\' || p[1] != 'u')
            return NULL;
        unit = hex4(p + 2);
        return unit >= 0xDC00 && unit < 0xE000 ? p + 6 : NULL;
    }
    default:
        return NULL;
    }
}

EITHER int is_text(const uint8_t *p, int inside)
{
    return *p == '"' ? !inside : inside && *p == '\\' && p[1] == '"';
}

/* The bytes of a quote. */
EITHER size_t quote(int inside)
{
    return inside ? 2 : 1;
}

/* What stands between the values of JSON inside of a text, where a line break is itself escaped. */
static inline const uint8_t *skip_inner_space(const uint8_t *p)
{
    for (;;) {
        if (*p == ' ')
            p++;
        else if (*p == '\\' && (p[1] == 'n' || p[1] == 'r' || p[1] == 't'))
            p += 2;
        else
            return p;
    }
}

EITHER const uint8_t *skip_gap(const uint8_t *p, int inside)
{
    return inside ? skip_inner_space(p) : skip_space(p);
}

/* Behind what escapes a character that is not of ASCII, or is one that some writers escape although they need not: it
   means nothing to what is inside. */
static const uint8_t *skip_outer_escape(const uint8_t *p)
{
    int unit = *p == 'u' ? hex4(p + 1) : -1;
    int harmless = unit >= 0x80 || unit == '&' || unit == '\'' || unit == '+' || unit == '<' || unit == '>' || unit == '`';
    return harmless ? skip_escape(p) : NULL;
}

/* Behind the unit of 16 bits that is escaped inside of a text, or both of those that are one character. */
static const uint8_t *skip_inner_unit(const uint8_t *p)
{
    int unit = hex4(p + 1);
    if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000))
        return NULL;
    p += 5;
    if (unit < 0xD800 || unit >= 0xE000)
        return p;
    if (p[0] != '\\' || p[1] != '\\' || p[2] != 'u')
        return NULL;
    unit = hex4(p + 3);
    return unit >= 0xDC00 && unit < 0xE000 ? p + 7 : NULL;
}

/* Behind what begins with a backslash in a text inside of a text, where what escapes anything but a quote is itself
   escaped. */
static inline const uint8_t *skip_inner_escape(const uint8_t *p)
{
    if (p[1] != '\\')
        return skip_outer_escape(p + 1);
    p += 2;
    if (*p == 'n')
        return p + 1;
    if (*p == '\\')
        return p[1] == '"' || p[1] == '\\' ? p + 2 : NULL;
    return *p == 'u' ? skip_inner_unit(p) : *p == '"' ? NULL : skip_escape(p);
}

#if defined(__SSE2__) && !defined(WIDE)
#define INNER 16
static inline uint32_t inner_stops(const uint8_t *p)
{
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    __m128i text = _mm_loadu_si128((const __m128i *)p);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
                                                    _mm_cmpeq_epi8(_mm_max_epu8(text, control), control)));
}
#endif

/* The same as `skip_string` of a text inside of a text. */
static const uint8_t *skip_inner_string(const Reader *r, const uint8_t *p, int *escaped)
{
#ifdef INNER
    while (r->end - p >= INNER) {
        const uint8_t *block = p;
        p += INNER;
        for (uint32_t stops = inner_stops(block); stops;) {
            const uint8_t *at = block + __builtin_ctz(stops);
            if (*at != '\\')
                return NULL;
            if (at[1] == '"')
                return at + 2;
            if (!(at = skip_inner_escape(at)))
                return NULL;
            *escaped = 1;
            if (at >= block + INNER) {
                p = at;
                break;
            }
            stops &= ~0U << (at - block);
        }
    }
#endif
#ifdef WIDE
    if (r->end - p >= BLOCK) { /* most are short, and have no escape */
        p += first_stop(p);
        if (*p == '\\' && p[1] == '"')
            return p + 2;
    }
#endif
    for (;;) {
#ifdef WIDE
        skip_inner_blocks(&p, r->end, escaped);
#endif
        while (*p != '"' && *p != '\\' && *p > 0x1f)
            p++;
        if (*p != '\\')
            return NULL;
        if (p[1] == '"')
            return p + 2;
        if (!(p = skip_inner_escape(p)))
            return NULL;
        *escaped = 1;
    }
}

/* From behind the opening quote to behind the closing one. */
EITHER const uint8_t *skip_string(const Reader *r, const uint8_t *p, int *escaped, int inside)
{
    if (inside)
        return skip_inner_string(r, p, escaped);
#ifdef WIDE
    if (r->end - p >= BLOCK) {
        unsigned stop = first_stop(p);
        p += stop;
        if (stop < QUICK && *p != '\\')
            return *p == '"' ? p + 1 : NULL;
        int done = skip_blocks(&p, r->end, escaped);
        if (done)
            return done > 0 ? p : NULL;
    }
#elif defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    while (r->end - p >= 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)p);
        __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
                                     _mm_cmpeq_epi8(_mm_max_epu8(text, control), control));
        unsigned bits = (unsigned)_mm_movemask_epi8(stops);
        const uint8_t *block = p;
        p += 16;
        while (bits) {
            const uint8_t *at = block + __builtin_ctz(bits);
            if (*at == '"')
                return at + 1;
            if (*at != '\\' || !(at = skip_escape(at + 1)))
                return NULL;
            *escaped = 1;
            if (at >= block + 16) {
                p = at;
                break;
            }
            bits &= ~0U << (at - block);
        }
    }
#endif
    for (;;) {
        while (*p != '"' && *p != '\\' && *p > 0x1f)
            p++;
        if (*p == '"')
            return p + 1;
        if (*p != '\\' || !(p = skip_escape(p + 1)))
            return NULL;
        *escaped = 1;
    }
}

static const uint8_t *skip_word(const uint8_t *p)
{
    const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : *p == 'n' ? "null" : NULL;
    if (!word)
        return NULL;
    for (; *word; word++, p++)
        if (*p != (uint8_t)*word)
            return NULL;
    return p;
}

EITHER const uint8_t *skip_scalar(const Reader *r, const uint8_t *p, int inside)
{
    int escaped;
    Number number;
    if (is_text(p, inside))
        return skip_string(r, p + quote(inside), &escaped, inside);
    return *p == '-' || (uint8_t)(*p - '0') < 10 ? read_number(p, r->end, &number) : skip_word(p);
}

EITHER const uint8_t *skip_key(const Reader *r, const uint8_t *p, int inside)
{
    int escaped;
    if (!is_text(p, inside) || !(p = skip_string(r, p + quote(inside), &escaped, inside)))
        return NULL;
    p = skip_gap(p, inside);
    return *p == ':' ? skip_gap(p + 1, inside) : NULL;
}

EITHER const uint8_t *skip_either(const Reader *r, const uint8_t *p, int inside)
{
    uint64_t objects = 0; /* a bit for each open one: 1 for an object, 0 for an array */
    int depth = 0;
    for (;;) {
        if (*p == '{' || *p == '[') {
            int object = *p == '{';
            p = skip_gap(p + 1, inside);
            if (*p != (object ? '}' : ']')) {
                if (depth++ == DEEPEST)
                    return NULL;
                objects = objects << 1 | (uint64_t)object;
                if (object && !(p = skip_key(r, p, inside)))
                    return NULL;
                continue;
            }
            p++;
        } else if (!(p = skip_scalar(r, p, inside))) {
            return NULL;
        }
        for (;;) { /* what follows a value */
            if (!depth)
                return p;
            p = skip_gap(p, inside);
            if (*p == ',') {
                p = skip_gap(p + 1, inside);
                if (objects & 1 && !(p = skip_key(r, p, inside)))
                    return NULL;
                break;
            }
            if (*p != (objects & 1 ? '}' : ']'))
                return NULL;
            objects >>= 1;
            depth--;
            p++;
        }
    }
}

static const uint8_t *skip_inner(const Reader *r, const uint8_t *p)
{
    return skip_either(r, p, 1);
}

static const uint8_t *skip_outer(const Reader *r, const uint8_t *p)
{
    return skip_either(r, p, 0);
}

EITHER const uint8_t *skip_value(const Reader *r, const uint8_t *p, int inside)
{
    int escaped;
    if (!inside && *p == '"') /* as most are */
        return skip_string(r, p + 1, &escaped, 0);
    return inside ? skip_inner(r, p) : skip_outer(r, p);
}

#endif
