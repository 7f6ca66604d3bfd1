#define _GNU_SOURCE
#include "moldau_disk.h"

#include <fcntl.h>
#include <unistd.h>

int moldau_fallocate(int descriptor, int64_t position, int64_t count) {
  return fallocate(descriptor, 0, position, count);
}

int moldau_lock(int descriptor) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(descriptor, F_OFD_SETLK, &whole);
}

int moldau_unlock(int descriptor) {
  struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  return fcntl(descriptor, F_OFD_SETLK, &whole);
}

int moldau_syncfs(int descriptor) {
  return syncfs(descriptor);
}
