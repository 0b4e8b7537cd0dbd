/* The order of the keys of an object, as it was in records before: where the next key is the one that came next there,
   it is compared at once with the bytes to come, and neither read nor looked up. Part of json.c, for speed. */

#ifndef LEVERWATCH_ORDER_H
#define LEVERWATCH_ORDER_H

#include "reader.h"

#define MOST_MISSES 64 /* after which the order is learned anew */
#define LOOK_AHEAD 3   /* keys, of which the first ones may be missing here */

/* From the opening quote of a key to its value. */
static inline int is_next(const Next *next, const uint8_t *p)
{
#ifdef __SSE2__
    __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), _mm_loadu_si128((const __m128i *)next->text));
    __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(p + 16)),
                                  _mm_loadu_si128((const __m128i *)(next->text + 16)));
    uint32_t same = (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
    return (same | next->beyond) == UINT32_MAX;
#else
    return !memcmp(p, next->text, next->length);
#endif
}

/* The key that comes next, from `*place` of the order on; NULL: it must be read. */
static inline const Next *find_next(const Reader *r, const Node *node, uint32_t *place, const uint8_t *p)
{
    if (r->end - p < LONGEST_NEXT)
        return NULL;
    for (uint32_t at = *place; at < node->ordered && at < *place + LOOK_AHEAD; at++) {
        if (is_next(&node->order[at], p)) {
            *place = at + 1;
            return &node->order[at];
        }
    }
    return NULL;
}

/* Learn a key that had to be read, or that the order is another one by now. */
static void learn(const Reader *r, Node *node, uint32_t *place, const uint8_t *p, const uint8_t *value, int key)
{
    size_t length = (size_t)(value - p);
    if (*place == node->ordered && node->ordered < MOST_NEXT && length < LONGEST_NEXT && r->end - p >= LONGEST_NEXT &&
        !node->any) {
        Next *next = &node->order[node->ordered++];
        *next = (Next){.length = (uint8_t)length, .key = (int8_t)key, .beyond = UINT32_MAX << length};
        memcpy(next->text, p, LONGEST_NEXT);
        *place = node->ordered;
    } else if (node->ordered && ++node->missed > MOST_MISSES) {
        node->ordered = node->missed = *place = 0;
    }
}

#endif
