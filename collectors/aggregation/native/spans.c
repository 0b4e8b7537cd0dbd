/* Makes a line of every span of the batches that OpenTelemetry's collector writes: what `formats/span_lines.py` says
   of it. Where a document or a span is not written as exporters do, all is left to Python. */

#include "spans.h"

#include "hash.h"
#include "walk.h"

#include <stdio.h>

#define WHATS 8         /* the numbers, and the id of the response */
#define LONGEST_KEY 100 /* bytes of a name that is read */
#define LONGEST_HEX 64
#define PLACES 1024 /* for names, by their hash */
#define MOST_WANTED (PLACES / 2)
#define MOST_WHOLE_DIGITS 16

enum what { NAMED = -1, UNUSUAL = -2, COST = 6, RESPONSE = 7 };

typedef struct {
    const uint8_t *bytes;
    size_t length;
    int what, rank;
    int first_told; /* whether a zero gives way to what another name tells */
} Wanted;

typedef struct {
    Reader reader;
    Wanted wanted[MOST_WANTED];
    uint16_t place[PLACES]; /* one more than the number of a wanted name; 0: none */
    PyObject *contexts;
    Buffer lines, rows, names;
    uint32_t outer, context;
    int failed; /* out of memory, or an error of Python */
    Piece resource, scope;
    int is_naming; /* the scope names its spans by what they do */
} Flat;

static int put(Flat *f, Buffer *buffer, const void *bytes, size_t length)
{
    if (add_bytes(buffer, bytes, length) < 0) {
        f->failed = 1;
        return -1;
    }
    return 0;
}

/* As a part of a text of JSON. */
static int put_escaped(Flat *f, Buffer *buffer, Piece text)
{
    if (reserve(buffer, 2 * text.length) < 0) {
        f->failed = 1;
        return -1;
    }
    uint8_t *out = buffer->bytes + buffer->length;
    for (size_t at = 0; at < text.length; at++) {
        if (text.at[at] == '"' || text.at[at] == '\\')
            *out++ = '\\';
        *out++ = text.at[at];
    }
    buffer->length = (size_t)(out - buffer->bytes);
    return 0;
}

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

/* What the attributes of a span tell. */
typedef struct {
    Piece told[WHATS]; /* length 0: nothing */
    int rank[WHATS], zero[WHATS];
} Numbers;

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

