#ifndef MSS_SEAL_H
#define MSS_SEAL_H
// Authenticated encryption at rest: AES-256-GCM (NIST SP 800-38D) of libcrypto.
#include <stddef.h>
#include <stdint.h>

enum { MSS_SEAL_KEY = 32, MSS_SEAL_NONCE = 12, MSS_SEAL_TAG = 16 };

/// Encrypts `count` bytes to `out` (as many) and writes the tag. A nonce serves once under one key. `in` and `out` may
/// be the same. Any thread. Returns 1, or 0 on failure.
int mss_seal(const uint8_t *_Nonnull key, const uint8_t *_Nonnull nonce, const void *_Nullable aad, size_t aad_count,
             const void *_Nullable in, size_t count, void *_Nullable out, uint8_t *_Nonnull tag);

/// Decrypts to `out` (`count` bytes). Returns 1; 0 when the tag does not fit, and `out` is then cleared; -1 on failure.
int mss_unseal(const uint8_t *_Nonnull key, const uint8_t *_Nonnull nonce, const void *_Nullable aad, size_t aad_count,
               const void *_Nullable in, size_t count, void *_Nullable out, const uint8_t *_Nonnull tag);
#endif
