/* Writes the line of a span. Part of spans.c, for speed. */

#ifndef LEVERWATCH_SPAN_LINE_H
#define LEVERWATCH_SPAN_LINE_H

#include "flat.h"

#include <stdio.h>

/* `"name":` and a value. */
static int put_value(Flat *f, char name, const char *quote, Piece value)
{
    char start[] = {',', '"', name, '"', ':'};
    return put(f, &f->lines, start, sizeof start) < 0 || put(f, &f->lines, quote, strlen(quote)) < 0 ||
           put(f, &f->lines, value.at, value.length) < 0 || put(f, &f->lines, quote, strlen(quote)) < 0;
}

static uint32_t here(const Flat *f, size_t start)
{
    return (uint32_t)(f->lines.length - start);
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
    uint32_t row[OF_LINE] = {[OUTER] = f->outer, [CONTEXT] = f->context};
    char text[80];
    int length = snprintf(text, sizeof text, "{\"t\":%llu,\"l\":%llu,\"r\":%u", (unsigned long long)(first / 1000),
                          (unsigned long long)(last - first), (unsigned)f->context);
    int wrong = put(f, &f->lines, text, (size_t)length) < 0 || put_value(f, 'b', "", began) ||
                put_value(f, 'n', "", ended) || put_value(f, 'c', "\"", trace) ||
                put(f, &f->lines, ",\"q\":\"", 6) < 0 || put(f, &f->lines, trace.at, trace.length) < 0 ||
                put(f, &f->lines, ":", 1) < 0;
    if (wrong)
        return 0;
    row[ID_AT] = here(f, 0);
    row[ID_LENGTH] = (uint32_t)id.length;
    if (put(f, &f->lines, id.at, id.length) < 0 || put(f, &f->lines, "\",\"p\":\"", 7) < 0)
        return 0;
    row[PARENT_AT] = here(f, 0);
    row[PARENT_LENGTH] = (uint32_t)part[PARENT_ID].length;
    if (put(f, &f->lines, part[PARENT_ID].at, part[PARENT_ID].length) < 0 || put(f, &f->lines, "\"", 1) < 0)
        return 0;
    if (code.length && put_value(f, 'x', "", code))
        return 0;
    for (int what = 0; what < WHATS; what++)
        if (numbers->told[what].length && put_value(f, names[what], "", numbers->told[what]))
            return 0;
    Piece told = {f->names.bytes, f->names.length};
    if (told.length) /* without its first comma */
        told = (Piece){told.at + 1, told.length - 1};
    if (put(f, &f->lines, ",\"a\":\"{", 7) < 0 || put(f, &f->lines, told.at, told.length) < 0 ||
        put(f, &f->lines, "}\"}\n", 4) < 0)
        return 0;
    return put(f, &f->rows, row, sizeof row) == 0;
}

#endif
