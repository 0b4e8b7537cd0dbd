/* The keys by which a record is known again. Part of count.c, for speed. */

#ifndef LEVERWATCH_KEYS_H
#define LEVERWATCH_KEYS_H

#include "hash.h"
#include "identity.h"
#include "tally.h"

static int64_t millis_of(const Time *time, const Record *record, const uint8_t *data)
{
    if (record->time_kind == NUMBER_TIME)
        return record->micros / 1000;
    const uint8_t *p = data + record->time.at + sizeof time->text + 1;
    const uint8_t *end = data + record->zone.at;
    int64_t millis = (p[0] - '0') * 10000 + (p[1] - '0') * 1000;
    p += 3; /* behind the point */
    for (int unit = 100; unit && p < end; unit /= 10)
        millis += (*p++ - '0') * unit;
    return time->minute * 60000 + millis;
}

static uint64_t hash_id(const Tally *tally, const Place *place, const Record *record, const uint8_t *data,
                        uint64_t seed)
{
    const uint8_t *id = data + record->request.at;
    size_t length = record->request.length;
    uint8_t whole[LONGEST_ID + LONGEST_SUFFIX];
    if (!place->suffix_length)
        return XXH64(id, length, seed);
    memcpy(whole, id, length);
    memcpy(whole + length, tally->texts + place->suffix, place->suffix_length);
    return XXH64(whole, length + place->suffix_length, seed);
}

static uint64_t identity(const Tally *tally, const Place *place, const Record *record, const double *values,
                         const int8_t *column, const Time *time, const uint8_t *data)
{
    uint64_t seed = identity_time(place->seed, millis_of(time, record, data));
    for (uint32_t told = record->known & ((1U << IDENTITY_NUMBERS) - 1); told; told &= told - 1) {
        int field = __builtin_ctz(told);
        seed = identity_number(seed, field, (uint64_t)values[column[field]]);
    }
    return hash_id(tally, place, record, data, seed);
}

/* Whether a record with an id is new; -1: out of memory. */
static int is_new(const Tally *tally, Ids *seen, Ids *before, uint64_t key, const Place *place, const Record *record,
                  const Time *time, const uint8_t *data)
{
    int fresh = ids_add(seen, key, time->slot);
    if (fresh > 0 && before)
        fresh = !ids_hold(before, identity_before(hash_id(tally, place, record, data, place->id_seed), time->slot),
                          time->slot);
    return fresh;
}

#endif
