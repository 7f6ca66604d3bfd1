// What the benchmark asks of the compiler and the allocator.
#include "moldau_baseline.h"

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
