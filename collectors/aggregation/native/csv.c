/* Reads rows of delimited values as records/framing/quoted.py and records/formats/delimited.py do. What a row says
   that is not plain is not read here; where it ends always is. */

#include "csv.h"

#include "cell.h"
#include "marks.h"

#define SHORTEST 8          /* bytes of a row, and its newline */
#define LONGEST_ROW (1 << 20) /* of several lines: beyond that the quote that opens them is taken for a stray one */
#define LEAST_SHAPE 6
#define LOOK 2 /* so many further lines of a row decide whether they are rows of their own */

/* What follows a cell; what text follows behind a quote, or nothing. */
enum next { NEXT_CELL, NEXT_ROW, NEXT_TEXT, NEXT_NOTHING };

/* What may stand before a quote that opens: the hole of a file that was truncated, and blanks. */
static const uint8_t *skip_blanks(const Marks *m, const uint8_t *p)
{
    for (;;) {
        if (p < m->end && !*p)
            p++;
        else if (m->end - p >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF)
            p += 3;
        else
            break;
    }
    while (m->dialect.delimiter != ' ' && p < m->end && *p == ' ')
        p++;
    return p;
}

/* Read the cell at `*p`, which is moved to what ends it. */
static inline enum next next_cell(Marks *m, const uint8_t **p, Cell *cell)
{
    const uint8_t *at = *p, *opening = at;
    *cell = (Cell){.raw = at, .at = at};
    if (m->dialect.quotes && at < m->end) {
        if (*at <= ' ' || *at == 0xEF)
            opening = skip_blanks(m, at);
        if (opening < m->end && *opening == m->dialect.quote) {
            cell->quoted = 1;
            cell->at = at = opening + 1;
            while ((at = marks_quote(m, at)) + 1 < m->end && at[1] == m->dialect.quote) {
                cell->doubled = 1;
                at += 2;
            }
            cell->end = at;
            if (at < m->end)
                at++;
            cell->raw_end = at;
            if (at < m->end && *at == m->dialect.delimiter) {
                *p = at;
                return NEXT_CELL;
            }
            while (at < m->end && *at == '\r')
                at++;
            *p = at;
            return at == m->end ? NEXT_NOTHING : *at == '\n' ? NEXT_ROW : NEXT_TEXT;
        }
    }
    *p = at = marks_stop(m, at);
    cell->end = cell->raw_end = at;
    return at == m->end ? NEXT_NOTHING : *at == '\n' ? NEXT_ROW : NEXT_CELL;
}

static size_t count_of(const uint8_t *p, const uint8_t *end, uint8_t c)
{
    size_t number = 0;
    for (; p < end; p++)
        number += *p == c;
    return number;
}

static inline int is_word(uint8_t c)
{
    return (uint8_t)(c - '0') < 10 || (uint8_t)((c | 0x20) - 'a') < 26;
}

/* The first cell of a line without quotes and blanks around it. */
static Cell first_of(const Dialect *dialect, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *behind = p;
    while (behind < end && *behind != dialect->delimiter)
        behind++;
    end = behind;
    while (p < end && (*p == dialect->quote || *p == ' '))
        p++;
    while (p < end && (end[-1] == dialect->quote || end[-1] == ' '))
        end--;
    return (Cell){.at = p, .end = end};
}

/* Whether two cells are the same when all letters and digits are one. */
static int same_shape(Cell one, Cell other)
{
    if (one.end - one.at != other.end - other.at)
        return 0;
    for (const uint8_t *p = one.at, *q = other.at; p < one.end; p++, q++)
        if (*p != *q && !(is_word(*p) && is_word(*q)))
            return 0;
    return 1;
}

/* Whether the further lines of a row look like rows of their own: the first two, or the only one. */
static int has_rows(const Dialect *dialect, const uint8_t *p, const uint8_t *line_end, const uint8_t *end, int closed)
{
    size_t width = count_of(p, line_end, dialect->delimiter);
    Cell first = first_of(dialect, p, line_end);
    int seen = 0;
    if (!width || first.end - first.at < LEAST_SHAPE)
        return 0;
    const uint8_t *newline;
    while (seen < LOOK && line_end < end && (newline = memchr(line_end, '\n', (size_t)(end - line_end)))) {
        const uint8_t *behind = newline + 1;
        if (count_of(line_end, behind, dialect->delimiter) != width ||
            !same_shape(first_of(dialect, line_end, behind), first))
            return 0;
        line_end = behind;
        seen++;
    }
    return seen == LOOK || closed;
}

/* What a row is. Of a broken one its first line alone is the row, as a quote in it is none. */
enum kind { ONE_LINE, SEVERAL_LINES, BROKEN };

/* The end of a row that seems to end at `at`; NULL: it may go on behind the data. */
static const uint8_t *settled(const Marks *m, const uint8_t *p, const uint8_t *at, enum next next, enum kind *kind)
{
    *kind = ONE_LINE;
    const uint8_t *line_end = memchr(p, '\n', (size_t)(m->end - p));
    if (!line_end++)
        return NULL;
    const uint8_t *end = next == NEXT_ROW ? at + 1 : m->end;
    if (next == NEXT_ROW && end == line_end)
        return end;
    *kind = SEVERAL_LINES;
    if (next == NEXT_TEXT || end - p > LONGEST_ROW || has_rows(&m->dialect, p, line_end, end, next == NEXT_ROW))
        *kind = BROKEN;
    return *kind == BROKEN ? line_end : next == NEXT_ROW ? end : NULL;
}

