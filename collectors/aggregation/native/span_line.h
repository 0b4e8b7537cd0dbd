/* Writes the line of a span. Part of spans.c, for speed. */

#ifndef LEVERWATCH_SPAN_LINE_H
#define LEVERWATCH_SPAN_LINE_H

#include "flat.h"

#define MOST_OF_SIGNS 256 /* bytes of a line beside its values, numbers that are worked out included */

static uint8_t *piece(uint8_t *out, Piece value)
{
    return value.length ? copied(out, value.at, value.length) : out;
}

static uint8_t *decimal(uint8_t *out, uint64_t number)
{
    uint8_t digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (uint8_t)('0' + number % 10);
    while (number /= 10);
    return copied(out, digits + at, sizeof digits - at);
}

/* `"name":` and a value. */
static uint8_t *member(uint8_t *out, char name, Piece value)
{
    const char start[] = {',', '"', name, '"', ':'};
    return piece(copied(out, start, sizeof start), value);
}

static size_t most_bytes(const Flat *f, const Piece *part, const Numbers *numbers)
{
    size_t most = MOST_OF_SIGNS + f->names.length;
    for (int at = 0; at < PARTS_OF_SPAN; at++)
        most += 2 * part[at].length; /* the trace is there twice, and so is the start */
    for (int what = 0; what < WHATS; what++)
        most += numbers->told[what].length;
    return most;
}

/* Write the line of a span; 0: it is not plain. */
static int put_span(Flat *f, const Piece *part, const Numbers *numbers)
{
    static const char names[] = "ikwohTdy"; /* as `enum what` */
    Piece began = part[BEGAN], ended = part[DONE_AT], code = part[STATUS], trace = part[TRACE_ID], id = part[SPAN_ID];
    if (!trace.length || !id.length || began.length < 18 || began.length > 19 || ended.length < 18 || ended.length > 19)
        return 0;
    uint64_t first = number_in(began), last = number_in(ended);
    if (first < 100000000000000000ULL || last < first || last - first > MOST_COUNT || last >= 1ULL << 62)
        return 0;
    if (f->is_naming && code.length && *code.at != '0' && *code.at != '1' && *code.at != 'n')
        return 0;
    if (reserve(&f->lines, most_bytes(f, part, numbers)) < 0) {
        f->failed = 1;
        return 0;
    }
    uint32_t row[OF_LINE] = {[OUTER] = f->outer, [CONTEXT] = f->context};
    uint8_t *start = f->lines.bytes, *out = SIGNS(start + f->lines.length, "{\"t\":");
    out = copied(out, began.at, began.length - 3); /* microseconds */
    out = decimal(SIGNS(out, ",\"l\":"), last - first);
    out = decimal(SIGNS(out, ",\"r\":"), f->context);
    if (first % 1000)
        out = decimal(SIGNS(out, ",\"b\":"), first % 1000); /* nanoseconds beyond */
    out = SIGNS(piece(SIGNS(out, ",\"c\":\""), trace), "\"");
    out = SIGNS(piece(SIGNS(out, ",\"q\":\""), trace), ":");
    row[ID_AT] = (uint32_t)(out - start);
    row[ID_LENGTH] = (uint32_t)id.length;
    out = SIGNS(piece(out, id), "\",\"p\":\"");
    row[PARENT_AT] = (uint32_t)(out - start);
    row[PARENT_LENGTH] = (uint32_t)part[PARENT_ID].length;
    out = SIGNS(piece(out, part[PARENT_ID]), "\"");
    if (code.length)
        out = member(out, 'x', code);
    for (int what = 0; what < WHATS; what++)
        if (numbers->told[what].length)
            out = member(out, names[what], numbers->told[what]);
    out = SIGNS(out, ",\"a\":\"{");
    if (f->names.length) /* without its first comma */
        out = copied(out, f->names.bytes + 1, f->names.length - 1);
    out = SIGNS(out, "}\"}\n");
    f->lines.length = (size_t)(out - start);
    return put(f, &f->rows, row, sizeof row) == 0;
}

#endif
