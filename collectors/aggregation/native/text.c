/* Finds the values in lines of access logs. A line is plain when it has one of the layouts by the strictest reading,
   in printable ASCII; any other is odd, and is left to Python, which knows what to say about it. */

#include "record.h"
#include "text_tail.h"

#define SHORTEST 16 /* bytes of a line of a record, and its newline */

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
            const Span whole = record->line;
            begin(record, whole.at);
            record->line = whole;
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
        int plain, room = room_for_one(scan, (size_t)(p - data), SHORTEST);
        if (room)
            return room;
        Record *record = line.record = &scan->records[scan->count];
        line.tokens = scan->tokens + scan->count * (size_t)scan->names;
        line.values = scan->values + scan->count * (size_t)scan->amounts;
        line.end = line_end(p, end, &plain);
        begin(record, (uint32_t)(p - data));
        record->line.length = (uint32_t)(line.end - p);
        for (int name = 0; name < scan->names; name++)
            line.tokens[name] = (Span){0, 0};
        record->odd = !plain || read_line(&line, p) < 0;
        if (!record->odd && !record->passed) {
            cut_down(&line);
            for (int name = 0; name < scan->names; name++)
                record->hash = mix(record->hash, data + line.tokens[name].at, line.tokens[name].length);
            record->classes = classes_of(scan, record, line.values);
            record->hash = (record->hash ^ record->classes) * MIX_1;
        }
        scan->count++;
    }
    return 0;
}
