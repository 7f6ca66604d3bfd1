#define _GNU_SOURCE
#include "moldau_disk.h"

#include <fcntl.h>
#include <unistd.h>

int moldau_fallocate(int descriptor, int64_t position, int64_t count) {
  return fallocate(descriptor, 0, position, count);
}

int moldau_syncfs(int descriptor) {
  return syncfs(descriptor);
}
