// Scanning, looking up and recovering.
#include "baseline.h"

/// Reads a zigzag varint of at most five bytes; returns NULL when it does not end before `end`.
static inline const uint8_t *get_varint(const uint8_t *next, const uint8_t *end, int64_t *value) {
  if (__builtin_expect(next >= end, 0)) return NULL;
  uint32_t raw = *next++;
  if (raw >= 0x80) {
    raw &= 0x7F;
    for (unsigned shift = 7;; shift += 7) {
      if (next >= end || shift > 28) return NULL;
      uint32_t byte = *next++;
      raw |= (byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
  }
  *value = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
  return next;
}

/// Skips a varlong, the timestamp's delta, and hands it out.
static inline const uint8_t *get_varlong(const uint8_t *next, const uint8_t *end, int64_t *value) {
  uint64_t raw = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (next >= end) return NULL;
    uint64_t byte = *next++;
    raw |= (byte & 0x7F) << shift;
    if (byte < 0x80) {
      *value = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
      return next;
    }
  }
  return NULL;
}

/// Reads a length and steps over as many bytes; -1 stands for null. NULL when they do not fit.
static inline const uint8_t *get_bytes(const uint8_t *next, const uint8_t *end,
                                       const uint8_t **bytes, int64_t *count) {
  next = get_varint(next, end, count);
  if (next == NULL) return NULL;
  *bytes = next;
  if (*count < 0) return *count == -1 ? next : NULL;
  return *count <= end - next ? next + *count : NULL;
}

/// Decodes the record at `next`; returns where the next one starts, or NULL.
static inline const uint8_t *scan_record(const uint8_t *next, const uint8_t *end,
                                         int64_t expected_delta,
                                         struct moldau_baseline_scan *result) {
  int64_t length, timestamp_delta, offset_delta, key_size, value_size, header_count;
  const uint8_t *key, *value;
  next = get_varint(next, end, &length);
  if (next == NULL || length < 0 || length > end - next) return NULL;
  const uint8_t *record_end = next + length;
  if (length == 0) return NULL;
  next++;
  if ((next = get_varlong(next, record_end, &timestamp_delta)) == NULL) return NULL;
  if ((next = get_varint(next, record_end, &offset_delta)) == NULL) return NULL;
  if (offset_delta != expected_delta) return NULL;
  if ((next = get_bytes(next, record_end, &key, &key_size)) == NULL) return NULL;
  if ((next = get_bytes(next, record_end, &value, &value_size)) == NULL) return NULL;
  if ((next = get_varint(next, record_end, &header_count)) == NULL) return NULL;
  for (; header_count > 0; header_count--) {
    const uint8_t *bytes;
    int64_t count;
    if ((next = get_bytes(next, record_end, &bytes, &count)) == NULL) return NULL;
    if ((next = get_bytes(next, record_end, &bytes, &count)) == NULL) return NULL;
  }
  if (value_size > 0) {
    result->value_bytes += (uint64_t)value_size;
    result->first_bytes += *value;
  }
  // The next record is found by the length, so that the processor need not wait for the fields.
  return next == record_end ? record_end : NULL;
}

int moldau_baseline_scan(const uint8_t *log, size_t count, struct moldau_baseline_scan *result) {
  struct moldau_baseline_scan seen = {0};
  const uint8_t *log_end = log + count;
  while (log < log_end) {
    size_t size = checked_batch_size(log, (size_t)(log_end - log));
    if (size == 0) return EBADMSG;
    const uint8_t *next = log + header_size;
    const uint8_t *end = log + size;
    uint32_t record_count = load32(log + 57);
    for (uint32_t i = 0; i < record_count; i++) {
      next = scan_record(next, end, i, &seen);
      if (next == NULL) return EBADMSG;
    }
    if (next != end) return EBADMSG;
    seen.record_count += record_count;
    seen.batch_count += 1;
    log = end;
  }
  *result = seen;
  return 0;
}

static inline uint64_t lookup(const struct moldau_baseline_segment *segments, size_t segment_count,
                              int64_t target) {
  size_t low = 0, high = segment_count;
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    if (segments[middle].base_offset <= target) low = middle;
    else high = middle;
  }
  const struct moldau_baseline_segment *segment = &segments[low];
  uint32_t relative = (uint32_t)(target - segment->base_offset);
  size_t first = 0, last = segment->index_entry_count;
  while (first < last) {
    size_t middle = (first + last) / 2;
    if (load32(segment->index + 8 * middle) <= relative) first = middle + 1;
    else last = middle;
  }
  size_t position = first == 0 ? 0 : load32(segment->index + 8 * (first - 1) + 4);
  while (position + header_size <= segment->log_size) {
    const uint8_t *batch = segment->log + position;
    int64_t last_offset = (int64_t)load64(batch) + (int64_t)load32(batch + 23);
    if (last_offset >= target) return position;
    position += length_prefix_size + (size_t)load32(batch + 8);
  }
  return position;
}

uint64_t moldau_baseline_lookup(const struct moldau_baseline_segment *segments,
                                size_t segment_count, const int64_t *targets,
                                size_t target_count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < target_count; i++) sum += lookup(segments, segment_count, targets[i]);
  return sum;
}

int moldau_baseline_recover(int file, uint8_t *buffer, size_t buffer_size,
                            struct moldau_baseline_scan *result, uint64_t *index_entries) {
  size_t held = 0, since_entry = 0;
  int64_t file_position = 0, next_offset = -1;
  for (;;) {
    ssize_t count = pread(file, buffer + held, buffer_size - held, file_position);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (count == 0) return held == 0 ? 0 : EBADMSG;
    file_position += count;
    held += (size_t)count;
    size_t done = 0;
    while (held - done >= header_size) {
      const uint8_t *batch = buffer + done;
      if ((size_t)load32(batch + 8) + length_prefix_size > held - done) break;
      size_t size = checked_batch_size(batch, held - done);
      int64_t base_offset = (int64_t)load64(batch);
      if (size == 0 || base_offset < next_offset) return EBADMSG;
      next_offset = base_offset + (int64_t)load32(batch + 23) + 1;
      if (since_entry > 4096) {
        *index_entries += 1;
        since_entry = 0;
      }
      since_entry += size;
      result->batch_count += 1;
      done += size;
    }
    if (done == 0 && held == buffer_size) return EBADMSG;
    memmove(buffer, buffer + done, held - done);
    held -= done;
  }
}
