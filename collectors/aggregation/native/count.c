#include "keys.h"
#include "lookup.h"
#include "settle.h"

int place_suffix(Tally *tally, Place *place, const uint8_t *text, size_t length)
{
    if (GROW(tally, texts, length) < 0)
        return -1;
    memcpy(tally->texts + tally->texts_count, text, length);
    place->suffix = tally->texts_count;
    place->suffix_length = (uint32_t)length;
    tally->texts_count += length;
    return 0;
}

#define KNOWS(field) (record->known & 1U << (of_##field - FIRST_NUMBER))
#define VALUE(field) values[column[of_##field - FIRST_NUMBER]]
#define PART(type, field) (KNOWS(field) ? (type)VALUE(field) : 0)

/* A whole holds its parts: those that are larger cannot be inside. The sum of two doubles is no less than a whole that
   is less than theirs, and whole numbers decide, as a double has no odd ones beyond 2**53. */
static inline void take_in(const Record *record, double *values, const int8_t *column)
{
#define TAKE_IN(whole, inside)                                                                                       \
    if (KNOWS(whole) && inside(double) >= VALUE(whole) && inside(int64_t) > (int64_t)VALUE(whole))                   \
        VALUE(whole) = (double)((int64_t)VALUE(whole) + inside(int64_t));
    TAKE_IN(input_tokens, PARTS_OF_input_tokens)
    TAKE_IN(output_tokens, PARTS_OF_output_tokens)
}

/* How many of the bounds an input is beyond. */
static inline uint32_t size_of(const Record *record, const double *values, const int8_t *column)
{
    static const double bounds[] = {INPUT_BOUNDS};
    uint32_t size = 0;
    if (KNOWS(input_tokens))
        while (size < sizeof bounds / sizeof *bounds && VALUE(input_tokens) > bounds[size])
            size++;
    return size;
}

