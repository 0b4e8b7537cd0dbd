/* Texts of JSON, 64 bytes at once: their quotes, backslashes and what is escaped are bits of a word each. Part of
   json_wide.c, for speed. The method is that of https://arxiv.org/abs/1902.08318, section 3.1. */

#ifndef LEVERWATCH_BLOCKS_H
#define LEVERWATCH_BLOCKS_H

#include <stdint.h>

#define BLOCK 64

/* What a byte can be, by the bits that both of its halves have: behind a backslash, and a digit of base sixteen. */
#define MAY_ESCAPE 15
#define OF_SIXTEEN 48
#define BY_HIGH_HALF 0, 0, 1, 16, 32, 2, 4 | 32, 8, 0, 0, 0, 0, 0, 0, 0, 0
#define BY_LOW_HALF                                                                                                  \
    16, 16 | 32, 1 | 4 | 8 | 16 | 32, 16 | 32, 8 | 16 | 32, 8 | 16 | 32, 4 | 16 | 32, 16, 16, 16, 0, 0, 2, 0, 4, 1

#ifdef __AVX2__
#include <immintrin.h>

#define QUICK 32 /* bytes that are looked at before all others, as most texts are short */

typedef struct {
    __m256i low, high;
} Block;

static inline Block block_at(const uint8_t *p)
{
    return (Block){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 32))};
}

static inline uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline uint64_t bytes_like(Block block, char byte)
{
    const __m256i same = _mm256_set1_epi8(byte);
    return bits_of(_mm256_cmpeq_epi8(block.low, same), _mm256_cmpeq_epi8(block.high, same));
}

static inline __m256i up_to(__m256i bytes, __m256i most)
{
    return _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, most), most);
}

static inline uint64_t bytes_up_to(Block block, char most)
{
    const __m256i last = _mm256_set1_epi8(most);
    return bits_of(up_to(block.low, last), up_to(block.high, last));
}

/* In upper or in lower case. */
static inline uint64_t letters_like(Block block, char letter)
{
    const __m256i same = _mm256_set1_epi8(letter), lower = _mm256_set1_epi8(0x20);
    return bits_of(_mm256_cmpeq_epi8(_mm256_or_si256(block.low, lower), same),
                   _mm256_cmpeq_epi8(_mm256_or_si256(block.high, lower), same));
}

static inline __m256i kinds_in(__m256i bytes)
{
    const __m256i by_low = _mm256_setr_epi8(BY_LOW_HALF, BY_LOW_HALF);
    const __m256i by_high = _mm256_setr_epi8(BY_HIGH_HALF, BY_HIGH_HALF);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
    return _mm256_and_si256(_mm256_shuffle_epi8(by_low, bytes), _mm256_shuffle_epi8(by_high, high));
}

static inline Block kinds_of(Block block)
{
    return (Block){kinds_in(block.low), kinds_in(block.high)};
}

static inline uint64_t of_kind(Block kinds, char kind)
{
    const __m256i mask = _mm256_set1_epi8(kind), zero = _mm256_setzero_si256();
    return ~bits_of(_mm256_cmpeq_epi8(_mm256_and_si256(kinds.low, mask), zero),
                    _mm256_cmpeq_epi8(_mm256_and_si256(kinds.high, mask), zero));
}

/* The place of the first quote, backslash or control character of the first bytes; QUICK: none. */
static inline unsigned first_stop(const uint8_t *p)
{
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'), control = _mm256_set1_epi8(0x1f);
    __m256i text = _mm256_loadu_si256((const __m256i *)p);
    __m256i stops = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(text, quote), _mm256_cmpeq_epi8(text, slash)),
                                    up_to(text, control));
    return (unsigned)__builtin_ctzll((uint32_t)_mm256_movemask_epi8(stops) | 1ULL << QUICK);
}

#elif defined(__aarch64__)
#include <arm_neon.h>

#define QUICK 16

typedef struct {
    uint8x16_t part[4];
} Block;

static inline Block block_at(const uint8_t *p)
{
    return (Block){{vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)}};
}

/* Bytes are all ones or all zeros. */
static inline uint64_t bits_of(Block block)
{
    static const uint8_t weights[] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t weight = vld1q_u8(weights);
    uint8x16_t first = vpaddq_u8(vandq_u8(block.part[0], weight), vandq_u8(block.part[1], weight));
    uint8x16_t last = vpaddq_u8(vandq_u8(block.part[2], weight), vandq_u8(block.part[3], weight));
    first = vpaddq_u8(first, last);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(first, first)), 0);
}

#define EACH(name, arguments, given, result)                                                                         \
    static inline uint64_t name arguments                                                                            \
    {                                                                                                                \
        const uint8x16_t same = vdupq_n_u8((uint8_t)(given));                                                        \
        for (int at = 0; at < 4; at++)                                                                               \
            block.part[at] = result;                                                                                 \
        return bits_of(block);                                                                                       \
    }
EACH(bytes_like, (Block block, char byte), byte, vceqq_u8(block.part[at], same))
EACH(bytes_up_to, (Block block, char most), most, vcleq_u8(block.part[at], same))
EACH(letters_like, (Block block, char letter), letter, vceqq_u8(vorrq_u8(block.part[at], vdupq_n_u8(0x20)), same))
EACH(of_kind, (Block block, char kind), kind, vtstq_u8(block.part[at], same))

static inline Block kinds_of(Block block)
{
    static const uint8_t low[] = {BY_LOW_HALF}, high[] = {BY_HIGH_HALF};
    const uint8x16_t by_low = vld1q_u8(low), by_high = vld1q_u8(high);
    for (int at = 0; at < 4; at++)
        block.part[at] = vandq_u8(vqtbl1q_u8(by_low, vandq_u8(block.part[at], vdupq_n_u8(15))),
                                  vqtbl1q_u8(by_high, vshrq_n_u8(block.part[at], 4)));
    return block;
}

static inline unsigned first_stop(const uint8_t *p)
{
    uint8x16_t text = vld1q_u8(p);
    uint8x16_t stops = vorrq_u8(vorrq_u8(vceqq_u8(text, vdupq_n_u8('"')), vceqq_u8(text, vdupq_n_u8('\\'))),
                                vcleq_u8(text, vdupq_n_u8(0x1f)));
    uint64_t bits = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(stops), 4)), 0);
    return bits ? (unsigned)__builtin_ctzll(bits) / 4 : QUICK;
}

#endif

/* Which bytes a backslash escapes, given the backslashes; `*before`: whether the first one is escaped by the block
   before, and then the same of the next block. */
static inline uint64_t escaped_by(uint64_t slashes, uint64_t *before)
{
    const uint64_t even = 0x5555555555555555ULL;
    slashes &= ~*before;
    uint64_t behind = slashes << 1 | *before, ends;
    /* A run of backslashes that begins at an odd place is added up to an end whose place says how long it is. */
    uint64_t odd = slashes & ~even & ~behind;
    *before = __builtin_add_overflow(odd, slashes, &ends);
    return (even ^ ends << 1) & behind;
}

#endif
