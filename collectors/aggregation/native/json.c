/* Finds the mapped values of plain records. A record is plain when it is valid JSON by the strictest reading and has
   no surprise in it; any other is odd, and is left to the decoder of Python, which knows what to say about it. */

#include "filter.h"
#include "order.h"
#include "record.h"
#include "roles.h"
#include "unwrapped.h"

#define SHORTEST 16 /* bytes of a line of a record, and its newline */

EITHER const uint8_t *read_value(Reader *r, const struct Key *key, const uint8_t *p, int inside)
{
    Value value = {.at = p, .is_text = is_text(p, inside), .mark = quote(inside)};
    if (value.is_text) {
        value.end = skip_string(r, p + quote(inside), &value.escaped, inside);
    } else if (*p == '-' || (uint8_t)(*p - '0') < 10) {
        value.is_number = 1;
        value.end = read_number(p, r->end, &value.number);
    } else {
        value.end = skip_value(r, p, inside);
    }
    if (!value.end)
        return NULL;
    for (int at = 0; at < key->roles; at++)
        if (read_role(r, key->role[at], key->rank[at], &value) < 0)
            return NULL;
    return value.end;
}

static const uint8_t *read_inner(Reader *r, Node *node, const uint8_t *p);
static const uint8_t *read_outer(Reader *r, Node *node, const uint8_t *p);

EITHER const uint8_t *read_object(Reader *r, Node *node, const uint8_t *p, int inside)
{
    return inside ? read_inner(r, node, p) : read_outer(r, node, p);
}

/* An array that has one object, or none. Its name says which. */
EITHER const uint8_t *read_array(Reader *r, const struct Key *key, const uint8_t *p, int inside)
{
    if (*p != '[')
        return *p == 'n' ? read_value(r, key, p, inside) : NULL;
    Value named = {.at = p, .end = p + 1};
    p = skip_gap(p + 1, inside);
    if (*p == ']') {
        named.end = p + 1;
    } else {
        p = read_object(r, key->first, p, inside);
        p = p ? skip_gap(p, inside) : NULL;
        if (!p || *p != ']')
            return NULL;
    }
    for (int at = 0; at < key->roles; at++)
        if (read_role(r, key->role[at], 1, &named) < 0)
            return NULL;
    return p + 1;
}

/* An object, or null, that is JSON inside a text. */
static const uint8_t *read_in_text(Reader *r, Node *node, const uint8_t *p)
{
    if (p[1] == '"')
        return p + 2;
    p = skip_inner_space(p + 1);
    p = *p == 'n' ? skip_word(p) : read_inner(r, node, p);
    p = p ? skip_inner_space(p) : NULL;
    return p && *p == '"' ? p + 1 : NULL;
}

static int is_key(const struct Key *key, const uint8_t *p, size_t length)
{
    return key->length + 4 <= length && !memcmp(p + 2, key->text, key->length) && !memcmp(p + 2 + key->length, "\\\"", 2);
}

/* Whether a key that is asked for begins with the quote at the beginning of JSON inside a text, at whatever depth. */
static int has_key(const Node *node, const uint8_t *p, size_t length)
{
    for (int at = 0; at < node->keys; at++) {
        const struct Key *key = &node->key[at];
        if (is_key(key, p, length) || (key->inner && has_key(key->inner, p, length)) ||
            (key->first && has_key(key->first, p, length)))
            return 1;
    }
    return 0;
}

static int has_word(const Node *node, const uint8_t *p, const uint8_t *end)
{
    for (; (p = memchr(p, '\\', (size_t)(end - p))); p += 2)
        if (end - p >= 2 && p[1] == '"' && has_key(node, p, (size_t)(end - p)))
            return 1;
    return 0;
}

/* A text that is an object, or nothing. Its name is what it begins with. Where the object has no key that is asked for,
   none of these may be anywhere in it. */
static const uint8_t *read_body(Reader *r, const struct Key *key, const uint8_t *p)
{
    const uint8_t *start = p, *end = *p == 'n' ? skip_word(p) : *p != '"' ? NULL : p[1] == '"' ? p + 2 : p + 1;
    if (!end)
        return NULL;
    for (int at = 0; at < key->roles; at++)
        r->tokens[key->role[at] - NAME] = span_in(r, p, (size_t)(end - p));
    if (end != p + 1)
        return end;
    uint32_t asked = r->asked;
    r->asked = 0;
    if (*end != '{' || !(p = read_inner(r, key->inner, end)))
        return NULL;
    int tells = r->asked > 0;
    r->asked += asked;
    end = skip_inner_space(p);
    return *end == '"' && (tells || !has_word(key->inner, start + 1, end)) ? end + 1 : NULL;
}

/* An object of which the values inside matter, or something else, which is a name. */
EITHER const uint8_t *read_named_or_object(Reader *r, const struct Key *key, const uint8_t *p, int inside)
{
    const uint8_t *end = *p == '{' ? p + 1 : read_value(r, key, p, inside);
    if (!end || (size_t)(end - p) > LONGEST_RAW)
        return NULL;
    for (int at = 0; at < key->roles; at++)
        r->tokens[key->role[at] - NAME] = span_in(r, p, (size_t)(end - p));
    return *p == '{' ? read_object(r, key->inner, p, inside) : end;
}

/* What is behind a key that is asked for. */
EITHER const uint8_t *read_key(Reader *r, const struct Key *key, const uint8_t *p, int inside)
{
    if (!key->inner && !key->first)
        return read_value(r, key, p, inside);
    if (key->first)
        return read_array(r, key, p, inside);
    if (key->body)
        return inside ? NULL : read_body(r, key, p);
    if (key->roles)
        return read_named_or_object(r, key, p, inside);
    if (!inside && key->in_text && *p == '"')
        return read_in_text(r, key->inner, p);
    return *p == 'n' ? skip_word(p) : read_object(r, key->inner, p, inside);
}

