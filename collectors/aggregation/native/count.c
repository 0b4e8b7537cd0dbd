#include "tally.h"

#include "hash.h"
#include "keys.h"
#include "settle.h"

#define SMALLEST 256
#define LONGEST_NAMES 16384 /* bytes of all names of a record; longer texts are hardly names, and are not kept here */

/* Room for `more` entries of an array of the tally. */
#define GROW(tally, name, more) grow((void **)&(tally)->name, &(tally)->name##_room, (tally)->name##_count + (more), \
                                     sizeof *(tally)->name)

static int grow(void **array, size_t *room, size_t needed, size_t size)
{
    if (needed <= *room)
        return 0;
    size_t larger = *room ? *room : SMALLEST;
    while (larger < needed)
        larger *= 2;
    void *moved = realloc(*array, larger * size);
    if (!moved)
        return -1;
    *array = moved;
    *room = larger;
    return 0;
}

/* Room for one more; the entries begin with their hash, and are so large. */
static int index_grow(Index *index, const void *entries, size_t size)
{
    if (index->at && index->used * 2 <= index->mask)
        return 0;
    size_t room = index->at ? (index->mask + 1) * 2 : SMALLEST;
    uint32_t *at = calloc(room, sizeof *at);
    if (!at)
        return -1;
    for (uint32_t entry = 0; entry < index->used; entry++) {
        uint64_t hash;
        memcpy(&hash, (const char *)entries + entry * size, sizeof hash);
        size_t place = hash & (room - 1);
        while (at[place])
            place = (place + 1) & (room - 1);
        at[place] = entry + 1;
    }
    free(index->at);
    *index = (Index){at, room - 1, index->used};
    return 0;
}

static inline uint64_t cell_hash(uint32_t group, uint32_t size, int32_t day)
{
    uint64_t hash = ((uint64_t)group << 32 | (uint32_t)day) * MIX_1 + size * MIX_2;
    return hash ^ hash >> 32;
}

static int same_time(const Time *time, const Record *record, const uint8_t *data, int64_t given)
{
    if (record->time_kind == NUMBER_TIME)
        return time->number && time->given == given;
    return !time->number && is_same(time->text, data + record->time.at, sizeof time->text) &&
           time->zone_length == record->zone.length && is_same(time->zone, data + record->zone.at, record->zone.length);
}

static Time *find_time(Tally *tally, const Record *record, const uint8_t *data)
{
    int number = record->time_kind == NUMBER_TIME;
    int64_t given = number ? record->micros / 60000000 : 0;
    if (tally->last_time < tally->times_count && same_time(&tally->times[tally->last_time], record, data, given))
        return &tally->times[tally->last_time];
    uint64_t hash = number ? mix(tally->salt, (const uint8_t *)&given, sizeof given)
                           : mix(mix(tally->salt, data + record->time.at, sizeof tally->times->text),
                                 data + record->zone.at, record->zone.length);
    if (index_grow(&tally->by_time, tally->times, sizeof *tally->times) < 0 || GROW(tally, times, 1) < 0)
        return NULL;
    size_t at = hash & tally->by_time.mask;
    for (; tally->by_time.at[at]; at = (at + 1) & tally->by_time.mask) {
        size_t entry = tally->by_time.at[at] - 1;
        if (tally->times[entry].hash == hash && same_time(&tally->times[entry], record, data, given))
            return &tally->times[tally->last_time = entry];
    }
    Time *time = &tally->times[tally->last_time = tally->times_count++];
    *time = (Time){.hash = hash, .number = number, .given = given};
    if (!number) {
        memcpy(time->text, data + record->time.at, sizeof time->text);
        time->zone_length = (uint8_t)record->zone.length;
        memcpy(time->zone, data + record->zone.at, record->zone.length);
    }
    tally->by_time.at[at] = (uint32_t)tally->times_count;
    tally->by_time.used++;
    return time;
}

static int same_place(const Tally *tally, const Place *place, const Span *tokens, int names, const uint8_t *data)
{
    const uint8_t *text = tally->texts + place->text;
    for (int name = 0; name < names; name++) {
        uint32_t length = tally->lengths[place->lengths + (size_t)name];
        if (length != tokens[name].length || !is_same(text, data + tokens[name].at, length))
            return 0;
        text += length;
    }
    return 1;
}

