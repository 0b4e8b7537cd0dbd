/* Finds the mapped values of plain records. A record is plain when it is valid JSON by the strictest reading and has
   no surprise in it; any other is odd, and is left to the decoder of Python, which knows what to say about it. */

#include "number.h"
#include "scan.h"

#include "hash.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define DEEPEST 64
#define MOST_AMOUNT 1e15
#define LEAST_RATE 1e-6
#define MOST_LINES 65536
#define SHORTEST 16 /* bytes of a line of a record, and its newline */

/* The texts end in a newline, where everything that is read here ends too: only what is read in steps of more than a
   byte must look where it is. */
typedef struct {
    const uint8_t *data, *end;
    Scan *scan;
    Record *record;
    Span *tokens;
    double *values;
    int inside; /* a text, whose own texts have escaped quotes */
    uint8_t best[ABSENT]; /* the rank of the path that told a value; beyond all ranks: none did */
    int bad_time;
    Record ended; /* the time when the call ended; without one its length is 0 */
    int bad_end;
} Reader;

static inline const uint8_t *skip_space(const uint8_t *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

static int hex4(const uint8_t *p)
{
    int value = 0;
    for (int at = 0; at < 4; at++) {
        uint8_t c = p[at], low = c | 0x20;
        int digit = (uint8_t)(c - '0') < 10 ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static const uint8_t *skip_escape(const uint8_t *p)
{
    switch (*p) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return p + 1;
    case 'u': {
        int unit = hex4(p + 1);
        if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000))
            return NULL;
        p += 5;
        if (unit < 0xD800 || unit >= 0xE000)
            return p;
        if (p[0] != '\\' || p[1] != 'u')
            return NULL;
        unit = hex4(p + 2);
        return unit >= 0xDC00 && unit < 0xE000 ? p + 6 : NULL;
    }
    default:
        return NULL;
    }
}

static inline int is_text(const Reader *r, const uint8_t *p)
{
    return *p == '"' ? !r->inside : *p == '\\' && r->inside && p[1] == '"';
}

/* The bytes of a quote. */
static inline size_t quote(const Reader *r)
{
    return r->inside ? 2 : 1;
}

/* The same as `skip_string` of a text inside of a text: what escapes anything but a quote there is itself escaped. */
static const uint8_t *skip_inner_string(const uint8_t *p, int *escaped)
{
    for (;;) {
        while (*p != '"' && *p != '\\' && *p > 0x1f)
            p++;
        if (*p != '\\')
            return NULL;
        if (p[1] == '"')
            return p + 2;
        if (p[1] != '\\')
            return NULL;
        *escaped = 1;
        p += 2;
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) {
            p += 2;
        } else if (*p == 'u') {
            int unit = hex4(p + 1);
            if (unit < 0 || (unit >= 0xD800 && unit < 0xE000))
                return NULL;
            p += 5;
        } else if (*p == '"' || *p == '\\' || !(p = skip_escape(p))) {
            return NULL;
        }
    }
}

/* From behind the opening quote to behind the closing one. */
static inline const uint8_t *skip_string(const Reader *r, const uint8_t *p, int *escaped)
{
    if (r->inside)
        return skip_inner_string(p, escaped);
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    while (r->end - p >= 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)p);
        __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
                                     _mm_cmpeq_epi8(_mm_max_epu8(text, control), control));
        unsigned bits = (unsigned)_mm_movemask_epi8(stops);
        const uint8_t *block = p;
        p += 16;
        while (bits) {
            const uint8_t *at = block + __builtin_ctz(bits);
            if (*at == '"')
                return at + 1;
            if (*at != '\\' || !(at = skip_escape(at + 1)))
                return NULL;
            *escaped = 1;
            if (at >= block + 16) {
                p = at;
                break;
            }
            bits &= ~0U << (at - block);
        }
    }
#endif
    for (;;) {
        while (*p != '"' && *p != '\\' && *p > 0x1f)
            p++;
        if (*p == '"')
            return p + 1;
        if (*p != '\\' || !(p = skip_escape(p + 1)))
            return NULL;
        *escaped = 1;
    }
}

