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

/* Odd numbers whose bits are spread. */
#define MIX_1 0x9E3779B185EBCA87ULL
#define MIX_2 0xC2B2AE3D27D4EB4FULL
#define MIX_3 0x27D4EB2F165667C5ULL

/* A quick hash for tables in memory, which compare their keys themselves. */
static inline uint64_t mix(uint64_t hash, const uint8_t *p, size_t length)
{
    hash ^= length * MIX_3;
    for (; length >= 8; p += 8, length -= 8) {
        hash = (hash ^ load64(p)) * MIX_1;
        hash ^= hash >> 32;
    }
    if (length) {
        uint64_t last = 0;
        memcpy(&last, p, length);
        hash = (hash ^ last) * MIX_2;
        hash ^= hash >> 29;
    }
    return hash;
}

#endif
