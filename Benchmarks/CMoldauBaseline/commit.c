// Committing: appends that wait for a sync.
#include <pthread.h>

#include "baseline.h"

#ifdef __APPLE__
#define fdatasync fsync
#endif

int moldau_baseline_commit(int file, size_t written_bytes, uint8_t *batch, size_t batch_size,
                           size_t batches_per_round, uint64_t duration_nanoseconds,
                           uint64_t *commits, uint64_t *elapsed_nanoseconds) {
  uint64_t start = now_nanoseconds(), elapsed = 0, count = 0;
  size_t position = 0;
  do {
    for (size_t i = 0; i < batches_per_round; i++) {
      if (position + batch_size > written_bytes) position = 0;
      if (checked_batch_size(batch, batch_size) != batch_size) return EBADMSG;
      store64(batch, count + i);
      int error = write_all(file, batch, batch_size, (int64_t)position);
      if (error != 0) return error;
      position += batch_size;
    }
    if (fdatasync(file) != 0) return errno;
    count += batches_per_round;
    elapsed = now_nanoseconds() - start;
  } while (elapsed < duration_nanoseconds);
  *commits = count;
  *elapsed_nanoseconds = elapsed;
  return 0;
}

struct commit_state {
  pthread_mutex_t mutex;
  pthread_cond_t appended, synced;
  int file, error, stopped;
  size_t written_bytes, position, batch_size;
  const uint8_t *batch;
  uint64_t next, durable;
};

static void *commit_waiter(void *context) {
  struct commit_state *state = context;
  for (;;) {
    size_t checked = checked_batch_size(state->batch, state->batch_size);
    pthread_mutex_lock(&state->mutex);
    if (checked != state->batch_size) state->error = EBADMSG;
    if (state->stopped || state->error != 0) break;
    if (state->position + state->batch_size > state->written_bytes) state->position = 0;
    int error = write_all(state->file, state->batch, state->batch_size, (int64_t)state->position);
    if (error != 0) state->error = error;
    state->position += state->batch_size;
    uint64_t mine = state->next++;
    pthread_cond_signal(&state->appended);
    while (state->durable <= mine && state->error == 0)
      pthread_cond_wait(&state->synced, &state->mutex);
    pthread_mutex_unlock(&state->mutex);
  }
  pthread_cond_signal(&state->appended);
  pthread_mutex_unlock(&state->mutex);
  return NULL;
}

static void *commit_syncer(void *context) {
  struct commit_state *state = context;
  pthread_mutex_lock(&state->mutex);
  for (;;) {
    while (state->next == state->durable && !state->stopped && state->error == 0)
      pthread_cond_wait(&state->appended, &state->mutex);
    if (state->next == state->durable || state->error != 0) break;
    uint64_t covered = state->next;
    pthread_mutex_unlock(&state->mutex);
    int error = fdatasync(state->file) == 0 ? 0 : errno;
    pthread_mutex_lock(&state->mutex);
    if (error != 0) state->error = error;
    state->durable = covered;
    pthread_cond_broadcast(&state->synced);
  }
  pthread_cond_broadcast(&state->synced);
  pthread_mutex_unlock(&state->mutex);
  return NULL;
}

enum { most_waiters = 256 };

int moldau_baseline_commit_threads(int file, size_t written_bytes, const uint8_t *batch,
                                   size_t batch_size, size_t waiter_count,
                                   uint64_t duration_nanoseconds, uint64_t *commits,
                                   uint64_t *elapsed_nanoseconds) {
  pthread_t waiters[most_waiters], syncer;
  if (waiter_count > most_waiters) return EINVAL;
  struct commit_state state = {
      .mutex = PTHREAD_MUTEX_INITIALIZER,
      .appended = PTHREAD_COND_INITIALIZER,
      .synced = PTHREAD_COND_INITIALIZER,
      .file = file,
      .written_bytes = written_bytes,
      .batch = batch,
      .batch_size = batch_size,
  };
  uint64_t start = now_nanoseconds();
  int error = pthread_create(&syncer, NULL, commit_syncer, &state);
  if (error != 0) return error;
  size_t started = 0;
  while (started < waiter_count && error == 0) {
    error = pthread_create(&waiters[started], NULL, commit_waiter, &state);
    if (error == 0) started++;
  }
  struct timespec duration = {
      .tv_sec = (time_t)(duration_nanoseconds / 1000000000u),
      .tv_nsec = (long)(duration_nanoseconds % 1000000000u),
  };
  nanosleep(&duration, NULL);
  pthread_mutex_lock(&state.mutex);
  // On a busy machine the time may be over before a thread has run.
  while (started > 0 && state.durable == 0 && state.error == 0)
    pthread_cond_wait(&state.synced, &state.mutex);
  state.stopped = 1;
  pthread_cond_signal(&state.appended);
  pthread_mutex_unlock(&state.mutex);
  for (size_t i = 0; i < started; i++) pthread_join(waiters[i], NULL);
  pthread_join(syncer, NULL);
  *commits = state.durable;
  *elapsed_nanoseconds = now_nanoseconds() - start;
  return error != 0 ? error : state.error;
}