static const uint8_t *skip_word(const uint8_t *p)
{
    const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : *p == 'n' ? "null" : NULL;
    if (!word)
        return NULL;
    for (; *word; word++, p++)
        if (*p != (uint8_t)*word)
            return NULL;
    return p;
}

static inline const uint8_t *skip_scalar(const Reader *r, const uint8_t *p)
{
    int escaped;
    Number number;
    if (is_text(r, p))
        return skip_string(r, p + quote(r), &escaped);
    return *p == '-' || (uint8_t)(*p - '0') < 10 ? read_number(p, &number) : skip_word(p);
}

static const uint8_t *skip_key(const Reader *r, const uint8_t *p)
{
    int escaped;
    if (!is_text(r, p) || !(p = skip_string(r, p + quote(r), &escaped)))
        return NULL;
    p = skip_space(p);
    return *p == ':' ? skip_space(p + 1) : NULL;
}

static const uint8_t *skip_value(const Reader *r, const uint8_t *p)
{
    uint64_t objects = 0; /* a bit for each open one: 1 for an object, 0 for an array */
    int depth = 0;
    for (;;) {
        if (*p == '{' || *p == '[') {
            int object = *p == '{';
            p = skip_space(p + 1);
            if (*p != (object ? '}' : ']')) {
                if (depth++ == DEEPEST)
                    return NULL;
                objects = objects << 1 | (uint64_t)object;
                if (object && !(p = skip_key(r, p)))
                    return NULL;
                continue;
            }
            p++;
        } else if (!(p = skip_scalar(r, p))) {
            return NULL;
        }
        for (;;) { /* what follows a value */
            if (!depth)
                return p;
            p = skip_space(p);
            if (*p == ',') {
                p = skip_space(p + 1);
                if (objects & 1 && !(p = skip_key(r, p)))
                    return NULL;
                break;
            }
            if (*p != (objects & 1 ? '}' : ']'))
                return NULL;
            objects >>= 1;
            depth--;
            p++;
        }
    }
}

static int is_ascii(const uint8_t *p, size_t length)
{
    uint8_t all = 0;
    while (length--)
        all |= *p++;
    return all < 0x80;
}

/* A text that is stripped elsewhere is only taken as it is here when there is nothing to strip. */
static int read_text_id(const Reader *r, const uint8_t *p, size_t length, Span *span)
{
    if (length && (p[0] == ' ' || p[length - 1] == ' '))
        return -1;
    if (!is_ascii(p, length))
        return -1;
    *span = (Span){(uint32_t)(p - r->data), (uint32_t)length};
    return 0;
}

static int says_nothing(const uint8_t *p, size_t length)
{
    if (length != 4)
        return length == 0;
    uint32_t low = load32(p) | 0x20202020U;
    return low == load32((const uint8_t *)"none") || low == load32((const uint8_t *)"null");
}

/* Whether a path is the first one so far that tells a value. */
static int is_best(Reader *r, int role, int rank)
{
    if (rank >= r->best[role])
        return 0;
    r->best[role] = (uint8_t)rank;
    return 1;
}

/* The time that is told by the best path alone decides whether it can be read here. */
static int read_time(Reader *r, int role, int rank, const uint8_t *p, size_t length, const Number *number, int escaped)
{
    int text = is_text(r, p);
    size_t mark = quote(r);
    Record told = {0}, *record = role == ENDED ? &r->ended : r->record;
    int bad = text ? (escaped ? -1
                              : read_text_time(p + mark, length - 2 * mark, (uint32_t)(p + mark - r->data), &told))
              : number ? (r->scan->text_time ? -1 : read_number_time(number, p, length, &told))
                       : -1;
    if (!text && !number)
        return -1;
    if (role == TIME && !is_best(r, TIME, rank))
        return 0;
    *(role == ENDED ? &r->bad_end : &r->bad_time) = bad;
    record->time_kind = told.time_kind;
    record->time = told.time_kind == TEXT_TIME ? told.time : (Span){(uint32_t)(p - r->data), (uint32_t)length};
    record->zone = told.zone;
    record->micros = told.micros;
    record->seconds = told.seconds;
    return 0;
}

