/* The lines that `wrapped.c` makes: where the record of each begins, and the time that stood beside it. Part of json.c,
   for speed. */

#ifndef LEVERWATCH_UNWRAPPED_H
#define LEVERWATCH_UNWRAPPED_H

#include "number.h"
#include "reader.h"
#include "wrapped.h"

/* Where the record of a line begins; NULL: there is none. */
static inline const uint8_t *begin_record(Reader *r, const uint8_t *p, Span *beside)
{
    const uint8_t *start = p;
    *beside = (Span){0, 0};
    if (!r->scan->unwrapped)
        return p;
    if (*p == '\n' || (*p == NO_RECORD && p[1] == '\n'))
        return NULL;
    while (*p != BEHIND_TIME && *p != '\n') /* every line that was made has it */
        p++;
    *beside = (Span){(uint32_t)(start - r->data), (uint32_t)(p - start)};
    return p + (*p == BEHIND_TIME);
}

/* Whether a record without a time has the one beside it. What Python makes of its end is without it. */
static inline int take_time(Reader *r, Span beside)
{
    Record *record = r->record;
    return !record->time.length && beside.length && !r->ended.time.length && !r->bad_time &&
           !read_text_time(r->data + beside.at, beside.length, beside.at, record);
}

#endif
