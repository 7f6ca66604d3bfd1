// What the benchmark asks of the compiler, the allocator and the kernel.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "baseline.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void moldau_baseline_black_hole(uint64_t value) { __asm__ volatile("" : : "r"(value) : "memory"); }

void moldau_baseline_release_freed(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

size_t moldau_baseline_heap_bytes(void) {
#ifdef __GLIBC__
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

int moldau_baseline_process_cpu(int pid, uint64_t *nanoseconds) {
  clockid_t clock;
  struct timespec time;
  int error = clock_getcpuclockid(pid, &clock);
  if (error != 0) return error;
  if (clock_gettime(clock, &time) != 0) return errno;
  *nanoseconds = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
  return 0;
}

extern char **environ;

int moldau_baseline_spawn(char *const *arguments, int *pid, int *output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error == 0) {
    pid_t child = 0;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    error = posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    *pid = child;
  }
  close(ends[1]);
  if (error == 0)
    *output = ends[0];
  else
    close(ends[0]);
  return error;
}

int moldau_baseline_wait(int pid, int *code) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return errno;
  *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return 0;
}
