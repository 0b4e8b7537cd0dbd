/* Finds what is known of a time and of names, and the cells in which records are counted. Part of count.c, for speed. */

#ifndef LEVERWATCH_LOOKUP_H
#define LEVERWATCH_LOOKUP_H

#include "hash.h"
#include "tally.h"

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
    *place = (Place){.hash = hash, .classes = record->classes, .kept = UINT32_MAX, .text = tally->texts_count,
                     .lengths = tally->lengths_count};
    for (int name = 0; name < names; name++) {
        memcpy(tally->texts + tally->texts_count, data + tokens[name].at, tokens[name].length);
        tally->texts_count += tokens[name].length;
        tally->lengths[tally->lengths_count++] = tokens[name].length;
    }
    tally->by_place.at[at] = (uint32_t)tally->places_count;
    tally->by_place.used++;
    return place;
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

#endif
