/* Makes a line of every span of MLflow's traces: the record that `formats/mlflow.py` makes of it. A trace that is not
   written as MLflow writes it, or in which a call lies within another one, is left to Python. */

#include "traces.h"

#define MOST_SPANS 128
#define LONGEST_KIND 40
#define MOST_TEXTS 2

typedef struct {
    Piece whole, id, parent, began, ended;
    Piece text[MOST_TEXTS]; /* what was said, which nobody reads */
    int texts, may_be_call;
} Told;

typedef struct {
    Reader reader;
    Buffer *lines, *rows;
    Told span[MOST_SPANS];
    int spans;
    Piece info, trace;
    uint32_t outer;
    int reads_texts;
    int failed; /* out of memory */
} Divided;

static int holds_text(Piece text, const char *part)
{
    size_t length = strlen(part);
    for (size_t at = 0; at + length <= text.length; at++)
        if (!memcmp(text.at + at, part, length))
            return 1;
    return 0;
}

static int is_same_piece(Piece one, Piece other)
{
    return one.length == other.length && !memcmp(one.at, other.at, one.length);
}

/* A text, or null, which is none; it may have no escapes. */
static const uint8_t *read_id_text(const Reader *r, const uint8_t *p, Piece *text)
{
    if (*p != 'n')
        return bare_text(r, p, text);
    *text = (Piece){p, 0};
    return skip_word(p);
}

static const uint8_t *read_kind(const Reader *r, const uint8_t *p, int *may_be_call)
{
    const uint8_t *start = p;
    int escaped;
    if (!(p = *p == '"' ? skip_string(r, p + 1, &escaped, 0) : NULL))
        return NULL;
    Piece kind = {start, (size_t)(p - start)};
    *may_be_call = holds_text(kind, "CHAT_MODEL") || holds_text(kind, "LLM");
    return kind.length > LONGEST_KIND || holds_text(kind, "\\u") ? NULL : p;
}

static const uint8_t *skip_trait(const Reader *r, const uint8_t *p, Piece key, Told *span)
{
    const uint8_t *end = skip_outer(r, p);
    if (end && span->texts < MOST_TEXTS && (IS(key, "mlflow.spanInputs") || IS(key, "mlflow.spanOutputs")))
        span->text[span->texts++] = (Piece){p, (size_t)(end - p)};
    return end;
}

static const uint8_t *read_traits(const Reader *r, const uint8_t *p, Told *span)
{
    Piece key;
    int done = 0, kinds = 0;
    if (!(p = go_in(p, '{', '}', &done)))
        return NULL;
    while (!done) {
        if (!(p = read_name(r, p, &key)))
            return NULL;
        int is_kind = IS(key, "mlflow.spanType");
        if (is_kind && kinds++)
            return NULL;
        p = is_kind ? read_kind(r, p, &span->may_be_call) : skip_trait(r, p, key, span);
        if (!p || !(p = go_on(p, '}', &done)))
            return NULL;
    }
    return p;
}

static const uint8_t *read_one(const Reader *r, const uint8_t *p, Told *span)
{
#define NAMED(text) {(const uint8_t *)text, sizeof text - 1}
    static const Piece names[] = {NAMED("span_id"), NAMED("parent_span_id"), NAMED("start_time_unix_nano"),
                                  NAMED("end_time_unix_nano"), NAMED("attributes"), NAMED("parent_id"),
                                  NAMED("trace_id"), NAMED("context"), NAMED("start_time"), NAMED("end_time")};
#undef NAMED
    const int most = sizeof names / sizeof *names;
    const uint8_t *start = p;
    Piece key;
    int done = 0;
    uint32_t seen = 0;
    *span = (Told){.may_be_call = 0};
    if (*p != '{')
        return NULL;
    for (p = skip_space(p + 1); !done;) {
        if (!(p = read_name(r, p, &key)))
            return NULL;
        int at = 0;
        while (at < most && !is_same_piece(names[at], key))
            at++;
        if (seen & 1U << at && at < most)
            return NULL;
        seen |= 1U << at;
        switch (at) {
        case 0: p = bare_text(r, p, &span->id); break;
        case 1: p = read_id_text(r, p, &span->parent); break;
        case 2: p = *p == '"' ? NULL : whole_number(r, p, &span->began); break;
        case 3: p = *p == '"' ? NULL : whole_number(r, p, &span->ended); break;
        case 4: p = read_traits(r, p, span); break;
        default: p = at < most && at != 6 ? NULL : skip_outer(r, p); /* older spans are written in another way */
        }
        if (!p || !(p = go_on(p, '}', &done)))
            return NULL;
    }
    span->whole = (Piece){start, (size_t)(p - start)};
    return span->id.length && span->began.length == 19 && span->ended.length == 19 ? p : NULL;
}