/* The same sums as the rule of Python has for a row: the lines of the table are in columns.h, and what they mean here. */
static int add(const Place *place, const Record *record, const double *restrict values, const int8_t *restrict column,
               double *restrict c, const Time *time, uint64_t call, Ids *calls)
{
/* Before one of the others: only where a field is known, or unknown. */
#define GIVEN(field) if (KNOWS(field))
#define LACKING(field) if (!KNOWS(field))
#define WEIGHT(name) c[at_##name] += weight;
#define AMOUNT_OR_WEIGHT(name, field) c[at_##name] += KNOWS(field) ? scale * VALUE(field) : weight;
#define AMOUNT(name, field)                                                                                          \
    if (KNOWS(field))                                                                                                \
        c[at_##name] += scale * VALUE(field);
#define WHOLE(name, field, inside) AMOUNT(name, field) /* its parts were taken in */
#define KNOWN(name, field)                                                                                           \
    if (KNOWS(field))                                                                                                \
        c[at_##name] += weight;
#define UNKNOWN(name, field)                                                                                         \
    if (!KNOWS(field))                                                                                               \
        c[at_##name] += weight;
#define JUDGED_KNOWN(name, field)                                                                                    \
    if (place->judged[judge_##field] >= 0)                                                                           \
        c[at_##name] += weight;
#define JUDGED_TRUE(name, field)                                                                                     \
    if (place->judged[judge_##field] > 0)                                                                            \
        c[at_##name] += weight;
#define TRACE_KNOWN(name, field)                                                                                     \
    if (record->traced)                                                                                              \
        c[at_##name] += weight;
#define TRACE_FIRST(name, field)                                                                                     \
    if (record->traced && weight > 0) {                                                                              \
        int first = ids_add(calls, call, time->call_slot);                                                           \
        if (first < 0)                                                                                               \
            return -1;                                                                                               \
        c[at_##name] += first;                                                                                       \
    }
    double scale = KNOWS(sample_rate) ? 1.0 / VALUE(sample_rate) : 1.0;
    double weight = KNOWS(inferences) ? scale * VALUE(inferences) : scale;
    if (place->outcome == CACHE_HIT) {
        ON_CACHE_HIT
    } else if (place->outcome == FAILURE) {
        ON_FAILURE
    } else {
        ON_SUCCESS
    }
    return 0;
}

/* Where the parts of the tokens of a record stand, by its names or else by its declaration. */
static inline enum parts parts_of(const Scan *scan, const Place *place)
{
    if (scan->parts != BY_NAMES)
        return scan->parts;
    return place->verdict == ASKED ? AS_TOLD : place->parts;
}

#define AT_ONCE 16

/* What is left to do with records of which all is known. Where their keys would be in the tables of ids is fetched
   for some of them at once, as these are large, and each would be waited for. */
typedef struct {
    Tally *tally;
    Scan *scan;
    const uint8_t *data;
    Ids *seen, *before, *calls, *open;
    size_t waiting;
    struct {
        uint64_t key, call; /* of its id, and of its trace */
        size_t line, time, place;
    } record[AT_ONCE];
} Rest;

/* 0, or -1: out of memory. */
static int finish(Rest *rest)
{
    Tally *tally = rest->tally;
    Scan *scan = rest->scan;
    for (size_t at = 0; at < rest->waiting; at++) {
        size_t line = rest->record[at].line;
        Time *time = &tally->times[rest->record[at].time];
        Place *place = &tally->places[rest->record[at].place];
        const Record *record = &scan->records[line];
        double *told = scan->values + line * (size_t)scan->amounts;
        if (rest->seen && record->request.length) {
            int fresh = is_new(tally, rest->seen, rest->before, rest->record[at].key, place, record, time, rest->data);
            if (fresh < 0)
                return -1;
            if (!fresh) {
                if (GROW(tally, refused, 1) < 0)
                    return -1;
                tally->refused[tally->refused_count++] = (Refusal){(uint32_t)line, SEEN_BEFORE};
                tally->repeated++;
                continue;
            }
        }
        take_in(record, told, scan->column);
        double *cell = find_cell(tally, place, size_of(record, told, scan->column), time->day);
        if (!cell || add(place, record, told, scan->column, cell, time, rest->record[at].call, rest->calls) < 0)
            return -1;
        see(time, record, rest->data);
        tally->counted++;
    }
    rest->waiting = 0;
    return 0;
}

/* The key of the call of which a record is a row. */
static inline uint64_t call_of(const Rest *rest, const Place *place, const Record *record)
{
    return hash_id(rest->tally, place, record, rest->data, place->call_seed);
}

/* Whether another row of a call was read: it takes Python to say what this one adds. */
static inline int is_known(const Rest *rest, const Place *place, const Record *record, const Time *time)
{
    if (!place->is_rows || !record->request.length)
        return 0;
    uint64_t call = call_of(rest, place, record);
    return ids_hold(rest->calls, call, time->call_slot) || (rest->open && ids_hold(rest->open, call, 0));
}

/* To be finished with others. */
static inline void put_off(Rest *rest, size_t line, const Time *time, const Place *place, const double *told)
{
    const Scan *scan = rest->scan;
    const Record *record = &scan->records[line];
    size_t at = rest->waiting++;
    rest->record[at].line = line;
    rest->record[at].time = (size_t)(time - rest->tally->times);
    rest->record[at].place = (size_t)(place - rest->tally->places);
    if (rest->seen && record->request.length) {
        uint64_t key = scan->by_id || place->is_rows ? hash_id(rest->tally, place, record, rest->data, place->id_seed)
                                   : identity(rest->tally, place, record, told, scan->column, time, rest->data);
        ids_fetch(rest->seen, rest->record[at].key = key);
    }
    if (record->traced) {
        uint64_t call = XXH64(rest->data + record->trace.at, record->trace.length, place->trace_seed);
        ids_fetch(rest->calls, rest->record[at].call = call);
    }
}

static enum stop count_on(Rest *rest, int64_t limit, size_t *first, size_t *behind)
{
    Tally *tally = rest->tally;
    Scan *scan = rest->scan;
    const uint8_t *data = rest->data;
    size_t odd = *first; /* where the odd lines before this one begin */
    for (size_t line = *first; line <= scan->count; line++) {
        Time *time = NULL;
        Place *place = NULL;
        Record *record = &scan->records[line];
        double *told = scan->values + line * (size_t)scan->amounts;
        const Span *tokens = scan->tokens + line * (size_t)scan->names;
        if (line < scan->count && record->no_record) {
            if (odd == line) { /* else it goes to Python with those before it */
                tally->nothing++;
                odd = line + 1;
            }
            continue;
        }
        int is_odd = line < scan->count && record->odd;
        if (line < scan->count && !is_odd) {
            if (!(time = find_time(tally, record, data)))
                return NO_MEMORY;
            is_odd = time->verdict == IS_ODD || (time->verdict == COUNTS && time->minute >= limit);
            /* Also of a day that is left out: what is no record is said whatever its day. */
            if (time->verdict != ASKED && !is_odd && !record->filtered && !record->passed) {
                if (!(place = find_place(tally, record, tokens, scan->names, data)))
                    return NO_MEMORY;
                is_odd = place->verdict == IS_ODD ||
                         (scan->declared && place->verdict != NO_CALL &&
                          is_unsettled(scan, record, told, place->kept, parts_of(scan, place))) ||
                         (place->verdict == COUNTS && is_known(rest, place, record, time));
            }
        }
        if (is_odd)
            continue;
        if (odd < line) {
            *first = odd;
            *behind = line;
            return ODD_LINES;
        }
        *first = line;
        if (line == scan->count)
            return DONE;
        if (time->verdict == ASKED) {
            *behind = (size_t)(time - tally->times);
            return NEW_TIME;
        }
        odd = line + 1;
        if (place && place->verdict == ASKED) {
            *behind = (size_t)(place - tally->places);
            return NEW_PLACE;
        }
        /* What is no call is told whatever its day. */
        int is_call = place ? place->verdict != NO_CALL : !record->passed;
        if (!is_call && !tally->tells_passed) {
            tally->passed++;
        } else if (!is_call) {
            if (finish(rest) < 0 || GROW(tally, refused, 1) < 0)
                return NO_MEMORY;
            tally->refused[tally->refused_count++] = (Refusal){(uint32_t)line, NOT_A_CALL};
        }
        if (time->verdict == LEFT_OUT) {
            if (GROW(tally, left_out, 1) < 0)
                return NO_MEMORY;
            if (time->left_out_in != tally->chunk)
                tally->left_out[tally->left_out_count++] = (uint32_t)(time - tally->times);
            time->left_out_in = tally->chunk;
            if (is_call)
                *(record->filtered ? &tally->filtered : &tally->skipped) += 1;
            continue;
        }
        time->touched = 1;
        if (!is_call)
            continue;
        if (record->filtered) {
            tally->filtered++;
            continue;
        }
        if (place->verdict == REFUSED) {
            if (finish(rest) < 0 || GROW(tally, refused, 1) < 0)
                return NO_MEMORY;
            tally->refused[tally->refused_count++] = (Refusal){(uint32_t)line, (uint32_t)(place - tally->places)};
            continue;
        }
        if (scan->declared)
            settle(scan, record, told, place->kept, parts_of(scan, place));
        /* At once, as the next record may be another row of the same call. */
        if (place->is_rows && record->request.length &&
            ids_add(rest->calls, call_of(rest, place, record), time->call_slot) < 0)
            return NO_MEMORY;
        put_off(rest, line, time, place, told);
        if (rest->waiting == AT_ONCE && finish(rest) < 0)
            return NO_MEMORY;
    }
    return DONE;
}

enum stop tally_count(Tally *tally, Scan *scan, const uint8_t *data, int64_t limit, Ids *seen, Ids *before,
                      Ids *calls, Ids *open, size_t *first, size_t *behind)
{
    Rest rest = {tally, scan, data, seen, before, calls, open, 0, {{0, 0, 0, 0, 0}}};
    enum stop stop = count_on(&rest, limit, first, behind);
    return stop == NO_MEMORY || finish(&rest) < 0 ? NO_MEMORY : stop;
}

enum stop tally_check(Tally *tally, Scan *scan, const uint8_t *data, int64_t limit, uint8_t *calls, size_t *first,
                      size_t *behind)
{
    for (size_t line = *first; line < scan->count; line++) {
        Record *record = &scan->records[line];
        double *told = scan->values + line * (size_t)scan->amounts;
        *first = line;
        if (record->odd || record->filtered)
            return ODD_LINES;
        Time *time = find_time(tally, record, data);
        if (!time)
            return NO_MEMORY;
        *behind = (size_t)(time - tally->times);
        if (time->verdict == ASKED)
            return NEW_TIME;
        if (time->verdict != COUNTS || time->minute >= limit)
            return ODD_LINES;
        Place *place = find_place(tally, record, scan->tokens + line * (size_t)scan->names, scan->names, data);
        if (!place)
            return NO_MEMORY;
        *behind = (size_t)(place - tally->places);
        if (place->verdict == ASKED)
            return NEW_PLACE;
        if (place->verdict == IS_ODD || (place->verdict != NO_CALL && is_unsettled(scan, record, told, place->kept,
                                                                                  parts_of(scan, place))))
            return ODD_LINES;
        calls[line] = place->verdict != NO_CALL;
    }
    return DONE;
}
