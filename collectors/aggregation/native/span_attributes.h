/* What the attributes of a span tell. Part of spans.c, for speed. */

#ifndef LEVERWATCH_SPAN_ATTRIBUTES_H
#define LEVERWATCH_SPAN_ATTRIBUTES_H

#include "flat.h"
#include "hash.h"

#define LONGEST_KEY 100 /* bytes of a name that is read */
#define MOST_WHOLE_DIGITS 16

static const Wanted *find_wanted(const Flat *f, Piece key)
{
    size_t at = mix(0, key.at, key.length) % PLACES;
    for (; f->place[at]; at = (at + 1) % PLACES) {
        const Wanted *wanted = &f->wanted[f->place[at] - 1];
        if (wanted->length == key.length && !memcmp(wanted->bytes, key.at, key.length))
            return wanted;
    }
    return NULL;
}

/* A number of a span, of which the first name that tells it counts, or the first that is not zero. */
static int note(Numbers *numbers, const Wanted *wanted, Piece text)
{
    int what = wanted->what, zero = 1;
    for (size_t at = 0; at < text.length && what != RESPONSE; at++) {
        if (text.at[at] == 'e' || text.at[at] == 'E' || text.at[at] == '-')
            return -1;
        zero &= text.at[at] == '0' || text.at[at] == '.';
    }
    if (numbers->told[what].length && wanted->rank == numbers->rank[what])
        return -1; /* the same name again */
    int is_first = !numbers->told[what].length || wanted->rank < numbers->rank[what];
    if (wanted->first_told && numbers->told[what].length && numbers->zero[what] != zero)
        is_first = !zero;
    if (is_first) {
        numbers->told[what] = text;
        numbers->rank[what] = wanted->rank;
        numbers->zero[what] = zero;
    }
    return 0;
}

/* An attribute as a part of a text of JSON. `is_bare`: the value is a text in quotes without escapes. */
static int note_name(Flat *f, Piece key, Piece value, int is_bare)
{
    if (reserve(&f->names, 16 + key.length + 2 * value.length) < 0) {
        f->failed = 1;
        return -1;
    }
    uint8_t *out = SIGNS(f->names.bytes + f->names.length, ",\\\"");
    out = SIGNS(copied(out, key.at, key.length), "\\\":");
    if (is_bare) {
        out = SIGNS(copied(SIGNS(out, "\\\""), value.at + 1, value.length - 2), "\\\"");
    } else {
        for (size_t at = 0; at < value.length; at++) {
            if (value.at[at] == '"' || value.at[at] == '\\')
                *out++ = '\\';
            *out++ = value.at[at];
        }
    }
    f->names.length = (size_t)(out - f->names.bytes);
    return 0;
}

static int is_plain_ascii(Piece text)
{
    for (size_t at = 0; at < text.length; at++)
        if (text.at[at] >= 0x7f)
            return 0;
    return 1;
}

/* The value of an attribute that is read. */
static const uint8_t *read_wanted(Flat *f, Numbers *numbers, const Wanted *wanted, Piece name, const uint8_t *p)
{
    Piece key = {NULL, 0}, value;
    const uint8_t *text = BEHIND(&f->reader, p, "{\"stringValue\":");
    const uint8_t *number = BEHIND(&f->reader, p, "{\"intValue\":");
    if (text || number)
        p = skip_space(text ? text : number);
    else if (*p != '{' || !(p = read_name(&f->reader, skip_space(p + 1), &key)))
        return NULL;
    if (wanted->what == UNUSUAL)
        return NULL;
    const uint8_t *start = p;
    int what = wanted->what, escaped = 0;
    int whole = number || IS(key, "intValue"), is_string = text || IS(key, "stringValue");
    int decimal = IS(key, "doubleValue");
    if (whole) {
        p = whole_number(&f->reader, p, &value);
    } else {
        Number told;
        if (is_string)
            p = *p == '"' ? skip_string(&f->reader, p + 1, &escaped, 0) : NULL;
        else if (decimal)
            p = (*p == '-' || (uint8_t)(*p - '0') < 10) && (p = read_number(p, f->reader.end, &told)) &&
                        (!told.whole || what == COST)
                    ? p
                    : NULL; /* a whole one would be taken for an integer */
        else if (IS(key, "boolValue"))
            p = *p == 't' || *p == 'f' ? skip_word(p) : NULL;
        else
            p = IS(key, "arrayValue") && *p == '{' ? skip_outer(&f->reader, p) : NULL;
        value = (Piece){start, p ? (size_t)(p - start) : 0};
    }
    if (!p)
        return NULL;
    if (what == NAMED) {
        if (note_name(f, name, value, is_string && !escaped) < 0)
            return NULL;
    } else if (what == RESPONSE) {
        if (!is_string || !is_plain_ascii(value) || (value.length > 2 && note(numbers, wanted, value) < 0))
            return NULL;
    } else if (!(whole || (decimal && what == COST)) || (whole && value.length > MOST_WHOLE_DIGITS) ||
               note(numbers, wanted, value) < 0) {
        return NULL;
    }
    p = skip_space(p);
    return *p == '}' ? p + 1 : NULL;
}

