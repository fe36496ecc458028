#include "cbytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static int is_encoded(uint8_t byte) {
    uint8_t letter = byte | 0x20;
    return (letter >= 'a' && letter <= 'z') || (byte >= '/' && byte <= '9') || byte == '+' || byte == '-' ||
           byte == '_' || byte == '=';
}

#if defined(__SSE2__)
/// A bit for each of sixteen bytes: whether base64 has it.
static uint64_t encoded_bits(const uint8_t *text) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)text);
    // Signed comparisons: bytes from 128 on are negative and in no range.
    __m128i letters = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    __m128i encoded = _mm_and_si128(_mm_cmpgt_epi8(letters, _mm_set1_epi8('a' - 1)),
                                    _mm_cmplt_epi8(letters, _mm_set1_epi8('z' + 1)));
    encoded = _mm_or_si128(encoded, _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('/' - 1)),
                                                  _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1))));
    encoded = _mm_or_si128(encoded, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('+')));
    encoded = _mm_or_si128(encoded, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    encoded = _mm_or_si128(encoded, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
    encoded = _mm_or_si128(encoded, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')));
    return (uint64_t)(uint32_t)_mm_movemask_epi8(encoded);
}
#endif

size_t cbytes_base64_run(const void *start, size_t from, size_t count) {
    const uint8_t *text = start;
    size_t at = from;
    // Encoded bytes right before `at`.
    size_t before = 0;
#if defined(__SSE2__)
    for (; at + 64 <= count; at += 64) {
        uint64_t bits = encoded_bits(text + at) | encoded_bits(text + at + 16) << 16 |
                        encoded_bits(text + at + 32) << 32 | encoded_bits(text + at + 48) << 48;
        if (bits == UINT64_MAX) return at - before;
        size_t leading = (size_t)__builtin_ctzll(~bits);
        if (before + leading >= CBYTES_BASE64_RUN) return at - before;
        // A bit stays where as many bits as a run has follow it: 2, 4, 8, 16, and 8 more.
        uint64_t runs = bits & bits >> 1;
        runs &= runs >> 2;
        runs &= runs >> 4;
        uint64_t eight = runs;
        runs &= runs >> 8;
        runs &= eight >> 16;
        if (runs) return at + (size_t)__builtin_ctzll(runs);
        before = (size_t)__builtin_clzll(~bits);
    }
#endif
    for (; at < count; at++) {
        before = is_encoded(text[at]) ? before + 1 : 0;
        if (before == CBYTES_BASE64_RUN) return at + 1 - before;
    }
    return count;
}
