// Shared by the files of this target.
#ifndef BASELINE_H
#define BASELINE_H

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "moldau_baseline.h"
#include "moldau_crc32c.h"

enum { header_size = 61, length_prefix_size = 12, checksum_start = 21 };

static inline uint32_t load32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

static inline uint64_t load64(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

static inline void store16(uint8_t *bytes, uint16_t value) {
  value = __builtin_bswap16(value);
  memcpy(bytes, &value, sizeof value);
}

static inline void store32(uint8_t *bytes, uint32_t value) {
  value = __builtin_bswap32(value);
  memcpy(bytes, &value, sizeof value);
}

static inline void store64(uint8_t *bytes, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(bytes, &value, sizeof value);
}

static inline int write_all(int file, const uint8_t *bytes, size_t count, int64_t position) {
  while (count > 0) {
    ssize_t written = pwrite(file, bytes, count, position);
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes += written;
    count -= (size_t)written;
    position += written;
  }
  return 0;
}

/// Checks magic, length and checksum of the batch at `batch`, of which `available` bytes are there.
/// Returns the size of the batch, or 0.
static inline size_t checked_batch_size(const uint8_t *batch, size_t available) {
  if (available < header_size || batch[16] != 2) return 0;
  uint32_t length = load32(batch + 8);
  if (length < header_size - length_prefix_size || length > available - length_prefix_size) return 0;
  size_t size = length_prefix_size + (size_t)length;
  uint32_t checksum = moldau_crc32c(0, batch + checksum_start, size - checksum_start);
  return checksum == load32(batch + 17) ? size : 0;
}

static inline uint64_t now_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

#endif