static Place *find_place(Tally *tally, const Record *record, const Span *tokens, int names, const uint8_t *data)
{
    uint64_t hash = (record->hash ^ tally->salt) * MIX_2;
    hash ^= hash >> 32;
    if (index_grow(&tally->by_place, tally->places, sizeof *tally->places) < 0)
        return NULL;
    size_t at = hash & tally->by_place.mask;
    for (; tally->by_place.at[at]; at = (at + 1) & tally->by_place.mask) {
        Place *place = &tally->places[tally->by_place.at[at] - 1];
        if (place->hash == hash && place->classes == record->classes && same_place(tally, place, tokens, names, data))
            return place;
    }
    size_t size = 0;
    for (int name = 0; name < names; name++)
        size += tokens[name].length;
    if (size > LONGEST_NAMES)
        return &tally->nowhere;
    if (GROW(tally, places, 1) < 0 || GROW(tally, texts, size + 1) < 0 || GROW(tally, lengths, (size_t)names + 1) < 0)
        return NULL;
    Place *place = &tally->places[tally->places_count++];
    *place = (Place){.hash = hash, .classes = record->classes, .kept = UINT32_MAX, .text = tally->texts_count, .lengths = tally->lengths_count};
    for (int name = 0; name < names; name++) {
        memcpy(tally->texts + tally->texts_count, data + tokens[name].at, tokens[name].length);
        tally->texts_count += tokens[name].length;
        tally->lengths[tally->lengths_count++] = tokens[name].length;
    }
    tally->by_place.at[at] = (uint32_t)tally->places_count;
    tally->by_place.used++;
    return place;
}

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

static double *find_cell(Tally *tally, Place *place, uint32_t size, int32_t day)
{
    if (place->round == tally->round && place->day == day && place->size == size)
        return tally->cells[place->cell].sums;
    Index *index = &tally->by_cell;
    if (index_grow(index, tally->cells, sizeof *tally->cells) < 0 || GROW(tally, cells, 1) < 0)
        return NULL;
    uint64_t hash = cell_hash(place->group, size, day);
    size_t at = hash & index->mask;
    while (index->at[at] && (tally->cells[index->at[at] - 1].group != place->group ||
                             tally->cells[index->at[at] - 1].day != day ||
                             tally->cells[index->at[at] - 1].size != size))
        at = (at + 1) & index->mask;
    if (!index->at[at]) {
        tally->cells[tally->cells_count++] = (Cell){.hash = hash, .group = place->group, .size = size, .day = day};
        index->at[at] = (uint32_t)tally->cells_count;
        index->used++;
    }
    place->round = tally->round;
    place->day = day;
    place->size = size;
    place->cell = index->at[at] - 1;
    return tally->cells[place->cell].sums;
}

static void see(Time *time, const Record *record, const uint8_t *data)
{
    if (time->number) {
        if (!time->counted || record->micros > time->newest_micros)
            time->newest_micros = record->micros;
    } else {
        /* The seconds and their fraction: of the same minute and zone, the later one is the greater text. */
        const uint8_t *text = data + record->time.at + sizeof time->text + 1;
        size_t length = record->time.length - record->zone.length - sizeof time->text - 1;
        size_t common = length < time->newest_length ? length : time->newest_length;
        int order = time->counted ? memcmp(text, time->newest, common) : 1;
        if (order > 0 || (order == 0 && length > time->newest_length)) {
            memcpy(time->newest, text, length);
            time->newest_length = (uint8_t)length;
        }
    }
    time->counted = 1;
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
    Ids *seen, *before, *calls;
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
        uint64_t key = scan->by_id ? hash_id(rest->tally, place, record, rest->data, place->id_seed)
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
                is_odd = place->verdict == IS_ODD || (scan->declared && place->verdict != NO_CALL &&
                                                      is_unsettled(scan, record, told, place->kept, parts_of(scan, place)));
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
        put_off(rest, line, time, place, told);
        if (rest->waiting == AT_ONCE && finish(rest) < 0)
            return NO_MEMORY;
    }
    return DONE;
}

enum stop tally_count(Tally *tally, Scan *scan, const uint8_t *data, int64_t limit, Ids *seen, Ids *before,
                      Ids *calls, size_t *first, size_t *behind)
{
    Rest rest = {tally, scan, data, seen, before, calls, 0, {{0, 0, 0, 0, 0}}};
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
