/* The order of the keys of an object, as it was in records before: where the next key is the one that came next there,
   it is compared at once with the bytes to come, and neither read nor looked up. Part of json.c, for speed. */

#ifndef LEVERWATCH_ORDER_H
#define LEVERWATCH_ORDER_H

#include "reader.h"

#define MOST_MISSES 64 /* after which the order is learned anew */
#define LOOK_AHEAD 3   /* keys, of which the first ones may be missing here */

#ifdef __SSE2__
/* Bits of the bytes that are the same, of as many as half of the longest key has. */
static inline uint32_t same_half(const uint8_t *p, const uint8_t *text)
{
#ifdef __AVX2__
    __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)text));
    return (uint32_t)_mm256_movemask_epi8(same);
#else
    __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), _mm_loadu_si128((const __m128i *)text));
    __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(p + 16)),
                                  _mm_loadu_si128((const __m128i *)(text + 16)));
    return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
#endif
}
#endif

/* From the opening quote of a key to its value. */
static inline int is_next(const Next *next, const uint8_t *p)
{
#ifdef __SSE2__
    _Static_assert(LONGEST_NEXT == 64, "two halves of 32");
    if ((same_half(p, next->text) | (uint32_t)next->beyond) != UINT32_MAX)
        return 0;
    uint32_t beyond = (uint32_t)(next->beyond >> 32);
    return beyond == UINT32_MAX || (same_half(p + 32, next->text + 32) | beyond) == UINT32_MAX;
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
    if (length >= LONGEST_NEXT || r->end - p < LONGEST_NEXT || node->any)
        return;
    if (*place < node->ordered) {
        if (++node->missed > MOST_MISSES)
            node->ordered = node->missed = *place = 0;
    } else if (node->ordered < MOST_NEXT) {
        Next *next = &node->order[node->ordered++];
        next->length = (uint8_t)length;
        next->key = (int8_t)key;
        next->beyond = UINT64_MAX << length;
        memcpy(next->text, p, LONGEST_NEXT);
        *place = node->ordered;
    }
}

#endif
