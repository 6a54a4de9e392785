#ifndef MSS_DIGEST_H
#define MSS_DIGEST_H
#include <stddef.h>
#include <stdint.h>

/// Message digests of libcrypto.
typedef enum { MSS_DIGEST_SHA1 = 1, MSS_DIGEST_SHA256 = 2 } mss_digest_algorithm;

/// Writes the digest of `bytes` to `digest` (room for 32 bytes) and returns its length; 0 when OpenSSL cannot.
size_t mss_digest(mss_digest_algorithm algorithm, const void *_Nullable bytes, size_t count, uint8_t *_Nonnull digest);
#endif