size_t rows_complete(const Dialect *dialect, const uint8_t *data, size_t size)
{
    const uint8_t *p = data, *end = data + size;
    if (!size)
        return 0;
    if (!dialect->quotes || !memchr(data, dialect->quote, size)) {
        while (end > data && end[-1] != '\n')
            end--;
        return (size_t)(end - data);
    }
    Marks marks = marks_of(dialect, data, size);
    while (p < end) {
        enum kind kind;
        const uint8_t *at = p;
        if (*p == '#') {
            at = memchr(p, '\n', (size_t)(end - p));
            if (!at)
                break;
            p = at + 1;
            continue;
        }
        Cell cell;
        enum next next;
        marks_begin(&marks, p);
        while ((next = next_cell(&marks, &at, &cell)) == NEXT_CELL)
            at++;
        at = settled(&marks, p, at, next, &kind);
        if (!at)
            break;
        p = at;
    }
    return (size_t)(p - data);
}

/* Whether a text is UTF-8 as Python decodes it. */
static int is_utf8(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        if (end - p >= 8 && !(load64(p) & 0x8080808080808080ULL)) {
            p += 8;
            continue;
        }
        uint8_t c = *p++;
        if (c < 0x80)
            continue;
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        uint8_t least = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80, most = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        if (c < 0xC2 || c > 0xF4 || end - p < more || *p < least || *p > most)
            return 0;
        for (p++; --more; p++)
            if (*p < 0x80 || *p > 0xBF)
                return 0;
    }
    return 1;
}

static const uint8_t *without_returns(const uint8_t *p, const uint8_t *end)
{
    while (end > p && end[-1] == '\r')
        end--;
    return end;
}

/* Whether there is a carriage return that ends no line. Python reads it in one of two ways, by the rows around it. */
static int has_return(const uint8_t *p, const uint8_t *end)
{
    return memchr(p, '\r', (size_t)(end - p)) != NULL;
}

/* Read a row up to its newline; `*odd` says whether it is not plain. NULL: it may go on behind the data. */
static const uint8_t *read_row(Row *r, Marks *m, const uint8_t *p, int *odd)
{
    const Columns *columns = r->scan->columns;
    const uint8_t *at = p;
    int width = 0, quoted = 0, bad = *p == 0xEF;
    enum kind kind = ONE_LINE;
    Cell cell;
    enum next next;
    for (;; at++) {
        next = next_cell(m, &at, &cell);
        quoted |= cell.quoted;
        if (m->any_strange && !cell.quoted) {
            cell.end = cell.raw_end = next == NEXT_ROW ? without_returns(cell.at, cell.end) : cell.end;
            r->scan->apart |= has_return(cell.at, cell.end);
        }
        if (width < columns->width && columns->key[width] && next <= NEXT_ROW && !bad) {
            Cell asked = cell; /* so that the others need no memory */
            bad = read_cell(r, columns->key[width], &asked) < 0;
        }
        if (next != NEXT_CELL)
            break;
        width++;
    }
    const uint8_t *end = next == NEXT_ROW && !quoted ? at + 1 : settled(m, p, at, next, &kind);
    r->several = kind == SEVERAL_LINES;
    *odd = bad || kind == BROKEN || width + 1 != columns->width || !end || (m->any_high && !is_utf8(p, end)) ||
           (m->any_strange && memchr(p, 0, (size_t)(end - p))) || finish_row(r) < 0;
    return end;
}

int rows_read(Scan *scan, const uint8_t *data, size_t size)
{
    scan->count = scan->lines = 0;
    if (!size)
        return 0;
    uint32_t line = 0;
    Row row = {.data = data, .end = data + size, .scan = scan};
    Marks marks = marks_of(&scan->columns->dialect, data, size);
    for (const uint8_t *p = data; p < row.end;) {
        int room = room_for_one(scan, (size_t)(p - data), SHORTEST);
        if (room)
            return room;
        Record *record = begin_row(&row, p);
        const uint8_t *end;
        marks_begin(&marks, p);
        if (*p == '#') { /* a comment, or not: quotes mean nothing in it */
            record->odd = 1;
            end = memchr(p, '\n', (size_t)(row.end - p));
            scan->apart |= end && has_return(p, without_returns(p, end));
            end = end ? end + 1 : NULL;
        } else {
            end = read_row(&row, &marks, p, &record->odd);
        }
        if (scan->apart || !end)
            return 0;
        record->number = line;
        record->line.length = (uint32_t)(end - p - 1);
        line += row.several ? (uint32_t)count_of(p, end, '\n') : 1;
        scan->count++;
        scan->lines = line;
        p = end;
    }
    return 0;
}

/* Whether a text ends with what it does, or goes on with blanks up to an edge. */
static int ends_cell(const uint8_t *p, const uint8_t *end, const uint8_t *edges, size_t number)
{
    while (p < end && (*p == ' ' || *p == '\t') && !memchr(edges, *p, number))
        p++;
    return p == end || *p == '\r' || *p == '\n' || memchr(edges, *p, number);
}

int rows_name(const uint8_t *data, size_t size, const uint8_t *text, size_t length, const uint8_t *edges, size_t number)
{
    const uint8_t *p = data, *end = data + size;
    while (find_text(&p, end, text, length)) {
        const uint8_t *before = p;
        while (before > data && !memchr(edges, before[-1], number) &&
               (before[-1] == ' ' || before[-1] == '\t' || before[-1] == '#'))
            before--;
        int begins = before == data || before[-1] == '\n' || before[-1] == 0xBF || memchr(edges, before[-1], number);
        if (begins && ends_cell(p + length, end, edges, number))
            return 1;
        p++;
    }
    return 0;
}