/* The latency of a record that only tells when it ended; -1: Python knows. */
static int read_latency(Reader *r)
{
    Record *record = r->record;
    uint32_t bit = 1U << (of_latency_ms - FIRST_NUMBER);
    if (!r->ended.time.length || record->known & bit)
        return 0;
    double latency = r->bad_end || r->scan->column[of_latency_ms - FIRST_NUMBER] < 0 ? -1 : elapsed(r->data, record, &r->ended);
    if (latency < 0)
        return -1;
    r->values[r->scan->column[of_latency_ms - FIRST_NUMBER]] = latency;
    record->known |= bit;
    return 0;
}

static int read_id(Reader *r, int role, int rank, const uint8_t *p, size_t length, const Number *number, int escaped)
{
    Record *record = r->record;
    Span span = {(uint32_t)(p - r->data), (uint32_t)length};
    int declared = r->scan->declared;
    size_t mark = quote(r);
    if (is_text(r, p)) {
        if (escaped)
            return -1;
        if ((declared || role == REQUEST) && says_nothing(p + mark, length - 2 * mark))
            return declared && length > 2 * mark ? -1 : 0;
        if (read_text_id(r, p + mark, length - 2 * mark, &span) < 0)
            return -1;
    } else if (!number || !number->whole || number->negative || number->digits > 18) {
        return -1;
    }
    if (declared && span.length > LONGEST_ID)
        return -1;
    if (!is_best(r, role, rank))
        return 0;
    if (role == TRACE) {
        record->traced = 1;
        record->trace = span;
    } else {
        record->request = span;
    }
    return 0;
}

static int read_class(Reader *r, int role, const Number *number)
{
    if (!number || number->negative)
        return -1;
    r->record->classes |= (number->mantissa ? 2ULL : 1ULL) << 2 * (AMOUNTS + role - CLASS);
    return 0;
}

static int read_role(Reader *r, int role, int rank, const uint8_t *p, const uint8_t *end, const Number *number,
                     int escaped)
{
    Record *record = r->record;
    size_t length = (size_t)(end - p);
    int inner = *p == '{' || *p == '[';
    if (role >= NAME) {
        r->tokens[role - NAME] = (Span){(uint32_t)(p - r->data), (uint32_t)length};
        return inner && (!rank || length > LONGEST_RAW) ? -1 : 0;
    }
    if (*p == 'n')
        return 0;
    if (role >= CLASS)
        return read_class(r, role, number);
    switch (role) {
    case TIME:
    case ENDED:
        return read_time(r, role, rank, p, length, number, escaped);
    case REQUEST:
    case TRACE:
        return read_id(r, role, rank, p, length, number, escaped);
    case ALONE:
        r->scan->apart = 1;
        return -1;
    case ABSENT:
        return -1;
    case UNREAD:
        return number || is_text(r, p) ? 0 : -1;
    default:
        break;
    }
    if (!number || number->negative)
        return -1;
    double value;
    if (role <= LAST_WHOLE) {
        if (!number->whole || number->digits > 16 || number->mantissa > MOST_COUNT)
            return -1;
        value = (double)number->mantissa;
    } else {
        value = nearest(number, p, length);
        if (!(value >= 0 && value <= MOST_AMOUNT) || (role == of_sample_rate && !(value >= LEAST_RATE && value <= 1)))
            return -1;
    }
    if (!is_best(r, role, rank))
        return 0;
    r->values[r->scan->column[role - FIRST_NUMBER]] = role == of_latency_ms ? value / r->scan->latency_in : value;
    record->known |= 1U << (role - FIRST_NUMBER);
    return 0;
}

