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
    unsigned others = 0; /* without a branch for each, so that many are looked at in one step */
    for (size_t at = 0; at < id->length; at++)
        others |= ((uint8_t)(id->at[at] - '0') > 9) & ((uint8_t)(id->at[at] - 'a') > 5);
    return others ? NULL : p;
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

/* `next` is the one that usually comes. */
static enum part part_of(Piece key, int next)
{
#define NAMED_PART(name) {name, sizeof name - 1}
    static const struct {
        const char *name;
        size_t length;
    } names[] = {NAMED_PART("traceId"), NAMED_PART("spanId"), NAMED_PART("parentSpanId"), NAMED_PART("startTimeUnixNano"),
                 NAMED_PART("endTimeUnixNano"), NAMED_PART("traceState"), NAMED_PART("status"), NAMED_PART("attributes")};
#undef NAMED_PART
    for (int tried = 0; tried < PARTS_OF_SPAN; tried++) {
        int at = (next + tried) % PARTS_OF_SPAN;
        if (is_text_of(key, names[at].name, names[at].length))
            return (enum part)at;
    }
    return PARTS_OF_SPAN;
}

static const uint8_t *read_span(Flat *f, const uint8_t *p)
{
    Numbers numbers;
    Piece part[PARTS_OF_SPAN] = {{NULL, 0}}, key;
    uint32_t seen = 0;
    int done = 0, next = 0;
    if (*p != '{')
        return NULL;
    for (int what = 0; what < WHATS; what++)
        numbers.told[what] = (Piece){NULL, 0};
    f->names.length = 0;
    for (p = skip_space(p + 1); !done;) {
        if (!(p = read_name(&f->reader, p, &key)))
            return NULL;
        enum part at = part_of(key, next);
        if (at < PARTS_OF_SPAN) {
            next = (int)at + 1;
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
