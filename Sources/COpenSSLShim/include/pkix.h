#ifndef MSS_PKIX_H
#define MSS_PKIX_H
// Certificates, path validation, signatures, digests and key files: what MSSTLS asks of OpenSSL beside TLS itself.
// Everything structured (certificate fields, CRLs, OCSP) is read in Swift; here is only cryptography and path building.
#include <stddef.h>
#include <stdint.h>

// MARK: Digests

/// SHA-1 (20 bytes out) for OCSP CertIDs and key identifiers only; SHA-256 (32 bytes out). Returns 1, or 0 on failure.
int mss_sha1(const uint8_t *bytes, size_t count, uint8_t *out);
int mss_sha256(const uint8_t *bytes, size_t count, uint8_t *out);

/// Fills with cryptographically secure random bytes. Returns 1, or 0 on failure.
int mss_random(uint8_t *out, size_t count);

/// Clears memory that held a secret; the compiler cannot drop it.
void mss_cleanse(void *bytes, size_t count);

// MARK: Certificates

/// An X.509 certificate (X509), never modified once made; may be used by several threads.
typedef struct x509_st mss_cert;

/// Parses exactly `count` bytes; NULL when OpenSSL refuses them, when bytes are left over, or when an extension that it
/// knows is malformed.
mss_cert *mss_cert_new(const uint8_t *der, size_t count);
/// Another reference to a certificate that OpenSSL read, for example in a handshake, made ready for several threads as
/// mss_cert_new does; NULL when an extension that it knows is malformed. Released by mss_cert_free.
mss_cert *mss_cert_share(mss_cert *);
void mss_cert_free(mss_cert *);

/// Verifies `signature` by the certificate's key over `bytes`; `algorithm` is the DER AlgorithmIdentifier.
/// Algorithms under 112 bits of security (MD5, SHA-1) and RSA keys under 2048 bits are refused.
/// Returns 1 when it verifies, 0 when not, -1 when algorithm or key are refused or unknown.
int mss_cert_verify_signature(mss_cert *, const uint8_t *algorithm, size_t algorithm_count, const uint8_t *bytes,
                              size_t count, const uint8_t *signature, size_t signature_count);

// MARK: Path validation

/// Roots (trust anchors) and intermediates; built once, then only read: may be shared by threads.
typedef struct mss_store mss_store;

mss_store *mss_store_new(void);
void mss_store_free(mss_store *);
/// Adds a certificate before the first use; the index tells it in a chain (0, 1, … in the order added, both kinds
/// together). Returns 1, or 0 when out of memory.
int mss_store_add(mss_store *, mss_cert *, int is_root);

enum { MSS_PURPOSE_SERVER = 0, MSS_PURPOSE_CLIENT = 1, MSS_PURPOSE_ANY = 2 };
enum { MSS_CHAIN_MAX = 8 };

/// What validation found.
typedef struct {
    int32_t error;                 // X509_V_OK (0) or an X509_V_ERR_* code
    int32_t depth;                 // of the certificate in error; 0 is the leaf
    int32_t chain_count;           // length of the chain built, leaf included
    int32_t chain[MSS_CHAIN_MAX];  // store indexes, leaf first; -1 is the leaf itself
} mss_path;

/// Validates `leaf` against the store at `time` (seconds since 1970). `host` may be NULL.
/// Returns 1 when valid, 0 when not (see `path->error`), -1 when out of memory.
int mss_store_verify(mss_store *, mss_cert *leaf, int purpose, const char *host, int64_t time, mss_path *path);

/// Groups of X509_V_ERR_* codes.
typedef enum {
    MSS_FAULT_NONE, MSS_FAULT_EXPIRED, MSS_FAULT_NOT_YET_VALID, MSS_FAULT_UNKNOWN_AUTHORITY, MSS_FAULT_USAGE,
    MSS_FAULT_HOSTNAME, MSS_FAULT_WEAK_KEY, MSS_FAULT_WEAK_SIGNATURE, MSS_FAULT_CHAIN
} mss_fault;
mss_fault mss_fault_of(int32_t error);
/// OpenSSL's English sentence for an X509_V_ERR_* code; static.
const char *mss_fault_text(int32_t error);

// MARK: Private keys

typedef enum {
    MSS_KEY_FINE, MSS_KEY_MALFORMED, MSS_KEY_PASSPHRASE, MSS_KEY_INCOMPLETE, MSS_KEY_WEAK, MSS_KEY_MISMATCH
} mss_key_problem;

/// Whether the PEM or DER needs a passphrase.
int mss_key_is_encrypted(const void *bytes, size_t count);
/// Reads a private key, PEM or DER; `pass` may be NULL (`pass_count` -1): an encrypted key is then refused. Nothing is
/// ever asked on a terminal. NULL on failure, with the reason.
struct evp_pkey_st *mss_key_read(const void *bytes, size_t count, const char *pass, int pass_count,
                                 mss_key_problem *problem);
/// 1 when the private key is the certificate's.
int mss_cert_matches_key(mss_cert *, struct evp_pkey_st *);

/// A PKCS#12 container that was opened.
typedef struct mss_pkcs12 mss_pkcs12;
/// Checks the MAC, decrypts. NULL on failure, with the reason.
mss_pkcs12 *mss_pkcs12_read(const void *bytes, size_t count, const char *pass, int pass_count,
                            mss_key_problem *problem);
void mss_pkcs12_free(mss_pkcs12 *);
/// Hands over the private key; NULL when there is none (any more).
struct evp_pkey_st *mss_pkcs12_take_key(mss_pkcs12 *);
/// How many certificates it holds.
int mss_pkcs12_count(const mss_pkcs12 *);
/// The DER of a certificate, to be given back to `mss_pkcs12_release`; NULL when out of memory.
uint8_t *mss_pkcs12_certificate(const mss_pkcs12 *, int index, size_t *count);
void mss_pkcs12_release(uint8_t *);

#endif