/* From `{"key": …, "value": …}` to the value. */
static const uint8_t *read_key(const Flat *f, const uint8_t *p, Piece *name)
{
    Piece key;
    const uint8_t *usual = BEHIND(&f->reader, p, "{\"key\":");
    if (usual)
        p = skip_space(usual);
    else if (*p != '{' || !(p = read_name(&f->reader, skip_space(p + 1), &key)) || !IS(key, "key"))
        return NULL;
    if (!(p = bare_text(&f->reader, p, name)))
        return NULL;
    if ((usual = BEHIND(&f->reader, p, ",\"value\":")))
        return skip_space(usual);
    p = skip_space(p);
    return *p == ',' && (p = read_name(&f->reader, skip_space(p + 1), &key)) && IS(key, "value") ? p : NULL;
}

/* The value of an attribute that nobody asks for, which is a text mostly. */
static const uint8_t *skip_unread(const Flat *f, const uint8_t *p)
{
    int escaped = 0;
    const uint8_t *text = BEHIND(&f->reader, p, "{\"stringValue\":\"");
    if (text && (text = skip_string(&f->reader, text, &escaped, 0)) && *text == '}')
        return text + 1;
    return skip_outer(&f->reader, p);
}

/* `[{"key": …, "value": {…}}, …]` */
static const uint8_t *read_attributes(Flat *f, Numbers *numbers, const uint8_t *p)
{
    Piece name;
    int done = 0;
    if (!(p = go_in(p, '[', ']', &done)))
        return NULL;
    while (!done) {
        if (!(p = read_key(f, p, &name)))
            return NULL;
        const Wanted *wanted = name.length <= LONGEST_KEY ? find_wanted(f, name) : NULL;
        p = wanted ? read_wanted(f, numbers, wanted, name, p) : skip_unread(f, p);
        if (!p)
            return NULL;
        p = skip_space(p);
        if (*p != '}' || !(p = go_on(p + 1, ']', &done)))
            return NULL;
    }
    return p;
}

static int read_names(Flat *f, PyObject *names)
{
    if (PyTuple_Size(names) > MOST_WANTED) {
        PyErr_SetString(PyExc_ValueError, "too many names");
        return -1;
    }
    for (Py_ssize_t at = 0; at < PyTuple_Size(names); at++) {
        Wanted *wanted = &f->wanted[at];
        PyObject *name;
        char *bytes;
        Py_ssize_t length;
        if (!PyArg_ParseTuple(PyTuple_GetItem(names, at), "O!iii", &PyBytes_Type, &name, &wanted->what, &wanted->rank,
                              &wanted->first_told) ||
            PyBytes_AsStringAndSize(name, &bytes, &length) < 0)
            return -1;
        wanted->bytes = (const uint8_t *)bytes; /* of the tuple, which is there as long as this call */
        wanted->length = (size_t)length;
        if (wanted->what < UNUSUAL || wanted->what >= WHATS) {
            PyErr_SetString(PyExc_ValueError, "something that is not known here");
            return -1;
        }
        size_t place = mix(0, wanted->bytes, wanted->length) % PLACES;
        while (f->place[place])
            place = (place + 1) % PLACES;
        f->place[place] = (uint16_t)(at + 1);
    }
    return 0;
}

#endif
