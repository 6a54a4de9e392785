#ifndef MSS_TLS_H
#define MSS_TLS_H
#include <stddef.h>
#include <stdint.h>

// MARK: Library and keys

/// Initialises OpenSSL for the process, once, under OpenSSL's own lock; any thread may call it, any number of times.
void mss_openssl_init(void);

/// A private key: OpenSSL's EVP_PKEY.
typedef struct evp_pkey_st mss_key;

/// Reads an unencrypted key from PEM; NULL when it is not one.
mss_key *_Nullable mss_key_from_pem(const uint8_t *_Nullable pem, size_t n);

/// Releases a key; OpenSSL clears the private numbers before it frees their memory.
void mss_key_free(mss_key *_Nullable);

// MARK: Failures

typedef enum {
  MSS_TLS_FAILURE_NONE = 0,
  MSS_TLS_FAILURE_PROTOCOL,        // anything not below: the text tells
  MSS_TLS_FAILURE_NOT_TLS,         // the first bytes are no TLS record
  MSS_TLS_FAILURE_VERSION,         // no common version
  MSS_TLS_FAILURE_SUITE,           // no common cipher suite
  MSS_TLS_FAILURE_PARAMETERS,      // no common group or signature algorithm
  MSS_TLS_FAILURE_WEAK_KEY,        // Diffie-Hellman group or key under the security level
  MSS_TLS_FAILURE_NO_CERTIFICATE,  // required of the client, not sent
  MSS_TLS_FAILURE_VERIFICATION,    // refused by the verify function
  MSS_TLS_FAILURE_ALERT,           // fatal alert from the peer: see `alert`
} mss_tls_failure_kind;

typedef struct {
  mss_tls_failure_kind kind;
  int alert;       // number of the alert received, RFC 8446 §6
  char text[256];  // OpenSSL's reasons, oldest first
} mss_tls_failure;

// MARK: Context

/// Settings, certificates and keys shared by connections; not modified once connections use it.
typedef struct mss_tls_context mss_tls_context;

typedef struct {
  int server;
  uint16_t min_version, max_version;           // 0x0303, 0x0304
  const char *_Nonnull suites12, *_Nonnull suites13;  // OpenSSL names
  const char *_Nonnull groups, *_Nonnull signatures;
  int client_authentication;                   // server: 0 none, 1 optional, 2 required
  int request_staple;                          // client: ask for a stapled OCSP response
  size_t max_peer_chain_bytes;
} mss_tls_settings;

/// A context, or NULL and the failure.
mss_tls_context *_Nullable mss_tls_context_new(const mss_tls_settings *_Nonnull, mss_tls_failure *_Nonnull);
void mss_tls_context_free(mss_tls_context *_Nullable);

/// Adds one certificate (DER) of the chain to send, leaf first. 1, or 0 and the failure.
int mss_tls_context_add_certificate(mss_tls_context *_Nonnull, const uint8_t *_Nullable der, size_t n,
                                    mss_tls_failure *_Nonnull);
/// Sets the key of the leaf; fails when they do not belong together. The context takes its own reference.
int mss_tls_context_set_key(mss_tls_context *_Nonnull, mss_key *_Nonnull, mss_tls_failure *_Nonnull);
/// Server: the OCSP response (DER) stapled when the client asks.
int mss_tls_context_set_staple(mss_tls_context *_Nonnull, const uint8_t *_Nullable der, size_t n);
/// Server: announces the subject of a CA certificate (DER) as one whose client certificates are accepted.
int mss_tls_context_announce(mss_tls_context *_Nonnull, const uint8_t *_Nullable der, size_t n,
                             mss_tls_failure *_Nonnull);
/// Server: connections that ask for `name` (lower case) use the certificates of `other`, which is retained.
int mss_tls_context_add_name(mss_tls_context *_Nonnull, const char *_Nonnull name, mss_tls_context *_Nonnull other);

// MARK: Connection

