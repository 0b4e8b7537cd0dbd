/* Finds the values in lines of access logs. A line is plain when it has one of the layouts by the strictest reading,
   in printable ASCII; any other is odd, and is left to Python, which knows what to say about it. */

#include "text.h"

#include "hash.h"
#include "number.h"
#include "values.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ASCII_LAST 0x7e
#define LONGEST_WORD 200
#define MOST_LATENCY 1e12

typedef struct {
    const uint8_t *data, *end; /* of the line: a newline */
    Scan *scan;
    Record *record;
    Span *tokens;
    double *values;
    int method_posts;
    int asked[3]; /* which of `enum asking` values said */
    int has_bad_time;
    /* the local time that was read last, and the start of its minute */
    const uint8_t *known;
    int64_t micros;
} Line;

/* The end of a line; `*plain`: it has nothing but printable ASCII. There is a newline before `end`. */
static const uint8_t *line_end(const uint8_t *p, const uint8_t *end, int *plain)
{
#ifdef __SSE2__
    const __m128i blank = _mm_set1_epi8(' '), last = _mm_set1_epi8(ASCII_LAST);
    for (; end - p >= 16; p += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)p);
        /* Bytes beyond ASCII are negative here. */
        unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(text, blank), _mm_cmpgt_epi8(text, last)));
        if (stops) {
            p += __builtin_ctz(stops);
            break;
        }
    }
#endif
    while (*p >= ' ' && *p <= ASCII_LAST)
        p++;
    *plain = *p == '\n';
    return *plain ? p : memchr(p, '\n', (size_t)(end - p));
}

/* From behind an opening quote to the closing one, or the end of the line. */
static const uint8_t *quote_end(const Line *line, const uint8_t *p)
{
    for (;;) {
#ifdef __SSE2__
        const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
        while (line->end - p >= 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)p);
            unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)));
            if (stops) {
                p += __builtin_ctz(stops);
                break;
            }
            p += 16;
        }
#endif
        while (*p != '"' && *p != '\\' && *p != '\n')
            p++;
        if (*p != '\\')
            return p;
        if (p[1] == '\n')
            return p + 1;
        p += 2;
    }
}

static inline int is_dash(const uint8_t *p, const uint8_t *end)
{
    return end - p == 1 && *p == '-';
}

/* What is written for the server that was asked; in a list of nginx nothing but dashes is none. */
static void tell_asked(Line *line, const LineStep *step, const uint8_t *p, const uint8_t *end)
{
    if (step->asks == SAYS_NOTHING || p == end)
        return;
    if (step->asks == ASKED_NONE) {
        line->asked[ASKED_NONE] |= is_dash(p, end);
        return;
    }
    while (p < end && *p == '-')
        p++;
    line->asked[p == end ? ASKED_NONE : ASKED_ONE] = 1;
}

static int tell_time(Line *line, const uint8_t *p, const uint8_t *end)
{
    Record *record = line->record;
    size_t length = (size_t)(end - p);
    uint32_t at = (uint32_t)(p - line->data);
    if (length != LOCAL_LENGTH || p[2] != '/')
        return read_text_time(p, length, at, record);
    uint8_t tens = p[LOCAL_SECONDS] - '0', ones = p[LOCAL_SECONDS + 1] - '0';
    if (line->known && !memcmp(line->known, p, LOCAL_SECONDS) && tens < 6 && ones < 10 &&
        !memcmp(line->known + LOCAL_SECONDS + 2, p + LOCAL_SECONDS + 2, LOCAL_LENGTH - LOCAL_SECONDS - 2)) {
        record->micros = line->micros + (tens * 10 + ones) * 1000000;
    } else {
        record->micros = read_local_time(p);
        if (record->micros < 0)
            return -1;
        line->known = p;
        line->micros = record->micros - (tens * 10 + ones) * 1000000;
    }
    record->time_kind = NUMBER_TIME;
    record->time = (Span){at, LOCAL_LENGTH};
    return 0;
}

static int tell_latency(Line *line, double scale, const uint8_t *p, const uint8_t *end)
{
    Number number;
    if (read_number(p, line->end, &number) != end || number.digits > MOST_DIGITS)
        return -1;
    double latency = nearest(&number, p, (size_t)(end - p)) * scale;
    if (!(latency >= 0 && latency < MOST_LATENCY))
        return -1;
    line->values[line->scan->column[of_latency_ms - FIRST_NUMBER]] = latency;
    line->record->known |= 1U << (of_latency_ms - FIRST_NUMBER);
    return 0;
}

