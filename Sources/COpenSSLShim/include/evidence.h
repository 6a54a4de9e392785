#ifndef MSS_EVIDENCE_H
#define MSS_EVIDENCE_H
// What a journal of evidence asks of libcrypto: SHA-256 at the rate of a journal, and signatures of its seals.
#include <stddef.h>
#include <stdint.h>

/// SHA-256 of `first` followed by `second` to `out` (32 bytes). The algorithm is looked up once in the process, not at
/// each call. Returns 1, or 0 on failure.
int mss_sha256_pair(const void *_Nullable first, size_t first_count, const void *_Nullable second, size_t second_count,
                    uint8_t *_Nonnull out);

/// A SHA-256 under way.
typedef struct mss_sha256_stream mss_sha256_stream;

mss_sha256_stream *_Nullable mss_sha256_stream_new(void);
void mss_sha256_stream_free(mss_sha256_stream *_Nullable);
int mss_sha256_stream_add(mss_sha256_stream *_Nonnull, const void *_Nullable bytes, size_t count);
/// The digest so far, to `out` (32 bytes); the stream goes on.
int mss_sha256_stream_peek(mss_sha256_stream *_Nonnull, uint8_t *_Nonnull out);

struct evp_pkey_st;
struct x509_st;

/// Room that a signature by this key needs.
size_t mss_key_signature_room(struct evp_pkey_st *_Nonnull);
/// Signs SHA-256 of the bytes: ECDSA (DER) or RSASSA-PKCS1-v1_5, as `openssl dgst -sha256 -sign` does. Returns the
/// length written to `out`, or 0 when the key cannot.
size_t mss_key_sign_sha256(struct evp_pkey_st *_Nonnull, const void *_Nullable bytes, size_t count,
                           uint8_t *_Nonnull out, size_t room);
/// Verifies such a signature by the certificate's key: 1 when it verifies, 0 when not.
int mss_cert_verify_sha256(struct x509_st *_Nonnull, const void *_Nullable bytes, size_t count,
                           const uint8_t *_Nonnull signature, size_t signature_count);
#endif