/* A value behind a key of any name, which is read like a name itself. */
EITHER const uint8_t *read_any(Reader *r, const struct Key *key, const uint8_t *text, const uint8_t *end,
                               const uint8_t *p, int inside)
{
    for (int at = 0; at < key->roles; at++)
        r->tokens[key->role[at] - NAME] = span_in(r, text, (size_t)(end - text));
    return key->inner ? read_object(r, key->inner, p, inside) : skip_value(r, p, inside);
}

static inline int find_key(const Node *node, const uint8_t *text, size_t length)
{
    for (int at = 0; at < node->keys; at++)
        if (node->key[at].length == length && is_same(node->key[at].text, text, length))
            return at;
    return -1;
}

EITHER const uint8_t *read_either(Reader *r, Node *node, const uint8_t *p, int inside)
{
    uint32_t seen = 0, place = 0;
    int any = 0;
    if (*p != '{')
        return NULL;
    p = skip_gap(p + 1, inside);
    if (*p == '}')
        return p + 1;
    for (;;) {
        const uint8_t *text = p + quote(inside), *behind = NULL;
        const Next *next = inside && !node->only_inside ? NULL : find_next(r, node, &place, p);
        int at, escaped = 0;
        if (next) {
            p = skip_gap(p + next->length, inside);
            at = next->key;
        } else {
            const uint8_t *start = p;
            if (!is_text(p, inside) || !(p = skip_string(r, text, &escaped, inside)) || escaped)
                return NULL;
            behind = p - quote(inside);
            at = find_key(node, text, (size_t)(behind - text));
            p = skip_gap(p, inside);
            if (*p != ':')
                return NULL;
            p = skip_gap(p + 1, inside);
            if (!inside || node->only_inside)
                learn(r, node, &place, start, p, at);
        }
        if (at < 0) {
            if (node->closed || (node->flat && *p == '{') || (node->any && any++))
                return NULL;
            p = node->any ? read_any(r, node->any, text, behind, p, inside) : skip_value(r, p, inside);
        } else {
            if (seen & (1U << at)) /* the last one counts */
                return NULL;
            seen |= 1U << at;
            r->asked++;
            const struct Key *key = &node->key[at];
            const uint8_t *value = p;
            p = read_key(r, key, p, inside);
            if (p && key->tests && judge(r, key, value, p, inside) < 0)
                return NULL;
        }
        if (!p)
            return NULL;
        p = skip_gap(p, inside);
        if (*p == '}')
            return p + 1;
        if (*p != ',')
            return NULL;
        p = skip_gap(p + 1, inside);
    }
}

static const uint8_t *read_inner(Reader *r, Node *node, const uint8_t *p)
{
    return read_either(r, node, p, 1);
}

static const uint8_t *read_outer(Reader *r, Node *node, const uint8_t *p)
{
    return read_either(r, node, p, 0);
}

int scan_read(Scan *scan, const uint8_t *data, size_t size)
{
    scan->count = 0;
    Reader reader = {.data = data, .end = data + size, .scan = scan};
    for (const uint8_t *p = data; p < reader.end;) {
        int room = room_for_one(scan, (size_t)(p - data), SHORTEST);
        if (room)
            return room;
        Record *record = reader.record = &scan->records[scan->count];
        Span beside;
        const uint8_t *start = begin_record(&reader, p, &beside);
        if (!start) {
            const uint8_t *behind = memchr(p, '\n', (size_t)(reader.end - p));
            *record = (Record){.line = {(uint32_t)(p - data), (uint32_t)(behind - p)}, .odd = behind == p, .no_record = behind > p};
            scan->count++;
            p = behind + 1;
            continue;
        }
        p = start;
        reader.tokens = scan->tokens + scan->count * (size_t)scan->names;
        reader.values = scan->values + scan->count * (size_t)scan->amounts;
        begin(record, (uint32_t)(p - data));
        memset(reader.tokens, 0, (size_t)scan->names * sizeof *reader.tokens);
        memset(reader.best, UINT8_MAX, sizeof reader.best);
        reader.bad_time = reader.bad_end = 0;
        reader.adds = 0;
        reader.ended.time.length = 0;
        reader.held = scan->lacking;
        const uint8_t *end = read_outer(&reader, scan->root, skip_space(p));
        if (end)
            end = skip_space(end);
        int is_beside = end && take_time(&reader, beside);
        if (!end || *end != '\n' || !record->time.length || reader.bad_time || read_latency(&reader) < 0 ||
            (reader.adds && add_up(&reader) < 0)) {
            record->odd = 1;
            end = memchr(p, '\n', (size_t)(reader.end - p));
        }
        if (scan->declared && !scan->by_line && (*p != '{' || end[-1] != '}'))
            scan->apart = 1;
        if (scan->apart)
            return 0;
        record->line.length = (uint32_t)(end - p);
        record->filtered = reader.held != scan->wanted;
        record->odd |= record->filtered && is_beside; /* its time is not told of what is left out */
        if (!scan->declared) /* its format says what a cost of zero means */
            record->known = priced(record, reader.values, scan->column);
        for (int name = 0; name < scan->names && !record->odd; name++)
            record->hash = mix(record->hash, data + reader.tokens[name].at, reader.tokens[name].length);
        if (scan->declared && !record->odd) {
            record->classes = classes_of(scan, record, reader.values) | (uint64_t)(reader.best[REQUEST] & 15) << 52;
            record->classes |= (uint64_t)is_beside << 63;
            record->hash = (record->hash ^ record->classes) * MIX_1;
        }
        scan->count++;
        p = end + 1;
    }
    return 0;
}
