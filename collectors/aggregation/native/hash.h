/* Hashes of short texts. */

#ifndef LEVERWATCH_HASH_H
#define LEVERWATCH_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* XXH64 of the author's own header, which is kept as it is. The xxhash package of Python computes the same: keys of
   request ids are stored, and either may have made them. */
#define XXH_INLINE_ALL
#define XXH_NO_STDLIB
#define XXH_NO_STREAM
#define XXH_NO_XXH3
#include "vendor/xxhash.h"

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static inline uint32_t load32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    return value;
}

/* Whether two texts of one length are the same: at once for the short ones that names are. */
static inline int is_same(const uint8_t *one, const uint8_t *other, size_t length)
{
    if (length > 32)
        return !memcmp(one, other, length);
    if (length < 4) {
        while (length && one[length - 1] == other[length - 1])
            length--;
        return !length;
    }
    if (length < 8)
        return load32(one) == load32(other) && load32(one + length - 4) == load32(other + length - 4);
    for (size_t at = 0; at + 8 < length; at += 8)
        if (load64(one + at) != load64(other + at))
            return 0;
    return load64(one + length - 8) == load64(other + length - 8);
}

/* Odd numbers whose bits are spread. */
#define MIX_1 0x9E3779B185EBCA87ULL
#define MIX_2 0xC2B2AE3D27D4EB4FULL
#define MIX_3 0x27D4EB2F165667C5ULL

/* A quick hash for tables in memory, which compare their keys themselves. */
static inline uint64_t mix(uint64_t hash, const uint8_t *p, size_t length)
{
    uint64_t last = 0;
    hash ^= length * MIX_3;
    if (length >= 8) {
        const uint8_t *end = p + length - 8;
        for (; p < end; p += 8) {
            hash = (hash ^ load64(p)) * MIX_1;
            hash ^= hash >> 32;
        }
        last = load64(end);
    } else if (length >= 4) {
        last = (uint64_t)load32(p) << 32 | load32(p + length - 4);
    } else if (length) {
        last = (uint64_t)p[0] << 16 | (uint64_t)p[length / 2] << 8 | p[length - 1];
    }
    hash = (hash ^ last) * MIX_2;
    return hash ^ hash >> 29;
}

#endif
