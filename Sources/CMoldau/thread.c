#define _GNU_SOURCE
#include "moldau_thread.h"

#include <pthread.h>

void moldau_name_thread(const char *name) {
  pthread_setname_np(pthread_self(), name);
}