static const uint8_t *read_info(Divided *d, const uint8_t *p)
{
    const uint8_t *start = p;
    Piece key;
    int done = 0, traces = 0;
    if (*p != '{')
        return NULL;
    for (p = skip_space(p + 1); !done;) {
        if (!(p = read_name(&d->reader, p, &key)))
            return NULL;
        if (IS(key, "trace_id")) {
            p = traces++ ? NULL : bare_text(&d->reader, p, &d->trace);
        } else if ((IS(key, "tags") || IS(key, "trace_metadata")) && *p != '{' && *p != 'n') {
            return NULL;
        } else {
            p = skip_outer(&d->reader, p);
        }
        if (!p || !(p = go_on(p, '}', &done)))
            return NULL;
    }
    d->info = (Piece){start, (size_t)(p - start)};
    return d->trace.length ? p : NULL;
}

static const uint8_t *read_spans(Divided *d, const uint8_t *p)
{
    int last = 0;
    if (*p != '[')
        return NULL;
    for (p = skip_space(p + 1); !last;)
        if (d->spans == MOST_SPANS || !(p = read_one(&d->reader, p, &d->span[d->spans++])) || !(p = go_on(p, ']', &last)))
            return NULL;
    return p;
}

static const uint8_t *read_data(Divided *d, const uint8_t *p)
{
    Piece key;
    int done = 0, spans = 0;
    if (*p != '{')
        return NULL;
    for (p = skip_space(p + 1); !done;) {
        if (!(p = read_name(&d->reader, p, &key)))
            return NULL;
        int is_spans = IS(key, "spans");
        if (is_spans && spans++)
            return NULL;
        p = is_spans ? read_spans(d, p) : skip_outer(&d->reader, p);
        if (!p || !(p = go_on(p, '}', &done)))
            return NULL;
    }
    return d->spans ? p : NULL;
}

/* `{"info": {…}, "data": {"spans": […]}}`; NULL: something else. */
static const uint8_t *read_trace(Divided *d, const uint8_t *p)
{
    Piece key;
    int done = 0;
    d->spans = 0;
    d->info = d->trace = (Piece){NULL, 0};
    if (*p != '{')
        return NULL;
    for (p = skip_space(p + 1); !done;) {
        if (!(p = read_name(&d->reader, p, &key)))
            return NULL;
        if (IS(key, "info") && !d->info.at)
            p = read_info(d, p);
        else if (IS(key, "data") && !d->spans)
            p = read_data(d, p);
        else
            return NULL;
        if (!p || !(p = go_on(p, '}', &done)))
            return NULL;
    }
    p = skip_space(p);
    return d->info.at && d->spans && *p == '\n' ? p : NULL;
}

static int place_of(const Divided *d, Piece id)
{
    int at = 0;
    while (at < d->spans && !is_same_piece(d->span[at].id, id))
        at++;
    return at;
}

/* Whether a call may lie within another one, or the spans cannot be told apart. */
static int nests(const Divided *d)
{
    for (int at = 0; at < d->spans; at++)
        if (place_of(d, d->span[at].id) != at)
            return 1;
    for (int at = 0; at < d->spans; at++) {
        if (!d->span[at].may_be_call)
            continue;
        int steps = 0;
        for (Piece id = d->span[at].parent; id.length && steps <= d->spans; steps++) {
            int around = place_of(d, id);
            if (around == d->spans)
                break;
            if (d->span[around].may_be_call)
                return 1;
            id = d->span[around].parent;
        }
        if (steps > d->spans)
            return 1;
    }
    return 0;
}

