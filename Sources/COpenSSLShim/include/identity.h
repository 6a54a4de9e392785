#ifndef MSS_IDENTITY_H
#define MSS_IDENTITY_H
// What proofs of identity ask of libcrypto: signatures of JSON Web Tokens (RFC 7518 §3), password hashes (RFC 7914),
// one-time passwords (RFC 6238).
#include <stddef.h>
#include <stdint.h>

struct evp_pkey_st;

/// A public RSA key from modulus and exponent (big-endian); NULL when under 2048 or over 8192 bits, or when the exponent
/// is even, 1, or longer than 64 bits. Released by mss_key_free.
struct evp_pkey_st *_Nullable mss_public_rsa(const uint8_t *_Nonnull n, size_t n_count, const uint8_t *_Nonnull e,
                                             size_t e_count);
/// A public key on P-256 from its coordinates (32 bytes each); NULL when they are no point of the curve.
struct evp_pkey_st *_Nullable mss_public_p256(const uint8_t *_Nonnull x, const uint8_t *_Nonnull y);

typedef enum { MSS_JWS_RS256, MSS_JWS_RS384, MSS_JWS_RS512, MSS_JWS_PS256, MSS_JWS_ES256 } mss_jws_algorithm;

/// Verifies a signature as RFC 7518 §3.3 to §3.5 have it (ES256: the two numbers, 32 bytes each; PS256: salt as long as
/// the digest). 1 when it verifies, 0 when not, or when the key is of another kind.
int mss_jws_verify(struct evp_pkey_st *_Nonnull, mss_jws_algorithm, const void *_Nonnull bytes, size_t count,
                   const uint8_t *_Nonnull signature, size_t signature_count);

/// HMAC (RFC 2104) of SHA-`bits` (1, 256, 512) to `out` (64 bytes of room). Returns its length, 0 on failure.
size_t mss_hmac(int bits, const uint8_t *_Nonnull key, size_t key_count, const void *_Nullable bytes, size_t count,
                uint8_t *_Nonnull out);

/// scrypt (RFC 7914) with N = 2^`ln`; takes 128 * r * (N + p) bytes of memory meanwhile. Returns 1, or 0 on failure.
int mss_scrypt(const void *_Nullable password, size_t password_count, const uint8_t *_Nonnull salt, size_t salt_count,
               unsigned ln, uint32_t r, uint32_t p, uint8_t *_Nonnull out, size_t out_count);

/// Whether two secrets of one length are equal; takes the same time whatever they are.
int mss_equal(const void *_Nonnull, const void *_Nonnull, size_t count);
#endif
