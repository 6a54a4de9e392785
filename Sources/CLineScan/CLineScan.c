#include "CLineScan.h"

#if defined(__x86_64__)

#include <immintrin.h>

// A bit for each of 64 octets that are the one asked for.
#define SAME(octet) \
  ((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, _mm256_set1_epi8(octet))) | \
   (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, _mm256_set1_epi8(octet))) << 32)

__attribute__((target("avx2,bmi"))) static size_t by_64(const uint8_t *octets, size_t count, size_t *longest) {
  size_t begin = 0, most = *longest;
  // Whether the octet before the block is a CR; whether the block begins a line.
  uint64_t after_cr = 0, after_lf = 1;
  for (size_t at = 0; at + 64 <= count; at += 64) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(octets + at));
    __m256i high = _mm256_loadu_si256((const __m256i *)(octets + at + 32));
    uint64_t cr = SAME('\r'), lf = SAME('\n');
    // Every LF stands behind a CR, and behind every CR an LF.
    uint64_t fault = (lf ^ (cr << 1 | after_cr)) | SAME('\0') | (SAME('.') & (lf << 1 | after_lf));
    // Lines that end before the first fault are passed.
    uint64_t ends = fault ? lf & ((fault & -fault) - 1) : lf;
    for (; ends; ends &= ends - 1) {
      size_t end = at + (size_t)__builtin_ctzll(ends);
      if (end - 1 - begin > most) most = end - 1 - begin;
      begin = end + 1;
    }
    if (fault) break;
    after_cr = cr >> 63;
    after_lf = lf >> 63;
  }
  *longest = most;
  return begin;
}

size_t mss_whole_lines(const uint8_t *octets, size_t count, size_t *longest) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi")) return 0;
  return by_64(octets, count, longest);
}

#else

size_t mss_whole_lines(const uint8_t *octets, size_t count, size_t *longest) {
  (void)octets, (void)count, (void)longest;
  return 0;
}

#endif
