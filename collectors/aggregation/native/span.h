/* Reads one span. Part of spans.c, for speed. */

#ifndef LEVERWATCH_SPAN_H
#define LEVERWATCH_SPAN_H

#include "span_attributes.h"
#include "span_line.h"

#define LONGEST_HEX 64

/* An id as it is compared: digits and small letters of hexadecimal numbers; empty: there is none. */
static const uint8_t *read_hex(const Flat *f, const uint8_t *p, Piece *id)
{
    if (*p == 'n') {
        *id = (Piece){p, 0};
        return skip_word(p);
    }
    if (!(p = bare_text(&f->reader, p, id)) || id->length > LONGEST_HEX)
        return NULL;
    for (size_t at = 0; at < id->length; at++)
        if ((uint8_t)(id->at[at] - '0') > 9 && (uint8_t)(id->at[at] - 'a') > 5)
            return NULL;
    return p;
}

static const uint8_t *read_status(Flat *f, const uint8_t *p, Piece *code)
{
    Piece key;
    int done = 0, codes = 0;
    if (*p == 'n')
        return skip_word(p);
    if (!(p = go_in(p, '{', '}', &done)))
        return NULL;
    while (!done) {
        if (!(p = read_name(&f->reader, p, &key)))
            return NULL;
        const uint8_t *start = p;
        if (!(p = skip_outer(&f->reader, p)))
            return NULL;
        if (IS(key, "code")) {
            if (codes++ || (size_t)(p - start) > LONGEST_HEX || *start == '{' || *start == '[' || *start == 't' || *start == 'f')
                return NULL;
            *code = (Piece){start, (size_t)(p - start)};
        }
        if (!(p = go_on(p, '}', &done)))
            return NULL;
    }
    return p;
}

static enum part part_of(Piece key)
{
    static const char *const names[] = {"traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano",
                                        "traceState", "status", "attributes"};
    int at = 0;
    while (at < PARTS_OF_SPAN && (strlen(names[at]) != key.length || memcmp(names[at], key.at, key.length)))
        at++;
    return (enum part)at;
}

static const uint8_t *read_span(Flat *f, const uint8_t *p)
{
    Numbers numbers = {0};
    Piece part[PARTS_OF_SPAN] = {{NULL, 0}}, key;
    uint32_t seen = 0;
    int done = 0;
    if (*p != '{')
        return NULL;
    f->names.length = 0;
    for (p = skip_space(p + 1); !done;) {
        if (!(p = read_name(&f->reader, p, &key)))
            return NULL;
        enum part at = part_of(key);
        if (at < PARTS_OF_SPAN) {
            if (seen & 1U << at)
                return NULL;
            seen |= 1U << at;
        }
        switch (at) {
        case TRACE_ID: case SPAN_ID: case PARENT_ID: p = read_hex(f, p, &part[at]); break;
        case BEGAN: case DONE_AT: p = whole_number(&f->reader, p, &part[at]); break;
        case STATE: p = *p == 'n' ? skip_word(p) : *p == '"' && p[1] == '"' ? p + 2 : NULL; break;
        case STATUS: p = read_status(f, p, &part[at]); break;
        case ATTRIBUTES: p = read_attributes(f, &numbers, p); break;
        default: p = skip_outer(&f->reader, p);
        }
        if (!p || !(p = go_on(p, '}', &done)))
            return NULL;
    }
    return put_span(f, part, &numbers) ? p : NULL;
}

#endif
