// Recovering many files at once.
#include <pthread.h>

#include "baseline.h"

// What a core keeps in its cache beside the rest; larger reads were no faster.
enum { read_size = 256 << 10, most_threads = 64 };

struct recovery {
  pthread_mutex_t mutex;
  const int *files;
  size_t file_count, next;
  int error;
  struct moldau_baseline_scan result;
  uint64_t index_entries;
};

static void *recover_some(void *context) {
  struct recovery *recovery = context;
  uint8_t buffer[read_size];
  pthread_mutex_lock(&recovery->mutex);
  while (recovery->next < recovery->file_count && recovery->error == 0) {
    int file = recovery->files[recovery->next++];
    pthread_mutex_unlock(&recovery->mutex);
    struct moldau_baseline_scan found = {0};
    uint64_t index_entries = 0;
    int error = moldau_baseline_recover(file, buffer, read_size, &found, &index_entries);
    pthread_mutex_lock(&recovery->mutex);
    recovery->result.batch_count += found.batch_count;
    recovery->index_entries += index_entries;
    if (error != 0) recovery->error = error;
  }
  pthread_mutex_unlock(&recovery->mutex);
  return NULL;
}

int moldau_baseline_recover_files(const int *files, size_t file_count, size_t thread_count,
                                  struct moldau_baseline_scan *result, uint64_t *index_entries) {
  struct recovery recovery = {
      .mutex = PTHREAD_MUTEX_INITIALIZER, .files = files, .file_count = file_count};
  pthread_t threads[most_threads];
  if (thread_count > most_threads) thread_count = most_threads;
  size_t started = 0;
  while (started < thread_count &&
         pthread_create(&threads[started], NULL, recover_some, &recovery) == 0)
    started++;
  if (started == 0) return EAGAIN;
  for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
  *result = recovery.result;
  *index_entries = recovery.index_entries;
  return recovery.error;
}