static int note_name(Flat *f, Piece key, Piece value)
{
    static const char start[] = ",\\\"", middle[] = "\\\":";
    return put(f, &f->names, start, sizeof start - 1) < 0 || put(f, &f->names, key.at, key.length) < 0 ||
                   put(f, &f->names, middle, sizeof middle - 1) < 0 || put_escaped(f, &f->names, value) < 0
               ? -1
               : 0;
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
    Piece key, value;
    if (wanted->what == UNUSUAL || *p != '{' || !(p = read_name(&f->reader, skip_space(p + 1), &key)))
        return NULL;
    const uint8_t *start = p;
    int what = wanted->what;
    int whole = IS(key, "intValue"), is_string = IS(key, "stringValue"), decimal = IS(key, "doubleValue");
    if (whole) {
        p = whole_number(&f->reader, p, &value);
    } else {
        Number number;
        int escaped = 0;
        if (is_string)
            p = *p == '"' ? skip_string(&f->reader, p + 1, &escaped, 0) : NULL;
        else if (decimal)
            p = (*p == '-' || (uint8_t)(*p - '0') < 10) && (p = read_number(p, f->reader.end, &number)) &&
                        (!number.whole || what == COST)
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
        if (note_name(f, name, value) < 0)
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

/* `[{"key": …, "value": {…}}, …]` */
static const uint8_t *read_attributes(Flat *f, Numbers *numbers, const uint8_t *p)
{
    Piece key, name;
    int done = 0;
    if (!(p = go_in(p, '[', ']', &done)))
        return NULL;
    while (!done) {
        if (*p != '{' || !(p = read_name(&f->reader, skip_space(p + 1), &key)) || !IS(key, "key") ||
            !(p = bare_text(&f->reader, p, &name)))
            return NULL;
        p = skip_space(p);
        if (*p != ',' || !(p = read_name(&f->reader, skip_space(p + 1), &key)) || !IS(key, "value"))
            return NULL;
        const Wanted *wanted = name.length <= LONGEST_KEY ? find_wanted(f, name) : NULL;
        p = wanted ? read_wanted(f, numbers, wanted, name, p) : skip_outer(&f->reader, p);
        if (!p)
            return NULL;
        p = skip_space(p);
        if (*p != '}' || !(p = go_on(p + 1, ']', &done)))
            return NULL;
    }
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

enum part { TRACE_ID, SPAN_ID, PARENT_ID, BEGAN, DONE_AT, STATE, STATUS, ATTRIBUTES, PARTS_OF_SPAN };

static enum part part_of(Piece key)
{
    static const char *const names[] = {"traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano",
                                        "traceState", "status", "attributes"};
    int at = 0;
    while (at < PARTS_OF_SPAN && (strlen(names[at]) != key.length || memcmp(names[at], key.at, key.length)))
        at++;
    return (enum part)at;
}

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

/* Which resource and scope the next spans are of. */
static int enter(Flat *f)
{
    static const char own[] = "\"gcp.vertex.agent\"", naming[] = "\"openlit.";
    f->is_naming = 0;
    for (size_t at = 0; at < f->scope.length; at++) {
        size_t left = f->scope.length - at;
        if (f->scope.at[at] == '\\' || (left >= sizeof own - 1 && !memcmp(f->scope.at + at, own, sizeof own - 1)))
            return -1;
        f->is_naming |= left >= sizeof naming - 1 && !memcmp(f->scope.at + at, naming, sizeof naming - 1);
    }
    PyObject *key = pair_of(f->resource.at, f->resource.length, f->scope.at, f->scope.length);
    PyObject *known = key ? PyDict_GetItemWithError(f->contexts, key) : NULL;
    if (known) {
        f->context = (uint32_t)PyLong_AsUnsignedLong(known);
    } else if (key && !PyErr_Occurred()) {
        f->context = (uint32_t)PyDict_Size(f->contexts);
        PyObject *number = PyLong_FromUnsignedLong(f->context);
        if (!number || PyDict_SetItem(f->contexts, key, number) < 0)
            f->failed = 1;
        Py_XDECREF(number);
    }
    Py_XDECREF(key);
    f->failed |= PyErr_Occurred() != NULL;
    return f->failed ? -1 : 0;
}

static const uint8_t *read_scope(Flat *f, const uint8_t *p)
{
    Piece key;
    int done = 0, scopes = 0, spans = 0;
    if (*p != '{')
        return NULL;
    f->scope = (Piece){NULL, 0};
    p = skip_space(p + 1);
    while (!done) {
        if (!(p = read_name(&f->reader, p, &key)))
            return NULL;
        if (IS(key, "scope")) {
            const uint8_t *start = p;
            if (scopes++ || spans || *p != '{' || !(p = skip_outer(&f->reader, p)))
                return NULL;
            f->scope = (Piece){start, (size_t)(p - start)};
        } else if (IS(key, "spans")) {
            int last = 0;
            if (spans++ || !(p = go_in(p, '[', ']', &last)) || enter(f) < 0)
                return NULL;
            while (!last)
                if (!(p = read_span(f, p)) || !(p = go_on(p, ']', &last)))
                    return NULL;
        } else if (!(p = skip_outer(&f->reader, p))) {
            return NULL;
        }
        if (!(p = go_on(p, '}', &done)))
            return NULL;
    }
    return p;
}

static const uint8_t *read_resource(Flat *f, const uint8_t *p)
{
    Piece key;
    int done = 0, resources = 0, scopes = 0;
    if (*p != '{')
        return NULL;
    f->resource = (Piece){NULL, 0};
    p = skip_space(p + 1);
    while (!done) {
        if (!(p = read_name(&f->reader, p, &key)))
            return NULL;
        if (IS(key, "resource")) {
            const uint8_t *start = p;
            if (resources++ || scopes || *p != '{' || !(p = skip_outer(&f->reader, p)))
                return NULL;
            f->resource = (Piece){start, (size_t)(p - start)};
        } else if (IS(key, "scopeSpans")) {
            int last = 0;
            if (scopes++ || *p != '[')
                return NULL;
            p = skip_space(p + 1);
            while (!last)
                if (!(p = read_scope(f, p)) || !(p = go_on(p, ']', &last)))
                    return NULL;
        } else if (!(p = skip_outer(&f->reader, p))) {
            return NULL;
        }
        if (!(p = go_on(p, '}', &done)))
            return NULL;
    }
    return scopes ? p : NULL;
}

/* One document a line. */
static const uint8_t *read_batch(Flat *f, const uint8_t *p)
{
    Piece key;
    int last = 0;
    if (*p != '{' || !(p = read_name(&f->reader, skip_space(p + 1), &key)) || !IS(key, "resourceSpans") || *p != '[')
        return NULL;
    p = skip_space(p + 1);
    while (!last)
        if (!(p = read_resource(f, p)) || !(p = go_on(p, ']', &last)))
            return NULL;
    p = skip_space(p);
    return *p == '}' && p[1] == '\n' ? p + 2 : NULL;
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

PyObject *flatten(PyObject *module, PyObject *args)
{
#ifndef WIDE
    if (is_wide)
        return flatten_wide(module, args);
#endif
    (void)module;
    Py_buffer data;
    PyObject *names, *contexts, *made = NULL;
    if (!PyArg_ParseTuple(args, "y*O!O!", &data, &PyTuple_Type, &names, &PyDict_Type, &contexts))
        return NULL;
    const uint8_t *bytes = data.buf;
    Flat *f = PyMem_Calloc(1, sizeof *f);
    if (!f || data.len > INT32_MAX / 2 || (data.len && bytes[data.len - 1] != '\n')) {
        PyErr_SetString(f ? PyExc_ValueError : PyExc_MemoryError, "not whole lines, or too many of them");
    } else if (read_names(f, names) == 0) {
        f->contexts = contexts;
        f->reader = (Reader){.data = bytes, .end = bytes + data.len};
        const uint8_t *p = bytes;
        for (; p && p < f->reader.end; f->outer++)
            p = read_batch(f, p);
        if (f->failed && !PyErr_Occurred())
            PyErr_NoMemory();
        if (!f->failed)
            made = p ? pair_of(f->lines.bytes, f->lines.length, f->rows.bytes, f->rows.length) : Py_NewRef(Py_None);
    }
    if (f) {
        free(f->lines.bytes);
        free(f->rows.bytes);
        free(f->names.bytes);
        PyMem_Free(f);
    }
    PyBuffer_Release(&data);
    return made;
}
