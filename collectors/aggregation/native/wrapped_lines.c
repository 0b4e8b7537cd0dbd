/* Takes records out of what a container's runtime or a log shipper put around each line, as `framing/partial.py` and
   `framing/wrappers.py` do. A line in which anything is unusual is left to Python, and so are lines that are parts of
   a longer one, with all lines in between. */

#include "wrapped.h"

#include "wrapped_text.h"

#define STREAMS 3       /* the usual two, and none */
#define FAR 200         /* bytes of a line before its record in which a time is looked for */

enum found { ODD, NOTHING, RECORD };

typedef struct {
    const uint8_t *at;
    size_t length;
} Piece;

typedef struct {
    const Stage *stage;
    Reader reader; /* of the text of this stage */
    uint8_t *out;
    Piece time;    /* of the line */
    Piece text;
    int unsure;    /* something may be a part of a longer line */
    int open[STREAMS]; /* whether a line of the stream goes on */
    size_t room;       /* bytes that the time of the line before took: that of this one needs as many, mostly */
} State;

/* Where a text is written, so that it need not be moved when the time is put before it. */
static uint8_t *place_of_text(const State *s)
{
    return s->out + s->room + 1;
}

static int is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether a byte may be of what else Python strips. */
static int may_be_stripped(uint8_t c)
{
    return c >= 0x7f || c < ' ';
}

static int is_same_text(const uint8_t *p, size_t length, const char *text)
{
    return length == strlen(text) && !memcmp(p, text, length);
}

/* From the opening quote of a text without escapes, all of ASCII, to behind the closing one; NULL: it is none. */
static const uint8_t *read_plain(const State *s, const uint8_t *p, Piece *text)
{
    int escaped = 0;
    const uint8_t *end = *p == '"' ? skip_string(&s->reader, p + 1, &escaped, 0) : NULL;
    if (!end || escaped)
        return NULL;
    *text = (Piece){p + 1, (size_t)(end - p - 2)};
    for (size_t at = 0; at < text->length; at++)
        if (text->at[at] >= 0x7f)
            return NULL;
    return end;
}

static Piece bare(Piece text)
{
    while (text.length && is_blank(text.at[text.length - 1]))
        text.length--;
    while (text.length && is_blank(*text.at)) {
        text.at++;
        text.length--;
    }
    return text;
}

/* A line of a stream, which ends here or goes on in a later one. */
static enum found in_stream(State *s, int stream, int ends)
{
    int any = s->unsure;
    for (int at = 0; at < STREAMS; at++)
        any |= s->open[at];
    s->open[stream] = !ends;
    if (any || !ends)
        return ODD;
    if (!bare(s->text).length)
        return NOTHING;
    return RECORD;
}

/* `time stream P|F text` */
static enum found read_cri(State *s, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *start = p;
    while (p < end && !is_blank(*p))
        p++;
    s->time = (Piece){start, (size_t)(p - start)};
    if (p == start || end - p < 9)
        return ODD;
    if (!*start)
        s->unsure = 1; /* the hole of a file that was truncated */
    int errors = !memcmp(p, " stderr ", 8);
    if ((!errors && memcmp(p, " stdout ", 8)) || (p[8] != 'P' && p[8] != 'F'))
        return ODD;
    int ends = p[8] == 'F';
    p += 9;
    if (p < end && *p == ':')
        while (p < end && !is_blank(*p))
            p++;
    p += p < end && *p == ' ';
    s->text = (Piece){p, (size_t)(end - p)};
    return in_stream(s, errors, ends);
}

