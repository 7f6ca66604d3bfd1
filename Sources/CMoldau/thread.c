#define _GNU_SOURCE
#include "moldau_thread.h"

#include <pthread.h>

int moldau_wait_semaphore(sem_t *semaphore, const struct timespec *deadline) {
  return sem_clockwait(semaphore, CLOCK_MONOTONIC, deadline);
}

void moldau_name_thread(const char *name) {
  pthread_setname_np(pthread_self(), name);
}