static const uint8_t *read_value(Reader *r, const struct Key *key, const uint8_t *p)
{
    int escaped = 0, is_number = 0;
    Number number;
    const uint8_t *end;
    if (is_text(r, p)) {
        end = skip_string(r, p + quote(r), &escaped);
    } else if (*p == '-' || (uint8_t)(*p - '0') < 10) {
        is_number = 1;
        end = read_number(p, &number);
    } else {
        end = skip_value(r, p);
    }
    if (!end)
        return NULL;
    for (int at = 0; at < key->roles; at++)
        if (read_role(r, key->role[at], key->rank[at], p, end, is_number ? &number : NULL, escaped) < 0)
            return NULL;
    return end;
}

static const uint8_t *read_object(Reader *r, const Node *node, const uint8_t *p);

/* An array that has one object, or none. Its name says which. */
static const uint8_t *read_array(Reader *r, const struct Key *key, const uint8_t *p)
{
    const uint8_t *start = p, *named;
    if (*p != '[')
        return *p == 'n' ? read_value(r, key, p) : NULL;
    p = skip_space(p + 1);
    named = *p == ']' ? p + 1 : start + 1;
    if (*p != ']') {
        p = read_object(r, key->first, p);
        p = p ? skip_space(p) : NULL;
        if (!p || *p != ']')
            return NULL;
    }
    for (int at = 0; at < key->roles; at++)
        if (read_role(r, key->role[at], 1, start, named, NULL, 0) < 0)
            return NULL;
    return p + 1;
}

/* An object, or null, that is JSON inside a text. */
static const uint8_t *read_in_text(Reader *r, const Node *node, const uint8_t *p)
{
    if (p[1] == '"')
        return p + 2;
    r->inside = 1;
    p = skip_space(p + 1);
    p = *p == 'n' ? skip_word(p) : read_object(r, node, p);
    r->inside = 0;
    p = p ? skip_space(p) : NULL;
    return p && *p == '"' ? p + 1 : NULL;
}

/* An object of which the values inside matter, or something else, which is a name. */
static const uint8_t *read_either(Reader *r, const struct Key *key, const uint8_t *p)
{
    const uint8_t *end = *p == '{' ? p + 1 : read_value(r, key, p);
    if (!end || (size_t)(end - p) > LONGEST_RAW)
        return NULL;
    for (int at = 0; at < key->roles; at++)
        r->tokens[key->role[at] - NAME] = (Span){(uint32_t)(p - r->data), (uint32_t)(end - p)};
    return *p == '{' ? read_object(r, key->inner, p) : end;
}

/* A value behind a key of any name, which is read like a name itself. */
static const uint8_t *read_named(Reader *r, const struct Key *key, const uint8_t *text, const uint8_t *end,
                                 const uint8_t *p)
{
    for (int at = 0; at < key->roles; at++)
        r->tokens[key->role[at] - NAME] = (Span){(uint32_t)(text - r->data), (uint32_t)(end - text)};
    return key->inner ? read_object(r, key->inner, p) : skip_value(r, p);
}

static inline int find_key(const Node *node, const uint8_t *text, size_t length)
{
    for (int at = 0; at < node->keys; at++)
        if (node->key[at].length == length && !memcmp(node->key[at].text, text, length))
            return at;
    return -1;
}

static const uint8_t *read_object(Reader *r, const Node *node, const uint8_t *p)
{
    uint32_t seen = 0;
    int any = 0;
    if (*p != '{')
        return NULL;
    p = skip_space(p + 1);
    if (*p == '}')
        return p + 1;
    for (;;) {
        int escaped = 0;
        const uint8_t *text = p + quote(r);
        if (!is_text(r, p) || !(p = skip_string(r, text, &escaped)) || escaped)
            return NULL;
        const uint8_t *behind = p - quote(r);
        int at = find_key(node, text, (size_t)(behind - text));
        p = skip_space(p);
        if (*p != ':')
            return NULL;
        p = skip_space(p + 1);
        if (at < 0) {
            if (node->any && any++)
                return NULL;
            p = node->any ? read_named(r, node->any, text, behind, p) : skip_value(r, p);
        } else {
            if (seen & (1U << at)) /* the last one counts */
                return NULL;
            seen |= 1U << at;
            const struct Key *key = &node->key[at];
            if (key->first)
                p = read_array(r, key, p);
            else if (!key->inner)
                p = read_value(r, key, p);
            else if (key->roles)
                p = read_either(r, key, p);
            else if (key->in_text && *p == '"')
                p = read_in_text(r, key->inner, p);
            else
                p = *p == 'n' ? skip_word(p) : read_object(r, key->inner, p);
        }
        if (!p)
            return NULL;
        p = skip_space(p);
        if (*p == '}')
            return p + 1;
        if (*p != ',')
            return NULL;
        p = skip_space(p + 1);
    }
}

