// Thread calls that Swift's C library module does not show.
#ifndef MOLDAU_THREAD_H
#define MOLDAU_THREAD_H

#include <semaphore.h>
#include <time.h>

/// pthread_setname_np(3) for the calling thread; a name of over 15 bytes is left out.
void moldau_name_thread(const char *name);

/// sem_clockwait(3) on the monotonic clock: waits for the semaphore until `deadline`. Returns 0, or -1
/// with errno set: ETIMEDOUT, or EINTR after a signal.
int moldau_wait_semaphore(sem_t *semaphore, const struct timespec *deadline);

#endif
