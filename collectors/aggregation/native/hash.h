/* Hashes of short texts. */

#ifndef LEVERWATCH_HASH_H
#define LEVERWATCH_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

static inline uint64_t rotate(uint64_t value, int by)
{
    return (value << by) | (value >> (64 - by));
}

#define XXH_1 0x9E3779B185EBCA87ULL
#define XXH_2 0xC2B2AE3D27D4EB4FULL
#define XXH_3 0x165667B19E3779F9ULL
#define XXH_4 0x85EBCA77C2B2AE63ULL
#define XXH_5 0x27D4EB2F165667C5ULL

static inline uint64_t xxh_round(uint64_t sum, uint64_t input)
{
    return rotate(sum + input * XXH_2, 31) * XXH_1;
}

static inline uint64_t xxh_merge(uint64_t hash, uint64_t sum)
{
    return (hash ^ xxh_round(0, sum)) * XXH_1 + XXH_4;
}

/* XXH64, as the xxhash package of Python computes it: keys of request ids are stored, and either may have made them.
   The algorithm: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md */
static inline uint64_t xxh64(const uint8_t *p, size_t length, uint64_t seed)
{
    const uint8_t *end = p + length;
    uint64_t hash;
    if (length >= 32) {
        uint64_t a = seed + XXH_1 + XXH_2, b = seed + XXH_2, c = seed, d = seed - XXH_1;
        for (; end - p >= 32; p += 32) {
            a = xxh_round(a, load64(p));
            b = xxh_round(b, load64(p + 8));
            c = xxh_round(c, load64(p + 16));
            d = xxh_round(d, load64(p + 24));
        }
        hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
        hash = xxh_merge(xxh_merge(xxh_merge(xxh_merge(hash, a), b), c), d);
    } else {
        hash = seed + XXH_5;
    }
    hash += length;
    for (; end - p >= 8; p += 8)
        hash = rotate(hash ^ xxh_round(0, load64(p)), 27) * XXH_1 + XXH_4;
    if (end - p >= 4) {
        hash = rotate(hash ^ load32(p) * XXH_1, 23) * XXH_2 + XXH_3;
        p += 4;
    }
    for (; p < end; p++)
        hash = rotate(hash ^ *p * XXH_5, 11) * XXH_1;
    hash = (hash ^ (hash >> 33)) * XXH_2;
    hash = (hash ^ (hash >> 29)) * XXH_3;
    return hash ^ (hash >> 32);
}

/* A quick hash for tables in memory, which compare their keys themselves. */
static inline uint64_t mix(uint64_t hash, const uint8_t *p, size_t length)
{
    hash ^= length * XXH_5;
    for (; length >= 8; p += 8, length -= 8) {
        hash = (hash ^ load64(p)) * XXH_1;
        hash ^= hash >> 32;
    }
    if (length) {
        uint64_t last = 0;
        memcpy(&last, p, length);
        hash = (hash ^ last) * XXH_2;
        hash ^= hash >> 29;
    }
    return hash;
}

#endif
