// A raw log and the least servers in C: the floors of `moldau bench store` and `bench broker`.
//
// Each function does the work that cannot be left out (the same bytes, the same checks, the same
// calls on the same kind of file) and nothing more: one thread, no lock, no bookkeeping. Functions
// that touch files or sockets return 0 or the errno of the call that failed; EBADMSG stands for
// bytes that fail their check.
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

/// Connects to the first address of `host` that answers. Sends and receives wait a minute at most.
/// EADDRNOTAVAIL stands for a name without an address.
int moldau_baseline_connect(const char *host, const char *port, int *connected);

/// Listens at a free port of the loopback address, for one connection at a time.
int moldau_baseline_listen(int *listener, uint16_t *port);

/// Sends `request_count` frames, the `frame_count` frames that lie end to end in `frames` over and
/// over, with at most `in_flight` of them unanswered; an answer is a frame too (four bytes of size,
/// big-endian, then as many bytes), and forgotten. `frame_ends` says where each frame ends,
/// `answer_bytes` what the answers held. The answers to the requests in flight fit in the sockets'
/// buffers, or the requests do.
int moldau_baseline_exchange(int socket, const uint8_t *frames, const size_t *frame_ends,
                             size_t frame_count, size_t request_count, size_t in_flight,
                             uint64_t *answer_bytes);

/// Accepts a connection and until it ends takes frames, writes each to the end of what was written
/// to `file` with one pwrite, and answers with an empty frame: the least that a log server does.
int moldau_baseline_receive_frames(int listener, int file);

/// Accepts a connection and until it ends answers each frame with the next `slice_size` bytes of
/// `file`, by sendfile, from the start again after `slice_count`: the least that a fetch is.
int moldau_baseline_send_slices(int listener, int file, size_t slice_size, size_t slice_count);

/// Starts a program; `arguments` ends with a null and begins with the program's path. `output` reads
/// what it writes to its standard output; its standard error is ours.
int moldau_baseline_spawn(char *const *arguments, int *pid, int *output);

/// Waits until the process has ended; its exit code, or 128 and the signal that ended it.
int moldau_baseline_wait(int pid, int *code);

/// Tells how much processor time a process has used, all its threads together.
int moldau_baseline_process_cpu(int pid, uint64_t *nanoseconds);

/// Keeps the compiler from dropping the computation of `value`.
void moldau_baseline_black_hole(uint64_t value);

/// Hands the memory that was freed back to the system, where the allocator can.
void moldau_baseline_release_freed(void);

/// The bytes that the allocator has given out and not got back; 0 where it does not tell.
size_t moldau_baseline_heap_bytes(void);

#endif
