// A raw log in C: the floors that `moldau bench store` holds the store against.
//
// Each function does the work that cannot be left out (the same bytes, the same checks, the same
// calls on the same kind of file) and nothing more: one thread, no lock, no bookkeeping. None
// allocates. Functions that touch files return 0 or the errno of the call that failed; EBADMSG
// stands for bytes that fail their check.
#ifndef MOLDAU_BASELINE_H
#define MOLDAU_BASELINE_H

#include <stddef.h>
#include <stdint.h>

/// The end of a log that is being written: the next record's offset and the next byte's position.
struct moldau_baseline_end {
  int64_t offset;
  int64_t position;
};

/// The room that a batch of `record_count` records of `value_size` bytes may need, in bytes.
size_t moldau_baseline_batch_bound(size_t value_size, size_t record_count);

/// Encodes one batch (magic 2, no codec) of `record_count` records without keys and headers.
///
/// Record i has the value `values[i * value_size ..< (i + 1) * value_size]`. `batch` holds at least
/// `moldau_baseline_batch_bound` bytes. Returns the size of the batch.
size_t moldau_baseline_encode(uint8_t *batch, int64_t base_offset, int64_t timestamp,
                              const uint8_t *values, size_t value_size, size_t record_count);

/// Appends `batch_count` prebuilt batches that lie end to end in `batches`: checks the checksum of
/// each, stamps its offset and leader epoch in place, writes it with one pwrite.
int moldau_baseline_append_batches(int file, struct moldau_baseline_end *end, uint8_t *batches,
                                   size_t batch_count);

/// Encodes and appends `batch_count` batches of `records_per_batch` records, one pwrite each.
/// The values of batch i start `i * records_per_batch * value_size` bytes into `values`, which
/// holds `value_count` values and is used again from its start when it is passed. `scratch` holds
/// one batch.
int moldau_baseline_append_encoded(int file, struct moldau_baseline_end *end, uint8_t *scratch,
                                   int64_t timestamp, const uint8_t *values, size_t value_size,
                                   size_t value_count, size_t records_per_batch,
                                   size_t batch_count);

/// What a scan has seen; the caller compares it with what it expects.
struct moldau_baseline_scan {
  uint64_t batch_count;
  uint64_t record_count;
  uint64_t value_bytes;
  /// The first bytes of all values, added up: proof that each value was found.
  uint64_t first_bytes;
};

/// Scans whole batches in memory: checks each checksum, decodes each record.
int moldau_baseline_scan(const uint8_t *log, size_t count, struct moldau_baseline_scan *result);

/// One segment in memory: its log and its sparse offset index (docs/format/offset-index.md).
struct moldau_baseline_segment {
  int64_t base_offset;
  const uint8_t *log;
  size_t log_size;
  const uint8_t *index;
  size_t index_entry_count;
};

/// Finds the batch of each of `target_count` offsets: the segment by binary search, the index entry
/// by binary search, then batch headers one by one. Returns the sum of the positions found.
uint64_t moldau_baseline_lookup(const struct moldau_baseline_segment *segments,
                                size_t segment_count, const int64_t *targets,
                                size_t target_count);

/// Reads and checks a whole log file as recovery does: each batch's header, checksum and sequence
/// of offsets, noting an index entry every 4096 bytes. `buffer` holds `buffer_size` bytes, more
/// than the largest batch. Adds up what it found in `result` (records and values are not decoded)
/// and the index entries in `index_entries`.
int moldau_baseline_recover(int file, uint8_t *buffer, size_t buffer_size,
                            struct moldau_baseline_scan *result, uint64_t *index_entries);

/// The same for many files, spread over `thread_count` threads.
int moldau_baseline_recover_files(const int *files, size_t file_count, size_t thread_count,
                                  struct moldau_baseline_scan *result, uint64_t *index_entries);

/// Commits in rounds until `duration_nanoseconds` have passed: in each round, `batches_per_round`
/// times the checksum and the pwrite of one batch, then one fdatasync. The file holds
/// `written_bytes` bytes that were written and synced before; writing starts again at its front
/// when its end is reached, so that every sync finds written blocks. `batch` is of `batch_size`
/// bytes. `commits` and `elapsed_nanoseconds` tell how far it came.
int moldau_baseline_commit(int file, size_t written_bytes, uint8_t *batch, size_t batch_size,
                           size_t batches_per_round, uint64_t duration_nanoseconds,
                           uint64_t *commits, uint64_t *elapsed_nanoseconds);

/// The same with `waiter_count` threads that each append one batch, wait until it is durable, and
/// start over; a further thread syncs for all that wait. What a C program with a thread a client
/// would do.
int moldau_baseline_commit_threads(int file, size_t written_bytes, const uint8_t *batch,
                                   size_t batch_size, size_t waiter_count,
                                   uint64_t duration_nanoseconds, uint64_t *commits,
                                   uint64_t *elapsed_nanoseconds);

/// Keeps the compiler from dropping the computation of `value`.
void moldau_baseline_black_hole(uint64_t value);

/// Hands the memory that was freed back to the system, where the allocator can.
void moldau_baseline_release_freed(void);

/// The bytes that the allocator has given out and not got back; 0 where it does not tell.
size_t moldau_baseline_heap_bytes(void);

#endif