/* An object with `log`, `stream` and `time`; a part has no newline at its end. */
static enum found read_docker(State *s, const uint8_t *p, const uint8_t *end)
{
    if (*p != '{') {
        s->unsure |= is_blank(*p) || !*p;
        return ODD;
    }
    uint8_t *from = place_of_text(s), *to = NULL;
    int stream = -1, timed = 0, done = 0, unsure = s->unsure;
    size_t breaks = 0;
    s->unsure = 1;
    for (p = skip_space(p + 1); !done; p = skip_space(p + 1)) {
        Piece key, value = {NULL, 0};
        if (!(p = read_plain(s, p, &key)))
            return ODD;
        p = skip_space(p);
        if (*p != ':')
            return ODD;
        p = skip_space(p + 1);
        if (is_same_text(key.at, key.length, "log")) {
            if (to || *p != '"')
                return ODD;
            to = from;
            p = put_text(p + 1, s->reader.end, &to, &breaks);
        } else if (is_same_text(key.at, key.length, "stream")) {
            if (stream >= 0 || !(p = read_plain(s, p, &value)))
                return ODD;
            stream = is_same_text(value.at, value.length, "stderr");
            if (!stream && !is_same_text(value.at, value.length, "stdout"))
                return ODD;
        } else if (is_same_text(key.at, key.length, "time")) {
            if (timed++)
                return ODD;
            p = *p == 'n' ? skip_word(p) : read_plain(s, p, &s->time);
        } else {
            p = skip_outer(&s->reader, p);
        }
        if (!p)
            return ODD;
        p = skip_space(p);
        done = *p == '}';
        if (!done && *p != ',')
            return ODD;
    }
    if (p != end || !to || s->time.length > MOST_TIME)
        return ODD;
    int ends = to > from && to[-1] == '\n';
    s->text = (Piece){from, (size_t)(to - from) - (size_t)ends};
    if (breaks > (size_t)ends)
        return ODD;
    s->unsure = unsure;
    return in_stream(s, stream < 0 ? 2 : stream, ends);
}

/* Which of some names a key is; none: their number. */
static size_t name_at(Piece key, const Text *names, size_t number)
{
    size_t at = 0;
    while (at < number && (names[at].length != key.length || memcmp(names[at].bytes, key.at, key.length)))
        at++;
    return at;
}

#define TIMES 4

/* An object with a field that has the record, as JSON text or as an object. */
static enum found read_shipped(State *s, const uint8_t *p, const uint8_t *end)
{
#define NAMED(text) {(const uint8_t *)text, sizeof text - 1}
    static const Text times[TIMES] = {NAMED("time"), NAMED("timestamp"), NAMED("@timestamp"), NAMED("ts")};
#undef NAMED
    const Stage *stage = s->stage;
    uint32_t seen = 0;
    size_t best = stage->fields, first = TIMES, breaks = 0, broken = 0;
    int done = 0, timed = 0, is_text = 0;
    if (*p != '{')
        return ODD;
    for (p = skip_space(p + 1); !done; p = skip_space(p + 1)) {
        Piece key;
        if (!(p = read_plain(s, p, &key)))
            return ODD;
        p = skip_space(p);
        if (*p != ':')
            return ODD;
        const uint8_t *value = p = skip_space(p + 1);
        size_t field = name_at(key, stage->field, stage->fields), time = name_at(key, times, TIMES);
        uint32_t bits = (field < stage->fields ? 1U << field : 0) | (time < TIMES ? 256U << time : 0);
        if (seen & bits) /* the last one counts */
            return ODD;
        seen |= bits;
        uint8_t *from = place_of_text(s), *to = from;
        int is_better = field < best && (*p == '{' || *p == '"');
        p = is_better && *p == '"' && time == TIMES ? put_text(p + 1, s->reader.end, &to, &broken)
                                                    : skip_outer(&s->reader, p);
        if (!p)
            return ODD;
        if (is_better) {
            if (*value == '"' && time < TIMES)
                return ODD; /* a time that is looked for records, too */
            best = field;
            breaks = broken;
            is_text = *value == '"';
            s->text = is_text ? (Piece){from, (size_t)(to - from)} : (Piece){value, (size_t)(p - value)};
        }
        if (time < first) {
            Piece told;
            first = time;
            timed = read_plain(s, value, &told) && told.length && told.length <= MOST_TIME;
            s->time = timed ? told : (Piece){NULL, 0};
        }
        p = skip_space(p);
        done = *p == '}';
        if (!done && *p != ',')
            return ODD;
    }
    if (p != end || !s->text.at)
        return ODD;
    if (!is_text)
        return RECORD;
    Piece text = s->text = bare(s->text);
    if (text.length && may_be_stripped(*text.at))
        return ODD;
    if (!stage->any_text && (!text.length || *text.at != '{'))
        return NOTHING;
    if ((text.length && may_be_stripped(text.at[text.length - 1])) || (breaks && memchr(text.at, '\n', text.length)))
        return ODD;
    return RECORD;
}

/* The length of what is written as a pattern at some place, where a 9 stands for any digit; 0: something else is. */
static size_t matches(const uint8_t *p, const uint8_t *end, const char *pattern)
{
    size_t at = 0;
    for (; pattern[at]; at++)
        if (p + at >= end || (pattern[at] == '9' ? (uint8_t)(p[at] - '0') > 9 : p[at] != (uint8_t)pattern[at]))
            return 0;
    return at;
}

