// CRC-32C for record batches.
#ifndef MOLDAU_CRC32C_H
#define MOLDAU_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// Extends `crc` with the CRC-32C (RFC 3720 §12.1) of `count` bytes. Reads only; cannot fail.
uint32_t moldau_crc32c(uint32_t crc, const void *bytes, size_t count);

#endif