/// What the verify function answers; decides the alert that the peer gets.
typedef enum {
  MSS_TLS_ACCEPT = 0,
  MSS_TLS_REFUSE_EXPIRED,             // certificate_expired
  MSS_TLS_REFUSE_REVOKED,             // certificate_revoked
  MSS_TLS_REFUSE_UNKNOWN_AUTHORITY,   // unknown_ca
  MSS_TLS_REFUSE_USAGE,               // unsupported_certificate
  MSS_TLS_REFUSE_BAD,                 // bad_certificate
  MSS_TLS_REFUSE_UNKNOWN,             // certificate_unknown
} mss_tls_verdict;

/// Judges the peer's own certificate, in DER and as OpenSSL read it. Called within mss_tls_handshake, once in a
/// connection. The certificate is lent: mss_cert_share keeps it.
typedef mss_tls_verdict (*mss_tls_verify)(void *_Nonnull owner, const uint8_t *_Nonnull leaf, size_t n,
                                          struct x509_st *_Nonnull certificate);

/// One side of a connection. One thread at a time; not re-entrant.
typedef struct mss_tls mss_tls;

mss_tls *_Nullable mss_tls_new(mss_tls_context *_Nonnull, const char *_Nullable server_name,
                               mss_tls_verify _Nonnull, void *_Nonnull owner);
void mss_tls_free(mss_tls *_Nullable);

/// Bytes lent for the time of one call. `in` advances over what was consumed; ciphertext to send is appended to `out`,
/// and once that is full, kept aside: see mss_tls_spilled.
typedef struct {
  const uint8_t *_Nullable in;
  size_t in_len;
  uint8_t *_Nullable out;
  size_t out_capacity, out_len;
} mss_tls_io;

typedef enum {
  MSS_TLS_DONE = 0,    // handshake finished; bytes read; all written
  MSS_TLS_WANT_INPUT,  // every byte of `in` was consumed and more is needed
  MSS_TLS_CLOSED,      // close_notify received
  MSS_TLS_FAILED,      // see mss_tls_last_failure; the alert for the peer is in the output
} mss_tls_status;

mss_tls_status mss_tls_handshake(mss_tls *_Nonnull, mss_tls_io *_Nonnull);
/// Reads up to `capacity` plain bytes. DONE: `plain` is full, there may be more.
mss_tls_status mss_tls_read(mss_tls *_Nonnull, mss_tls_io *_Nonnull, uint8_t *_Nonnull plain, size_t capacity,
                            size_t *_Nonnull got);
mss_tls_status mss_tls_write(mss_tls *_Nonnull, mss_tls_io *_Nonnull, const uint8_t *_Nonnull plain, size_t n);
/// Sends close_notify.
mss_tls_status mss_tls_close_notify(mss_tls *_Nonnull, mss_tls_io *_Nonnull);

size_t mss_tls_spilled(const mss_tls *_Nonnull);
/// Copies the spilled bytes (all of them) to `out` and frees them.
void mss_tls_take_spilled(mss_tls *_Nonnull, uint8_t *_Nonnull out);

const mss_tls_failure *_Nonnull mss_tls_last_failure(const mss_tls *_Nonnull);

// MARK: What was negotiated

typedef struct {
  uint16_t version, suite;
  int resumed;
  const char *_Nullable group;        // name of the (EC)DHE group when OpenSSL tells; static
  const char *_Nullable server_name;  // SNI sent or received; valid as long as the connection
  const uint8_t *_Nullable staple;    // client: stapled OCSP response; valid as long as the connection
  size_t staple_len;
} mss_tls_facts;

void mss_tls_get_facts(mss_tls *_Nonnull, mss_tls_facts *_Nonnull);

/// Certificates beside the peer's own that the connection still holds: none once the handshake is done.
int mss_tls_other_certificates(const mss_tls *_Nonnull);

/// Number of connections and contexts alive in the process: for leak tests.
long mss_tls_live_connections(void);
long mss_tls_live_contexts(void);
#endif
