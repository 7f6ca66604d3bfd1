// The program that libFuzzer drives. Its main function comes from libFuzzer; see Tests/Fuzz/run.

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// Both are in MoldauFuzz/Exports.swift.
int32_t moldau_fuzz_index(const char *name);
void moldau_fuzz_run(int32_t index, const void *bytes, size_t count);

static int32_t target;

// Takes the target's name from the environment, since the arguments are libFuzzer's.
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  const char *name = getenv("MOLDAU_FUZZ_TARGET");
  target = name ? moldau_fuzz_index(name) : -1;
  if (target < 0) {
    fprintf(stderr, "MOLDAU_FUZZ_TARGET names no target\n");
    exit(2);
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  moldau_fuzz_run(target, bytes, count);
  return 0;
}
