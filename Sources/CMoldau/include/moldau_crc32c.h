// CRC-32C for record batches.
#ifndef MOLDAU_CRC32C_H
#define MOLDAU_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// Extends `crc` with the CRC-32C (RFC 3720 §12.1) of `count` bytes. Reads only; cannot fail.
///
/// `bytes` may be null when `count` is 0. Uses the processor's CRC instructions where it has them.
uint32_t moldau_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same without instructions that some processor lacks; for those, and for tests.
uint32_t moldau_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

#endif
