/* What administrators append to lines of nginx. Part of text.c, for speed. */

#ifndef LEVERWATCH_TEXT_TAIL_H
#define LEVERWATCH_TEXT_TAIL_H

#include "text_line.h"

/* The next blank, quote, `=` or `:` of a line, or its end. */
static const uint8_t *next_sign(const Line *line, const uint8_t *p)
{
#ifdef __SSE2__
    const __m128i blank = _mm_set1_epi8(' '), quote = _mm_set1_epi8('"'), is = _mm_set1_epi8('='), colon = _mm_set1_epi8(':');
    for (; line->end - p >= 16; p += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)p);
        unsigned stops = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, blank), _mm_cmpeq_epi8(text, quote)),
                         _mm_or_si128(_mm_cmpeq_epi8(text, is), _mm_cmpeq_epi8(text, colon))));
        if (stops)
            return p + __builtin_ctz(stops);
    }
#endif
    while (*p != ' ' && *p != '"' && *p != '=' && *p != ':' && *p != '\n')
        p++;
    return p;
}

/* A number of seconds with three decimals, or a dash; NULL: none. */
static const uint8_t *bare_seconds(const uint8_t *p)
{
    if (*p == '-')
        return p + 1;
    const uint8_t *dot = p;
    while (is_digit(*dot))
        dot++;
    return dot > p && *dot == '.' && is_digit(dot[1]) && is_digit(dot[2]) && is_digit(dot[3]) ? dot + 4 : NULL;
}

/* Whether a list goes on. */
static int goes_on(const uint8_t *p)
{
    return *p == ',' || (*p == ' ' && p[1] == ':');
}

static int may_end(const uint8_t *p)
{
    return *p == ' ' || *p == '"' || *p == '\n';
}

/* A value behind a label, with or without a quote before it. `*to` is NULL where there is none. -1: Python knows. */
static int labelled(const LineStep *step, const uint8_t *p, const uint8_t **from, const uint8_t **to)
{
    const uint8_t *at = p += *p == '"';
    *from = p;
    *to = NULL;
    if (step->kind == SECONDS) {
        while (is_digit(*at) || *at == '.')
            at++;
    } else if (step->kind == TOKEN) {
        while (is_word(*at) || *at == '.' || *at == '-')
            at++;
    } else if (*at == '-') {
        at++;
    } else {
        while (*at != ' ' && *at != ',' && *at != '"' && *at != '\n')
            at++;
        const uint8_t *behind = *at == '"' ? at + 1 : at;
        if (at == p || at - p > LONGEST_WORD || goes_on(behind) || (*behind != ' ' && *behind != '\n'))
            return -1;
    }
    if (at > p)
        *to = at;
    return 0;
}

/* What ingress-nginx appends, as far as it must be told from other additions. */
static int is_ingress(const uint8_t *p)
{
    const uint8_t *start = ++p;
    while (is_digit(*p))
        p++;
    if (p == start || *p != ' ')
        return 0;
    start = ++p;
    while (is_digit(*p) || *p == '.')
        p++;
    return p > start && *p == ' ' && p[1] == '[';
}

/* What administrators append to a format: values with labels and without. As `_tail` of records/formats/nginx.py. */
static int tell_tail(Line *line, const uint8_t *p)
{
    const struct TextForm *form = line->scan->text;
    const uint8_t *from[MOST_SLOTS] = {NULL}, *to[MOST_SLOTS] = {NULL}, *bare[2], *bare_end[2];
    int bares = 0;
    if (p == line->end)
        return 0;
    if (*p != ' ' || is_ingress(p))
        return -1;
    for (const uint8_t *at = p; at < line->end; at = next_sign(line, at + 1)) {
        if (*at == ' ' || *at == '"') {
            const uint8_t *value = at + 1, *end = bare_seconds(value);
            if (end && goes_on(end))
                return -1;
            if (*value >= '1' && *value <= '5' && is_digit(value[1]) && is_digit(value[2]) && goes_on(value + 3))
                return -1;
            if (end && may_end(end)) {
                if (*value != '-' && bares < 2) {
                    bare[bares] = value;
                    bare_end[bares++] = end;
                }
                at = end - 1;
            }
            continue;
        }
        const uint8_t *word = at;
        while (is_word(word[-1])) /* before it all there is a blank */
            word--;
        for (int known = 0; known < form->labels; known++) {
            const Label *label = &form->label[known];
            int slot = label->slot;
            if (label->label.length != (size_t)(at - word) || !is_same(label->label.bytes, word, label->label.length))
                continue;
            if (!to[slot] && labelled(&form->slot[slot], at + 1, &from[slot], &to[slot]) < 0)
                return -1;
        }
    }
    for (int slot = 0; slot < form->slots; slot++) {
        if (!to[slot] && slot < bares) {
            from[slot] = bare[slot];
            to[slot] = bare_end[slot];
        }
        if (to[slot] && tell(line, &form->slot[slot], from[slot], to[slot]) < 0)
            return -1;
    }
    return 0;
}

#endif
