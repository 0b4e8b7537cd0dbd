/* A line of an access log, and what its values tell. Part of text.c, for speed. */

#ifndef LEVERWATCH_TEXT_LINE_H
#define LEVERWATCH_TEXT_LINE_H

#include "number.h"
#include "text.h"
#include "values.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ASCII_LAST 0x7e
#define LONGEST_WORD 200
#define MOST_LATENCY 1e12

typedef struct {
    const uint8_t *data, *end; /* of the line: a newline */
    Scan *scan;
    Record *record;
    Span *tokens;
    double *values;
    int method_posts;
    int asked[3]; /* which of `enum asking` values said */
    /* the local time that was read last, and the start of its minute */
    const uint8_t *known;
    int64_t micros;
} Line;

/* The end of a line; `*plain`: it has nothing but printable ASCII. There is a newline before `end`. */
static const uint8_t *line_end(const uint8_t *p, const uint8_t *end, int *plain)
{
#ifdef __SSE2__
    const __m128i blank = _mm_set1_epi8(' '), last = _mm_set1_epi8(ASCII_LAST);
    for (; end - p >= 16; p += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)p);
        /* Bytes beyond ASCII are negative here. */
        unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(text, blank), _mm_cmpgt_epi8(text, last)));
        if (stops) {
            p += __builtin_ctz(stops);
            break;
        }
    }
#endif
    while (*p >= ' ' && *p <= ASCII_LAST)
        p++;
    *plain = *p == '\n';
    return *plain ? p : memchr(p, '\n', (size_t)(end - p));
}

/* From behind an opening quote to the closing one, or the end of the line. */
static const uint8_t *quote_end(const Line *line, const uint8_t *p)
{
    for (;;) {
#ifdef __SSE2__
        const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
        while (line->end - p >= 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)p);
            unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)));
            if (stops) {
                p += __builtin_ctz(stops);
                break;
            }
            p += 16;
        }
#endif
        while (*p != '"' && *p != '\\' && *p != '\n')
            p++;
        if (*p != '\\')
            return p;
        if (p[1] == '\n')
            return p + 1;
        p += 2;
    }
}

static inline int is_dash(const uint8_t *p, const uint8_t *end)
{
    return end - p == 1 && *p == '-';
}

/* What is written for the server that was asked; in a list of nginx nothing but dashes is none. */
static void tell_asked(Line *line, const LineStep *step, const uint8_t *p, const uint8_t *end)
{
    if (step->asks == SAYS_NOTHING || p == end)
        return;
    if (step->asks == ASKED_NONE) {
        line->asked[ASKED_NONE] |= is_dash(p, end);
        return;
    }
    while (p < end && *p == '-')
        p++;
    line->asked[p == end ? ASKED_NONE : ASKED_ONE] = 1;
}

static int tell_time(Line *line, const uint8_t *p, const uint8_t *end)
{
    Record *record = line->record;
    size_t length = (size_t)(end - p);
    uint32_t at = (uint32_t)(p - line->data);
    if (length != LOCAL_LENGTH || p[2] != '/')
        return read_text_time(p, length, at, record);
    uint8_t tens = p[LOCAL_SECONDS] - '0', ones = p[LOCAL_SECONDS + 1] - '0';
    if (line->known && !memcmp(line->known, p, LOCAL_SECONDS) && tens < 6 && ones < 10 &&
        !memcmp(line->known + LOCAL_SECONDS + 2, p + LOCAL_SECONDS + 2, LOCAL_LENGTH - LOCAL_SECONDS - 2)) {
        record->micros = line->micros + (tens * 10 + ones) * 1000000;
    } else {
        record->micros = read_local_time(p);
        if (record->micros < 0)
            return -1;
        line->known = p;
        line->micros = record->micros - (tens * 10 + ones) * 1000000;
    }
    record->time_kind = NUMBER_TIME;
    record->time = (Span){at, LOCAL_LENGTH};
    return 0;
}

