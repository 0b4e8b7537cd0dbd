/* Which records a filter leaves out, as records/filters.py has it. Part of json.c, for speed. */

#ifndef LEVERWATCH_FILTER_H
#define LEVERWATCH_FILTER_H

#include "reader.h"
#include "roles.h"

/* Whether a text may begin with a blank that Python knows and that is no byte of ASCII. */
static int may_be_blank(const uint8_t *p)
{
    return *p <= ' ' || *p == 0xC2 || *p == 0xE1 || *p == 0xE2 || (*p == 0xE3 && p[1] == 0x80);
}

/* Whether one of the texts of a test is this one. */
static int is_among(const Test *test, const uint8_t *p, size_t length)
{
    for (size_t at = 0; at < test->texts; at++)
        if (test->text[at].length == length && !memcmp(test->text[at].bytes, p, length))
            return 1;
    return 0;
}

/* What a test says of a value that is there: 1 holds, 0 does not, -1 Python knows. */
static int holds(const Test *test, const uint8_t *p, size_t length, int has_text)
{
    if (test->present >= 0)
        return test->present;
    if (!has_text)
        return 0;
    if (test->prefix.length && is_ascii(p, length))
        return length >= test->prefix.length && !memcmp(p, test->prefix.bytes, test->prefix.length);
    if (!test->prefix.length && is_among(test, p, length))
        return 1;
    return is_ascii(p, length) ? 0 : -1;
}

/* Judge a value by the tests at its key; -1: Python knows. */
static int judge(Reader *r, const struct Key *key, const uint8_t *p, const uint8_t *end, int inside)
{
    size_t length = (size_t)(end - p), mark = quote(inside);
    int has_text = *p != '{' && *p != '[', bare = 1;
    if (*p == 'n')
        return 0;
    for (int at = 0; at < r->scan->tests; at++)
        if (key->tests & 1U << at && r->scan->test[at].present < 0)
            bare = 0;
    if (is_text(p, inside)) {
        p += mark;
        length -= 2 * mark;
        if (!length)
            return 0;
        if (may_be_blank(p) || *p == '\\')
            return -1;
        if (!bare && (p[length - 1] <= ' ' || p[length - 1] == '\\' || memchr(p, '\\', length)))
            return -1;
    } else if (has_text && !bare && (*p == '-' || (uint8_t)(*p - '0') < 10)) {
        Number number;
        read_number(p, r->end, &number);
        if (!number.whole || number.digits > 18 || (number.negative && !number.mantissa))
            return -1;
    }
    for (int at = 0; at < r->scan->tests; at++) {
        if (!(key->tests & 1U << at))
            continue;
        int held = holds(&r->scan->test[at], p, length, has_text);
        if (held < 0)
            return -1;
        r->held = (r->held & ~(1U << at)) | (uint32_t)held << at;
    }
    return 0;
}

#endif
