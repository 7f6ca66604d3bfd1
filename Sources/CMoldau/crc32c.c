#include "moldau_crc32c.h"

#include <string.h>

#include "crc32c_tables.h"

static uint32_t little_endian_32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

// Eight bytes a step: one table each, whose entries stand for the zero bytes that follow.
uint32_t moldau_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
  const uint32_t(*table)[256] = moldau_crc32c_bytes;
  const uint8_t *next = bytes;
  crc = ~crc;
  for (; count >= 8; next += 8, count -= 8) {
    uint32_t low = crc ^ little_endian_32(next);
    uint32_t high = little_endian_32(next + 4);
    crc = table[7][low & 0xFF] ^ table[6][low >> 8 & 0xFF] ^ table[5][low >> 16 & 0xFF] ^
          table[4][low >> 24] ^ table[3][high & 0xFF] ^ table[2][high >> 8 & 0xFF] ^
          table[1][high >> 16 & 0xFF] ^ table[0][high >> 24];
  }
  for (; count > 0; next++, count--) crc = crc >> 8 ^ table[0][(crc ^ *next) & 0xFF];
  return ~crc;
}

// What follows needs a CRC instruction and a carry-less multiplication. Each architecture says
// how to name them, and how to ask whether this processor has them.
#if defined(__x86_64__)
#define HARDWARE_TARGET __attribute__((target("sse4.2,pclmul")))
#include <immintrin.h>

static inline int has_hardware(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}
HARDWARE_TARGET static inline uint32_t crc_8(uint32_t crc, uint8_t byte) {
  return _mm_crc32_u8(crc, byte);
}
HARDWARE_TARGET static inline uint32_t crc_32(uint32_t crc, uint32_t word) {
  return _mm_crc32_u32(crc, word);
}
HARDWARE_TARGET static inline uint64_t crc_64(uint64_t crc, uint64_t word) {
  return _mm_crc32_u64(crc, word);
}
HARDWARE_TARGET static inline uint64_t multiply(uint32_t left, uint32_t right) {
  __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)left),
                                         _mm_cvtsi32_si128((int)right), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
}

#elif defined(__aarch64__)
#define HARDWARE_TARGET __attribute__((target("crc,aes")))
#include <arm_acle.h>
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>

static inline int has_hardware(void) {
  const unsigned long pmull = 1ul << 4, crc32 = 1ul << 7;  // HWCAP_PMULL, HWCAP_CRC32
  return (getauxval(AT_HWCAP) & (pmull | crc32)) == (pmull | crc32);
}
#else
// Every 64-bit processor of Apple's that runs Swift 6 has both.
static inline int has_hardware(void) { return 1; }
#endif
HARDWARE_TARGET static inline uint32_t crc_8(uint32_t crc, uint8_t byte) {
  return __crc32cb(crc, byte);
}
HARDWARE_TARGET static inline uint32_t crc_32(uint32_t crc, uint32_t word) {
  return __crc32cw(crc, word);
}
HARDWARE_TARGET static inline uint64_t crc_64(uint64_t crc, uint64_t word) {
  return __crc32cd((uint32_t)crc, word);
}
HARDWARE_TARGET static inline uint64_t multiply(uint32_t left, uint32_t right) {
  return (uint64_t)vmull_p64((poly64_t)left, (poly64_t)right);
}
#endif

#if defined(HARDWARE_TARGET)
// A CRC instruction takes three cycles and a new one may start each cycle, so three streams run
// abreast: the input is cut into thirds of at most this many words, and the first two checksums
// are then moved over the bytes behind them. The thirds are long, so that a batch of 16 KiB is one
// cut and each stream has pages of its own: processors fetch ahead within a page only.
enum { MAX_STREAM_WORDS = MOLDAU_CRC32C_MAX_SHIFT_WORDS / 2, STREAMS = 3, LINE = 64 };

// How far ahead of each stream memory is asked for, also past the end: batches lie one after
// another, and asking reads nothing. It pays where nothing is cached.
enum { PREFETCH_DISTANCE = 1536 };

HARDWARE_TARGET static inline uint64_t word_at(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

HARDWARE_TARGET static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *next, size_t count) {
  uint64_t first = ~crc;
  while (count >= STREAMS * 8 * 2) {
    size_t words = count / (STREAMS * 8);
    if (words > MAX_STREAM_WORDS) words = MAX_STREAM_WORDS;
    const size_t stream = words * 8;
    const uint8_t *end = next + stream;
    uint64_t second = 0, third = 0;
    for (; end - next >= LINE; next += LINE) {
      __builtin_prefetch(next + PREFETCH_DISTANCE);
      __builtin_prefetch(next + stream + PREFETCH_DISTANCE);
      __builtin_prefetch(next + 2 * stream + PREFETCH_DISTANCE);
      for (int at = 0; at < LINE; at += 8) {
        first = crc_64(first, word_at(next + at));
        second = crc_64(second, word_at(next + stream + at));
        third = crc_64(third, word_at(next + 2 * stream + at));
      }
    }
    for (; next != end; next += 8) {
      first = crc_64(first, word_at(next));
      second = crc_64(second, word_at(next + stream));
      third = crc_64(third, word_at(next + 2 * stream));
    }
    uint64_t moved = multiply((uint32_t)first, moldau_crc32c_shifts[2 * words]) ^
                     multiply((uint32_t)second, moldau_crc32c_shifts[words]);
    first = crc_64(0, moved) ^ third;
    next += 2 * stream;
    count -= STREAMS * stream;
  }
  for (; count >= 8; next += 8, count -= 8) first = crc_64(first, word_at(next));
  uint32_t rest = (uint32_t)first;
  if (count & 4) {
    rest = crc_32(rest, little_endian_32(next));
    next += 4;
  }
  for (count &= 3; count > 0; next++, count--) rest = crc_8(rest, *next);
  return ~rest;
}
#endif

uint32_t moldau_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if defined(HARDWARE_TARGET)
  if (has_hardware()) return crc32c_hardware(crc, bytes, count);
#endif
  return moldau_crc32c_portable(crc, bytes, count);
}