static int tell_latency(Line *line, double scale, const uint8_t *p, const uint8_t *end)
{
    Number number;
    if (read_number(p, line->end, &number) != end || number.digits > MOST_DIGITS)
        return -1;
    double latency = nearest(&number, p, (size_t)(end - p)) * scale;
    if (!(latency >= 0 && latency < MOST_LATENCY))
        return -1;
    line->values[line->scan->column[of_latency_ms - FIRST_NUMBER]] = latency;
    line->record->known |= 1U << (of_latency_ms - FIRST_NUMBER);
    return 0;
}

/* What matters of names that are only compared. Two with the same text and bits are alike to the rules of a system. */
static void cut_down(Line *line)
{
    const struct TextForm *form = line->scan->text;
    for (int at = 0; at < form->compared_count; at++) {
        const Compared *compared = &form->compared[at];
        Span *token = &line->tokens[compared->name];
        const uint8_t *p = line->data + token->at;
        size_t length = token->length;
        /* What is read as a list, has blanks around it, or is no value. */
        if (!length || *p == '[' || *p == ' ' || p[length - 1] == ' ' || is_dash(p, p + length))
            continue;
        int text = 0, prefix = 0;
        while (text < compared->count &&
               (compared->texts[text].length != length || memcmp(compared->texts[text].bytes, p, length)))
            text++;
        if (text < compared->count)
            continue;
        while (prefix < compared->prefixes_count &&
               (compared->prefixes[prefix].length > length ||
                memcmp(compared->prefixes[prefix].bytes, p, compared->prefixes[prefix].length)))
            prefix++;
        token->length = prefix < compared->prefixes_count ? (uint32_t)compared->prefixes[prefix].length : 0;
        line->record->classes |= 1ULL << (FIRST_COMPARED + compared->name);
    }
}

/* What a value tells; a dash, and an empty one, tell nothing. -1: Python knows. */
static int tell(Line *line, const LineStep *step, const uint8_t *p, const uint8_t *end)
{
    tell_asked(line, step, p, end);
    for (int at = 0; at < step->roles; at++) {
        int role = step->role[at];
        size_t length = (size_t)(end - p);
        Span span = {(uint32_t)(p - line->data), (uint32_t)length};
        if (role >= NAME)
            line->tokens[role - NAME] = span;
        else if (p == end || is_dash(p, end))
            continue;
        else if (role == TIME && tell_time(line, p, end) < 0)
            return -1;
        else if (role == of_latency_ms && tell_latency(line, step->scale, p, end) < 0)
            return -1;
        else if (role == REQUEST) {
            if (length > LONGEST_ID || says_nothing(p, length) || *p == ' ' || end[-1] == ' ' || memchr(p, '\\', length))
                return -1;
            line->record->request = span;
        }
    }
    return 0;
}

/* What is asked for. All but a POST to some paths calls no model, whatever else the line tells. -1: Python knows. */
static int tell_target(Line *line, const uint8_t *p, const uint8_t *end)
{
    const struct TextForm *form = line->scan->text;
    const uint8_t *from, *to;
    int calls = path_end(form, p, end, &from, &to);
    if (calls < 0)
        return -1;
    line->record->passed = !calls;
    if (calls)
        line->tokens[form->of_path] = (Span){(uint32_t)(from - line->data), (uint32_t)(to - from)};
    return 0;
}

/* "POST /path HTTP/1.1", of which the protocol may be missing; what is none asks for nothing. */
static int tell_request(Line *line, const uint8_t *p, const uint8_t *end)
{
    line->record->passed = 1;
    if (end - p < 6 || load32(p) != load32((const uint8_t *)"POST") || p[4] != ' ')
        return 0;
    const uint8_t *target = p + 5, *stop = memchr(target, ' ', (size_t)(end - target));
    if (stop) {
        size_t left = (size_t)(end - stop);
        if (left < 7 || memcmp(stop, " HTTP/", 6) || memchr(stop + 1, ' ', left - 1))
            return 0;
    } else {
        stop = end;
    }
    return stop == target ? 0 : tell_target(line, target, stop);
}

#endif
