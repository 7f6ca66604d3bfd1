// System calls that Swift's C library module does not show.
#ifndef MOLDAU_DISK_H
#define MOLDAU_DISK_H

#include <stdint.h>

/// fallocate(2) with mode 0: makes sure that blocks for `count` bytes from `position` exist, growing
/// the file to hold them. Returns 0, or -1 with errno set.
int moldau_fallocate(int descriptor, int64_t position, int64_t count);

/// fcntl(2) with F_OFD_SETLK: takes the write lock on the whole file, which lasts as long as the open
/// file description. Returns 0, or -1 with errno set: EAGAIN or EACCES when another has it.
int moldau_lock(int descriptor);

/// Gives back what moldau_lock has taken. Returns 0, or -1 with errno set.
int moldau_unlock(int descriptor);

/// syncfs(2): makes everything on the file system of `descriptor` durable. Returns 0, or -1 with errno
/// set.
int moldau_syncfs(int descriptor);

#endif