static void put_text_of(Divided *d, const void *bytes, size_t length)
{
    d->failed |= add_bytes(d->lines, bytes, length) < 0;
}
#define PUT(text) put_text_of(d, text, sizeof text - 1)

static void put_number(Divided *d, uint64_t number)
{
    char text[20];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + number % 10);
    while (number /= 10);
    put_text_of(d, text + at, sizeof text - at);
}

/* A span, without its texts where nobody reads them: most of a trace are these. */
static void put_span(Divided *d, const Told *span)
{
    const uint8_t *at = span->whole.at;
    for (int text = 0; text < span->texts && !d->reads_texts; text++) {
        put_text_of(d, at, (size_t)(span->text[text].at - at));
        PUT("null");
        at = span->text[text].at + span->text[text].length;
    }
    put_text_of(d, at, span->whole.length - (size_t)(at - span->whole.at));
}

/* Write the line of a span; 0: it is not plain. */
static int put_one(Divided *d, const Told *span, uint32_t *row)
{
    uint64_t began = number_in(span->began), ended = number_in(span->ended);
    if (ended < began || ended - began > MOST_COUNT || ended >= 1ULL << 62)
        return 0;
    PUT("{\"leverwatch ns\":");
    put_number(d, ended - began);
    PUT(",\"leverwatch id\":\"");
    put_text_of(d, d->trace.at, d->trace.length);
    PUT("/");
    put_text_of(d, span->id.at, span->id.length);
    PUT("\",\"leverwatch outer\":false,\"leverwatch span\":");
    put_span(d, span);
    PUT(",\"leverwatch trace\":");
    put_text_of(d, d->info.at, d->info.length);
    row[SPAN_AT] = (uint32_t)(span->whole.at - d->reader.data);
    row[SPAN_LENGTH] = (uint32_t)span->whole.length;
    row[INFO_AT] = (uint32_t)(d->info.at - d->reader.data);
    row[INFO_LENGTH] = (uint32_t)d->info.length;
    PUT("}\n");
    d->failed |= add_bytes(d->rows, row, OF_TRACE * sizeof *row) < 0;
    return 1;
}

/* Write the lines of one line of the log; 0: it may be a span alone, which belongs to others of its trace, or is no
   object from brace to brace. `*behind`: where it ends, which is looked for where reading it does not tell. */
static int put_trace(Divided *d, const uint8_t *start, const uint8_t **behind)
{
    size_t lines = d->lines->length, rows = d->rows->length;
    const uint8_t *read = read_trace(d, start);
    const uint8_t *end = *behind = read ? read : memchr(start, '\n', (size_t)(d->reader.end - start));
    if (end - start < 2 || *start != '{' || end[-1] != '}')
        return 0;
    uint32_t row[OF_TRACE] = {[TRACE_OUTER] = d->outer, [OUTER_AT] = (uint32_t)(start - d->reader.data),
                              [OUTER_LENGTH] = (uint32_t)(end - start)};
    int is_plain = read && !nests(d);
    for (int at = 0; is_plain && at < d->spans; at++)
        is_plain = put_one(d, &d->span[at], row);
    if (is_plain || d->failed)
        return 1;
    Piece line = {start, (size_t)(end - start)};
    d->lines->length = lines;
    d->rows->length = rows;
    row[SPAN_AT] = row[SPAN_LENGTH] = row[INFO_AT] = row[INFO_LENGTH] = 0;
    PUT("\n");
    d->failed |= add_bytes(d->rows, row, sizeof row) < 0;
    return holds_text(line, "\"spans\"") || holds_text(line, "\"traces\"");
}

enum divided traces_read(const uint8_t *data, size_t size, int reads_texts, Buffer *lines, Buffer *rows)
{
    Divided d = {.reader = {.data = data, .end = data + size}, .lines = lines, .rows = rows, .reads_texts = reads_texts};
    for (const uint8_t *p = data; p < d.reader.end; d.outer++) {
        const uint8_t *end;
        if (lines->length >= INT32_MAX || !put_trace(&d, p, &end))
            return d.failed ? NO_ROOM : TOGETHER;
        if (d.failed)
            return NO_ROOM;
        p = end + 1;
    }
    return DIVIDED;
}