/* A date with a time of day, as `time_before` finds it. */
static Piece time_in(const uint8_t *p, const uint8_t *end)
{
    for (end = end - p > FAR ? p + FAR : end; end - p >= 19; p++) {
        if ((uint8_t)(*p - '0') > 9 || !matches(p, end, "9999-99-99") || (p[10] != 'T' && p[10] != ' ') ||
            !matches(p + 11, end, "99:99:99"))
            continue;
        const uint8_t *at = p + 19;
        if (end - at > 1 && (*at == '.' || *at == ',') && (uint8_t)(at[1] - '0') < 10)
            for (int digits = 0; ++at < end && digits < 9 && (uint8_t)(*at - '0') < 10;)
                digits++;
        if (at < end && *at == 'Z')
            at++;
        else if (at < end && (*at == '+' || *at == '-'))
            at += matches(at + 1, end, "99:99") ? 6 : matches(at + 1, end, "9999") ? 5 : 0;
        return (Piece){p, (size_t)(at - p)};
    }
    return (Piece){NULL, 0};
}

/* Text before the first brace of the line. */
static enum found read_prefixed(State *s, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *brace = memchr(p, '{', (size_t)(end - p));
    if (!brace)
        return p < end ? NOTHING : ODD;
    Piece time = time_in(p, brace);
    if (time.length > MOST_TIME)
        return ODD;
    if (time.length)
        s->time = time;
    s->text = (Piece){brace, (size_t)(end - brace)};
    return RECORD;
}

/* Write what is in a line. */
static void put_line(State *s, enum found found)
{
    Piece text = s->text;
    uint8_t *out = s->out;
    if (found == RECORD && ((s->stage->last && *text.at != '{') || (text.length == 1 && *text.at == NO_RECORD)))
        found = ODD;
    if (found == NOTHING)
        *out++ = NO_RECORD;
    if (found == RECORD) {
        int is_time = s->time.length <= MOST_TIME && !memchr(s->time.at ? s->time.at : out, BEHIND_TIME, s->time.length);
        s->room = is_time ? s->time.length : 0;
        if (out + s->room + 1 != text.at) /* before the time is written, which may need the place of its beginning */
            memmove(out + s->room + 1, text.at, text.length);
        for (size_t at = 0; at < s->room; at++)
            *out++ = s->time.at[at] == ',' ? '.' : s->time.at[at];
        *out++ = BEHIND_TIME;
        out += text.length;
    }
    *out++ = '\n';
    s->out = out;
}

static void unwrap_line(State *s, const uint8_t *p, const uint8_t *end, int is_first)
{
    enum found found;
    s->time = s->text = (Piece){NULL, 0};
    if (!is_first) {
        const uint8_t *behind = memchr(p, BEHIND_TIME, (size_t)(end - p));
        if (!behind) { /* nothing, or no record */
            memcpy(s->out, p, (size_t)(end - p) + 1);
            s->out += end - p + 1;
            return;
        }
        s->time = (Piece){p, (size_t)(behind - p)};
        p = behind + 1;
    }
    switch (s->stage->kind) {
    case CRI: found = read_cri(s, p, end); break;
    case DOCKER: found = read_docker(s, p, end); break;
    case STRING: found = read_shipped(s, p, end); break;
    default: found = read_prefixed(s, p, end); break;
    }
    put_line(s, found);
}

/* Returns how many bytes were written; -1: a line is no object from brace to brace, and may belong to others.
   `is_open`: a line may go on behind these. */
Py_ssize_t unwrap_lines(const Stage *stage, const uint8_t *data, size_t size, uint8_t *out, uint32_t *starts,
                               int by_brace, int *is_open)
{
    State state = {.stage = stage, .reader = {.data = data, .end = data + size}, .out = out, .room = MOST_TIME};
    for (const uint8_t *p = data; p < data + size;) {
        const uint8_t *end = memchr(p, '\n', (size_t)(data + size - p));
        if (by_brace && (end == p || *p != '{' || end[-1] != '}'))
            return -1;
        if (starts)
            *starts++ = (uint32_t)(p - data);
        unwrap_line(&state, p, end, starts != NULL);
        p = end + 1;
    }
    *is_open |= state.unsure;
    for (int at = 0; at < STREAMS; at++)
        *is_open |= state.open[at];
    return state.out - out;
}

