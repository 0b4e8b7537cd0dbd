/* Walks through objects that are written as programs write them, without escapes in their keys. Part of the files that
   make lines of documents. */

#ifndef LEVERWATCH_WALK_H
#define LEVERWATCH_WALK_H

#include "reader.h"

/* A pair of texts; NULL is an empty one. (Lengths in formats are taken in different ways by different Pythons.) */
static inline PyObject *pair_of(const void *first, size_t length, const void *second, size_t size)
{
    return Py_BuildValue("(NN)", PyBytes_FromStringAndSize(first ? first : "", (Py_ssize_t)length),
                         PyBytes_FromStringAndSize(second ? second : "", (Py_ssize_t)size));
}

typedef struct {
    const uint8_t *at;
    size_t length;
} Piece;

typedef struct {
    uint8_t *bytes;
    size_t length, room;
} Buffer;

static inline int reserve(Buffer *buffer, size_t more)
{
    if (buffer->room - buffer->length >= more)
        return 0;
    size_t room = (buffer->room + more) * 2;
    void *bytes = realloc(buffer->bytes, room);
    if (!bytes)
        return -1;
    buffer->bytes = bytes;
    buffer->room = room;
    return 0;
}

static inline int add_bytes(Buffer *buffer, const void *bytes, size_t length)
{
    if (reserve(buffer, length) < 0)
        return -1;
    if (length)
        memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return 0;
}

static inline PyObject *bytes_of(const Buffer *buffer)
{
    return PyBytes_FromStringAndSize(buffer->bytes ? (const char *)buffer->bytes : "", (Py_ssize_t)buffer->length);
}

static inline int is_text_of(Piece text, const char *other, size_t length)
{
    return text.length == length && !memcmp(text.at, other, length);
}
#define IS(piece, text) is_text_of(piece, text, sizeof text - 1)

/* From the opening quote of a text without escapes to behind the closing one; NULL: it is none. */
static inline const uint8_t *bare_text(const Reader *r, const uint8_t *p, Piece *text)
{
    int escaped = 0;
    const uint8_t *end = *p == '"' ? skip_string(r, p + 1, &escaped, 0) : NULL;
    if (!end || escaped)
        return NULL;
    *text = (Piece){p + 1, (size_t)(end - p - 2)};
    return end;
}

/* Behind what most writers write here; NULL: it is written in another way. */
static inline const uint8_t *behind(const Reader *r, const uint8_t *p, const char *usual, size_t length)
{
    return (size_t)(r->end - p) >= length && !memcmp(p, usual, length) ? p + length : NULL;
}
#define BEHIND(reader, p, usual) behind(reader, p, usual, sizeof usual - 1)

/* From a key to its value. */
static inline const uint8_t *read_name(const Reader *r, const uint8_t *p, Piece *key)
{
    if (!(p = bare_text(r, p, key)))
        return NULL;
    p = skip_space(p);
    return *p == ':' ? skip_space(p + 1) : NULL;
}

/* From the sign that begins an object or an array: to what is first in it, or behind its end, where `*done` is set; NULL:
   it is none. */
static inline const uint8_t *go_in(const uint8_t *p, uint8_t begin, uint8_t end, int *done)
{
    if (*p != begin)
        return NULL;
    p = skip_space(p + 1);
    *done = *p == end;
    return *done ? p + 1 : p;
}

/* Behind a value: to the next one, or behind the end, where `*done` is set. */
static inline const uint8_t *go_on(const uint8_t *p, uint8_t end, int *done)
{
    p = skip_space(p);
    *done = *p == end;
    return *done ? p + 1 : *p == ',' ? skip_space(p + 1) : NULL;
}

static inline int is_digits(Piece text)
{
    for (size_t at = 0; at < text.length; at++)
        if ((uint8_t)(text.at[at] - '0') > 9)
            return 0;
    return text.length && (text.length == 1 || *text.at != '0');
}

/* A whole number, which may be in quotes. */
static inline const uint8_t *whole_number(const Reader *r, const uint8_t *p, Piece *number)
{
    if (*p == '"')
        return (p = bare_text(r, p, number)) && is_digits(*number) ? p : NULL;
    const uint8_t *start = p;
    while ((uint8_t)(*p - '0') < 10)
        p++;
    *number = (Piece){start, (size_t)(p - start)};
    return is_digits(*number) && *p != '.' && *p != 'e' && *p != 'E' ? p : NULL;
}

static inline uint64_t number_in(Piece digits)
{
    uint64_t value = 0;
    for (size_t at = 0; at < digits.length; at++)
        value = value * 10 + (uint64_t)(digits.at[at] - '0');
    return value;
}

#endif