/* Which values a declared record has, and which of them are zero: a declaration may ask for that. */
static uint64_t classes(const Scan *scan, const Record *record, const double *values)
{
    uint64_t found = record->classes | (uint64_t)(record->request.length > 0) << 60 | (uint64_t)record->traced << 61 |
                     (uint64_t)(record->time_kind == NUMBER_TIME) << 62;
    for (uint32_t told = record->known & ((1U << (of_total - FIRST_NUMBER)) - 1); told; told &= told - 1) {
        int amount = __builtin_ctz(told);
        found |= (values[scan->column[amount]] == 0 ? 1ULL : 2ULL) << 2 * amount;
    }
    return found;
}

static int grow(Scan *scan)
{
    size_t room = scan->room ? scan->room * 2 : 4096;
    void *records = realloc(scan->records, room * sizeof *scan->records);
    if (records)
        scan->records = records;
    void *tokens = realloc(scan->tokens, (room * (size_t)scan->names + 1) * sizeof *scan->tokens);
    if (tokens)
        scan->tokens = tokens;
    void *values = realloc(scan->values, (room * (size_t)scan->amounts + 1) * sizeof *scan->values);
    if (values)
        scan->values = values;
    if (!records || !tokens || !values)
        return -1;
    scan->room = room;
    return 0;
}

int scan_read(Scan *scan, const uint8_t *data, size_t size)
{
    scan->count = 0;
    Reader reader = {.data = data, .end = data + size, .scan = scan};
    for (const uint8_t *p = data; p < reader.end;) {
        if (scan->count == scan->room) {
            /* What is kept of a line is many times as much as a blank one. */
            if (scan->count >= MOST_LINES && (size_t)(p - data) < scan->count * SHORTEST)
                return TOO_MANY_LINES;
            if (grow(scan) < 0)
                return -1;
        }
        Record *record = reader.record = &scan->records[scan->count];
        reader.tokens = scan->tokens + scan->count * (size_t)scan->names;
        reader.values = scan->values + scan->count * (size_t)scan->amounts;
        *record = (Record){.line = {(uint32_t)(p - data), 0}};
        memset(reader.tokens, 0, (size_t)scan->names * sizeof *reader.tokens);
        memset(reader.best, UINT8_MAX, sizeof reader.best);
        reader.bad_time = reader.bad_end = reader.inside = 0;
        reader.ended.time.length = 0;
        const uint8_t *end = read_object(&reader, scan->root, skip_space(p));
        if (end)
            end = skip_space(end);
        if (!end || *end != '\n' || !record->time.length || reader.bad_time || read_latency(&reader) < 0) {
            record->odd = 1;
            end = memchr(p, '\n', (size_t)(reader.end - p));
        }
        if (scan->declared && (*p != '{' || end[-1] != '}'))
            scan->apart = 1;
        if (scan->apart)
            return 0;
        record->line.length = (uint32_t)(end - p);
        for (int name = 0; name < scan->names && !record->odd; name++)
            record->hash = mix(record->hash, data + reader.tokens[name].at, reader.tokens[name].length);
        if (scan->declared && !record->odd) {
            record->classes = classes(scan, record, reader.values) | (uint64_t)(reader.best[REQUEST] & 15) << 52;
            record->hash = (record->hash ^ record->classes) * MIX_1;
        }
        scan->count++;
        p = end + 1;
    }
    return 0;
}