/* What matters of names that are only compared. Two with the same text and bits are alike to the rules of a system. */
static void cut_down(Line *line)
{
    const struct TextForm *form = line->scan->text;
    for (int at = 0; at < form->compared_count; at++) {
        const Compared *compared = &form->compared[at];
        Span *token = &line->tokens[compared->name];
        const uint8_t *p = line->data + token->at;
        size_t length = token->length;
        /* What is read as a list, has blanks around it, or is no value. */
        if (!length || *p == '[' || *p == ' ' || p[length - 1] == ' ' || is_dash(p, p + length))
            continue;
        int text = 0, prefix = 0;
        while (text < compared->count &&
               (compared->texts[text].length != length || memcmp(compared->texts[text].bytes, p, length)))
            text++;
        if (text < compared->count)
            continue;
        while (prefix < compared->prefixes_count &&
               (compared->prefixes[prefix].length > length ||
                memcmp(compared->prefixes[prefix].bytes, p, compared->prefixes[prefix].length)))
            prefix++;
        token->length = prefix < compared->prefixes_count ? (uint32_t)compared->prefixes[prefix].length : 0;
        line->record->classes |= 1ULL << (FIRST_COMPARED + compared->name);
    }
}

/* What a value tells; a dash, and an empty one, tell nothing. -1: Python knows. */
static int tell(Line *line, const LineStep *step, const uint8_t *p, const uint8_t *end)
{
    tell_asked(line, step, p, end);
    for (int at = 0; at < step->roles; at++) {
        int role = step->role[at];
        size_t length = (size_t)(end - p);
        Span span = {(uint32_t)(p - line->data), (uint32_t)length};
        if (role >= NAME)
            line->tokens[role - NAME] = span;
        else if (p == end || is_dash(p, end))
            continue;
        else if (role == TIME && tell_time(line, p, end) < 0)
            return -1;
        else if (role == of_latency_ms && tell_latency(line, step->scale, p, end) < 0)
            return -1;
        else if (role == REQUEST) {
            if (length > LONGEST_ID || says_nothing(p, length) || *p == ' ' || end[-1] == ' ' || memchr(p, '\\', length))
                return -1;
            line->record->request = span;
        }
    }
    return 0;
}

static inline int is_word(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == '_';
}

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

static inline int is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

static int part_fits(const PathPart *part, const uint8_t *p, size_t length)
{
    for (int at = 0; at < part->count; at++)
        if (part->words[at].length == length && is_same(part->words[at].bytes, p, length))
            return 1;
    for (int at = 0; at < part->endings_count; at++) {
        const Text *ending = &part->endings[at];
        if (length > ending->length && is_same(p + length - ending->length, ending->bytes, ending->length))
            return 1;
    }
    if (!part->is_version || length < 2 || p[0] != 'v' || !is_digit(p[1]))
        return 0;
    for (size_t at = 2; at < length; at++)
        if (!is_word(p[at]))
            return 0;
    return 1;
}

int path_end(const struct TextForm *form, const uint8_t *p, const uint8_t *end, const uint8_t **from, const uint8_t **to)
{
    Span part[MOST_PARTS];
    int parts = 0;
    if (*p != '/' || (end - p > 1 && p[1] == '/')) /* with a host, or none that is known here */
        return -1;
    const uint8_t *stop = p;
    while (stop < end && *stop != '?' && *stop != '#')
        stop++;
    while (stop > p && stop[-1] == '/')
        stop--;
    *to = stop;
    for (const uint8_t *at = stop; parts < MOST_PARTS && at > p;) { /* the last part first */
        const uint8_t *behind = at;
        while (at[-1] != '/')
            at--;
        part[parts++] = (Span){(uint32_t)(at - p), (uint32_t)(behind - at)};
        at--;
    }
    if (!parts)
        return 0;
    uint64_t length = 1ULL << (part[0].length & 63);
    int has_colon = memchr(p + part[0].at, ':', part[0].length) != NULL;
    for (int path = 0; path < form->paths; path++) {
        const PathEnd *known = &form->path[path];
        int at = 0;
        if ((known->lengths && !(known->lengths & length)) || known->has_colon > has_colon)
            continue;
        while (at < known->parts && at < parts &&
               part_fits(&known->part[known->parts - 1 - at], p + part[at].at, part[at].length))
            at++;
        if (at == known->parts) {
            *from = p + part[at - 1].at;
            return 1;
        }
    }
    return 0;
}

/* What is asked for. All but a POST to some paths calls no model, whatever else the line tells. -1: Python knows. */
static int tell_target(Line *line, const uint8_t *p, const uint8_t *end)
{
    const struct TextForm *form = line->scan->text;
    const uint8_t *from, *to;
    int calls = path_end(form, p, end, &from, &to);
    if (calls < 0)
        return -1;
    line->record->passed = !calls;
    if (calls)
        line->tokens[form->of_path] = (Span){(uint32_t)(from - line->data), (uint32_t)(to - from)};
    return 0;
}

