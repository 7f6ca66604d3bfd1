// Encoding and appending.
#include "baseline.h"

static inline uint8_t *put_varint(uint8_t *next, uint32_t zigzag) {
  while (zigzag >= 0x80) {
    *next++ = (uint8_t)(zigzag | 0x80);
    zigzag >>= 7;
  }
  *next++ = (uint8_t)zigzag;
  return next;
}

static inline size_t varint_size(uint32_t zigzag) {
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x200000 ? 3 : zigzag < 0x10000000 ? 4 : 5;
}

size_t moldau_baseline_batch_bound(size_t value_size, size_t record_count) {
  return header_size + record_count * (value_size + 24);
}

size_t moldau_baseline_encode(uint8_t *batch, int64_t base_offset, int64_t timestamp,
                              const uint8_t *values, size_t value_size, size_t record_count) {
  uint8_t *next = batch + header_size;
  uint32_t value_length = (uint32_t)value_size << 1;
  // Attributes, timestamp delta, null key and header count take a byte each.
  size_t fixed_size = 4 + varint_size(value_length) + value_size;
  for (size_t i = 0; i < record_count; i++) {
    uint32_t offset_delta = (uint32_t)i << 1;
    next = put_varint(next, (uint32_t)(fixed_size + varint_size(offset_delta)) << 1);
    *next++ = 0;
    *next++ = 0;
    next = put_varint(next, offset_delta);
    *next++ = 1;
    next = put_varint(next, value_length);
    memcpy(next, values + i * value_size, value_size);
    next += value_size;
    *next++ = 0;
  }
  size_t size = (size_t)(next - batch);
  store64(batch, (uint64_t)base_offset);
  store32(batch + 8, (uint32_t)(size - length_prefix_size));
  store32(batch + 12, 0);
  batch[16] = 2;
  store16(batch + 21, 0);
  store32(batch + 23, (uint32_t)record_count - 1);
  store64(batch + 27, (uint64_t)timestamp);
  store64(batch + 35, (uint64_t)timestamp);
  store64(batch + 43, UINT64_MAX);
  store16(batch + 51, UINT16_MAX);
  store32(batch + 53, UINT32_MAX);
  store32(batch + 57, (uint32_t)record_count);
  store32(batch + 17, moldau_crc32c(0, batch + checksum_start, size - checksum_start));
  return size;
}

int moldau_baseline_append_batches(int file, struct moldau_baseline_end *end, uint8_t *batches,
                                   size_t batch_count) {
  for (size_t i = 0; i < batch_count; i++) {
    size_t size = checked_batch_size(batches, SIZE_MAX);
    if (size == 0) return EBADMSG;
    store64(batches, (uint64_t)end->offset);
    store32(batches + 12, 0);
    int error = write_all(file, batches, size, end->position);
    if (error != 0) return error;
    end->offset += (int64_t)load32(batches + 23) + 1;
    end->position += (int64_t)size;
    batches += size;
  }
  return 0;
}

int moldau_baseline_append_encoded(int file, struct moldau_baseline_end *end, uint8_t *scratch,
                                   int64_t timestamp, const uint8_t *values, size_t value_size,
                                   size_t value_count, size_t records_per_batch,
                                   size_t batch_count) {
  size_t next_value = 0;
  for (size_t i = 0; i < batch_count; i++) {
    if (next_value + records_per_batch > value_count) next_value = 0;
    size_t size = moldau_baseline_encode(scratch, end->offset, timestamp,
                                         values + next_value * value_size, value_size,
                                         records_per_batch);
    int error = write_all(file, scratch, size, end->position);
    if (error != 0) return error;
    next_value += records_per_batch;
    end->offset += (int64_t)records_per_batch;
    end->position += (int64_t)size;
  }
  return 0;
}