/* "POST /path HTTP/1.1", of which the protocol may be missing; what is none asks for nothing. */
static int tell_request(Line *line, const uint8_t *p, const uint8_t *end)
{
    line->record->passed = 1;
    if (end - p < 6 || load32(p) != load32((const uint8_t *)"POST") || p[4] != ' ')
        return 0;
    const uint8_t *target = p + 5, *stop = memchr(target, ' ', (size_t)(end - target));
    if (stop) {
        size_t left = (size_t)(end - stop);
        if (left < 7 || memcmp(stop, " HTTP/", 6) || memchr(stop + 1, ' ', left - 1))
            return 0;
    } else {
        stop = end;
    }
    return stop == target ? 0 : tell_target(line, target, stop);
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

/* Where a value of a step ends; NULL: it is none. */
static const uint8_t *step_end(const Line *line, const LineStep *step, const uint8_t *p)
{
    const uint8_t *at = p;
    switch (step->kind) {
    case DIGITS:
    case COUNT:
        while (is_digit(*at))
            at++;
        if (at == p && step->kind == COUNT && *at == '-')
            at++;
        return at > p ? at : NULL;
    case SECONDS:
        while (is_digit(*at) || *at == '.')
            at++;
        return at > p ? at : NULL;
    case QUOTED:
    case REQUEST_LINE:
        at = quote_end(line, p);
        return *at == '"' ? at : NULL;
    case BRACKETED:
        while (*at != ']' && *at != '[' && *at != '\n')
            at++;
        return *at == ']' ? at : NULL;
    case REST:
        while (*at != '"' && *at != '\n')
            at++;
        return *at == '"' ? at : NULL;
    default: /* a token */
        while (*at != ' ' && *at != '"' && *at != '\n' && (*at != '[' || step->kind == TARGET)) /* no user has one */
            at++;
        if (at == p || *at == '"' || *at == '[')
            return NULL;
        if (step->kind != TARGET && at - p > LONGEST_WORD)
            return NULL;
        if (step->kind == LISTED && (memchr(p, ',', (size_t)(at - p)) || (at - p == 1 && *p == ':')))
            return NULL;
        return at;
    }
}

/* Read a line by a layout; -1: it has another one, or is odd. */
static int read_layout(Line *line, const Layout *layout, const uint8_t *p)
{
    for (int number = 0; number < layout->steps; number++) {
        const LineStep *step = &layout->step[number];
        if (step->kind == LITERAL) {
            if ((size_t)(line->end - p) < step->text.length || memcmp(p, step->text.bytes, step->text.length))
                return -1;
            p += step->text.length;
            continue;
        }
        if (step->kind == LINE_END)
            return p == line->end ? 0 : -1;
        if (step->kind == TAIL) /* nothing that follows makes a call of what is none */
            return line->record->passed ? 0 : tell_tail(line, p);
        if (step->kind == LAST) {
            if (p == line->end)
                return 0;
            if (*p++ != ' ')
                return -1;
        }
        const uint8_t *end = step_end(line, step, p);
        if (!end)
            return -1;
        if (step->kind == METHOD)
            line->method_posts = end - p == 4 && !memcmp(p, "POST", 4);
        else if (step->kind == TARGET && !line->method_posts)
            line->record->passed = 1;
        else if (step->kind == TARGET && tell_target(line, p, end) < 0)
            return -1;
        else if (step->kind == REQUEST_LINE && tell_request(line, p, end) < 0)
            return -1;
        if (tell(line, step, p, end) < 0)
            return -1;
        if (step->kind == LAST)
            return 0;
        p = end;
    }
    return -1;
}

static int read_line(Line *line, const uint8_t *p)
{
    struct TextForm *form = line->scan->text;
    Record *record = line->record;
    if (*p == ' ' || *p == '{' || p == line->end || line->end[-1] == ' ')
        return -1;
    for (int tried = 0; tried < form->layouts; tried++) {
        int at = tried ? tried - (tried <= form->last) : form->last;
        if (tried) {
            *record = (Record){.line = record->line};
            memset(line->tokens, 0, (size_t)line->scan->names * sizeof *line->tokens);
        }
        memset(line->asked, 0, sizeof line->asked);
        if (read_layout(line, &form->layout[at], p) < 0 || !record->time.length)
            continue;
        if (!record->passed)
            form->last = at;
        if (line->asked[ASKED_ONE] || line->asked[ASKED_NONE]) {
            line->values[line->scan->column[of_attempts - FIRST_NUMBER]] = line->asked[ASKED_ONE];
            record->known |= 1U << (of_attempts - FIRST_NUMBER);
        }
        return 0;
    }
    return -1;
}

int text_read(Scan *scan, const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size;
    Line line = {.data = data, .scan = scan};
    scan->count = 0;
    for (const uint8_t *p = data; p < end; p = line.end + 1) {
        int plain, room = scan_room(scan, (size_t)(p - data));
        if (room)
            return room;
        Record *record = line.record = &scan->records[scan->count];
        line.tokens = scan->tokens + scan->count * (size_t)scan->names;
        line.values = scan->values + scan->count * (size_t)scan->amounts;
        line.end = line_end(p, end, &plain);
        *record = (Record){.line = {(uint32_t)(p - data), (uint32_t)(line.end - p)}};
        for (int name = 0; name < scan->names; name++)
            line.tokens[name] = (Span){0, 0};
        record->odd = !plain || read_line(&line, p) < 0;
        if (!record->odd && !record->passed) {
            cut_down(&line);
            for (int name = 0; name < scan->names; name++)
                record->hash = mix(record->hash, data + line.tokens[name].at, line.tokens[name].length);
            record->classes = scan_classes(scan, record, line.values);
            record->hash = (record->hash ^ record->classes) * MIX_1;
        }
        scan->count++;
    }
    return 0;
}
