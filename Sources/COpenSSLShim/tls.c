#include "tls.h"

#include <openssl/asn1err.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long live_connections, live_contexts;
long mss_tls_live_connections(void) { return atomic_load(&live_connections); }
long mss_tls_live_contexts(void) { return atomic_load(&live_contexts); }

// MARK: Library, keys

static BIO_METHOD *bio_method;  // set once, by init_once
static int bio_read(BIO *, char *, size_t, size_t *);
static int bio_write(BIO *, const char *, size_t, size_t *);
static long bio_ctrl(BIO *, int, long, void *);
static int bio_create(BIO *b) {
  BIO_set_init(b, 1);
  return 1;
}

static void init_once(void) {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
  BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mss");
  if (!m || !BIO_meth_set_read_ex(m, bio_read) || !BIO_meth_set_write_ex(m, bio_write) ||
      !BIO_meth_set_ctrl(m, bio_ctrl) || !BIO_meth_set_create(m, bio_create))
    abort();  // out of memory at start
  bio_method = m;
}

void mss_openssl_init(void) {
  static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
  if (!CRYPTO_THREAD_run_once(&once, init_once)) abort();
}

// An encrypted key must not make OpenSSL ask for its password on the terminal.
static int no_password(char *buffer, int size, int writing, void *unused) {
  (void)buffer, (void)size, (void)writing, (void)unused;
  return -1;
}

mss_key *mss_key_from_pem(const uint8_t *pem, size_t n) {
  mss_openssl_init();
  BIO *b = n <= 1 << 20 ? BIO_new_mem_buf(pem, (int)n) : NULL;
  EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, no_password, NULL) : NULL;
  BIO_free(b);
  ERR_clear_error();
  return key;
}

void mss_key_free(mss_key *key) { EVP_PKEY_free(key); }

// MARK: Failures

static mss_tls_failure_kind kind_of(unsigned long code, int *alert) {
  int reason = ERR_GET_REASON(code);
  if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255) {
    *alert = reason - SSL_AD_REASON_OFFSET;
    return MSS_TLS_FAILURE_ALERT;
  }
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNKNOWN_PROTOCOL: return MSS_TLS_FAILURE_NOT_TLS;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_UNKNOWN_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK:
    case SSL_R_WRONG_SSL_VERSION: return MSS_TLS_FAILURE_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_CIPHERS_SPECIFIED:
    case SSL_R_NO_CIPHER_MATCH:
    case SSL_R_UNKNOWN_CIPHER_RETURNED:
    case SSL_R_WRONG_CIPHER_RETURNED: return MSS_TLS_FAILURE_SUITE;
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_UNSUPPORTED_ELLIPTIC_CURVE:
    case SSL_R_WRONG_CURVE:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_WRONG_SIGNATURE_TYPE: return MSS_TLS_FAILURE_PARAMETERS;
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK: return MSS_TLS_FAILURE_WEAK_KEY;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return MSS_TLS_FAILURE_NO_CERTIFICATE;
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return MSS_TLS_FAILURE_VERIFICATION;
    default: return MSS_TLS_FAILURE_PROTOCOL;
  }
}

// Empties this thread's error queue. The first reason of the SSL library decides the kind: reasons of lower layers
// queued before it (ASN.1, big numbers) are its detail.
static void take_failure(mss_tls_failure *f) {
  memset(f, 0, sizeof *f);
  f->kind = MSS_TLS_FAILURE_PROTOCOL;
  size_t used = 0;
  int decided = 0;
  unsigned long code;
  while ((code = ERR_get_error())) {
    if (!decided && ERR_GET_LIB(code) == ERR_LIB_SSL) {
      decided = 1;
      f->kind = kind_of(code, &f->alert);
    }
    const char *reason = ERR_reason_error_string(code);
    size_t n = reason ? strlen(reason) : 0;
    if (n && used + n + 3 < sizeof f->text) {
      if (used) {
        memcpy(f->text + used, "; ", 2);
        used += 2;
      }
      memcpy(f->text + used, reason, n);
      used += n;
    }
  }
}

// MARK: Context

struct mss_tls_context {
  SSL_CTX *ssl;
  int server, leaf_set, request_staple;
  uint8_t *staple;
  size_t staple_len;
  struct named {
    char *name;
    mss_tls_context *context;
  } *named;
  size_t named_count;
  atomic_long references;
};

// EX_OPE_5040: the verifier gets the peer's own certificate and builds the chain from the local trust store; CA
// certificates sent by the peer are ignored.
static int verify_leaf(X509_STORE_CTX *, void *);

static int send_staple(SSL *s, void *unused) {
  (void)unused;
  // The context of the name that was asked for, if there is one.
  mss_tls_context *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(s));
  if (!c || !c->staple) return SSL_TLSEXT_ERR_NOACK;
  unsigned char *copy = OPENSSL_memdup(c->staple, c->staple_len);  // OpenSSL frees it
  if (!copy) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(s, copy, (long)c->staple_len);
  return SSL_TLSEXT_ERR_OK;
}

static int choose_name(SSL *s, int *alert, void *arg) {
  (void)alert;
  mss_tls_context *c = arg;
  const char *asked = SSL_get_servername(s, TLSEXT_NAMETYPE_host_name);
  if (!asked) return SSL_TLSEXT_ERR_NOACK;
  for (size_t i = 0; i < c->named_count; i++)
    if (OPENSSL_strcasecmp(asked, c->named[i].name) == 0) {
      SSL_set_SSL_CTX(s, c->named[i].context->ssl);
      return SSL_TLSEXT_ERR_OK;
    }
  return SSL_TLSEXT_ERR_NOACK;  // the default certificate answers
}

mss_tls_context *mss_tls_context_new(const mss_tls_settings *f, mss_tls_failure *failure) {
  mss_openssl_init();
  ERR_clear_error();
  mss_tls_context *x = calloc(1, sizeof *x);
  SSL_CTX *c = x ? SSL_CTX_new(f->server ? TLS_server_method() : TLS_client_method()) : NULL;
  if (!c) goto bad;
  atomic_fetch_add(&live_contexts, 1);
  atomic_store(&x->references, 1);
  x->ssl = c;
  x->server = f->server;
  x->request_staple = f->request_staple;
  SSL_CTX_set_app_data(c, x);

  // Level 2 = 112 bits: RSA and DH of 2048 bits or more, on both sides; no SHA-1 signature.
  SSL_CTX_set_security_level(c, 2);
  if (!SSL_CTX_set_min_proto_version(c, f->min_version) || !SSL_CTX_set_max_proto_version(c, f->max_version) ||
      (*f->suites12 && !SSL_CTX_set_cipher_list(c, f->suites12)) || !SSL_CTX_set_ciphersuites(c, f->suites13) ||
      !SSL_CTX_set1_groups_list(c, f->groups) || !SSL_CTX_set1_sigalgs_list(c, f->signatures) ||
      !SSL_CTX_set1_client_sigalgs_list(c, f->signatures))
    goto bad;
  SSL_CTX_set_dh_auto(c, 1);  // server: a group of 2048 bits, or more for a stronger key
  SSL_CTX_clear_options(c, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                               SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ALLOW_NO_DHE_KEX);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections keep no record buffer; chains are sent as given, never completed from a store.
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                          SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_cert_list(c, (long)f->max_peer_chain_bytes);

  // No resumption of any kind: each connection is verified (decision 0030).
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(c, 0);

  int mode = SSL_VERIFY_NONE;
  if (!f->server || f->client_authentication) mode |= SSL_VERIFY_PEER;
  if (f->server && f->client_authentication == 2) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(c, mode, NULL);
  SSL_CTX_set_cert_verify_callback(c, verify_leaf, NULL);
  if (f->server) {
    SSL_CTX_set_tlsext_status_cb(c, send_staple);
    SSL_CTX_set_tlsext_servername_callback(c, choose_name);
    SSL_CTX_set_tlsext_servername_arg(c, x);
  }
  return x;
bad:
  take_failure(failure);
  if (x && x->ssl) mss_tls_context_free(x);
  else free(x);
  return NULL;
}

void mss_tls_context_free(mss_tls_context *x) {
  if (!x || atomic_fetch_sub(&x->references, 1) != 1) return;
  SSL_CTX_free(x->ssl);
  OPENSSL_free(x->staple);
  for (size_t i = 0; i < x->named_count; i++) {
    OPENSSL_free(x->named[i].name);
    mss_tls_context_free(x->named[i].context);
  }
  free(x->named);
  free(x);
  atomic_fetch_sub(&live_contexts, 1);
}

static X509 *parse(const uint8_t *der, size_t n) {
  const unsigned char *p = der;
  X509 *x = d2i_X509(NULL, &p, (long)n);
  if (x && p != der + n) {
    X509_free(x);
    ERR_raise(ERR_LIB_ASN1, ASN1_R_TOO_LONG);
    return NULL;
  }
  return x;
}

int mss_tls_context_add_certificate(mss_tls_context *x, const uint8_t *der, size_t n, mss_tls_failure *failure) {
  ERR_clear_error();
  X509 *cert = parse(der, n);
  int ok = cert && (x->leaf_set ? SSL_CTX_add1_chain_cert(x->ssl, cert) : SSL_CTX_use_certificate(x->ssl, cert));
  X509_free(cert);
  if (ok == 1) x->leaf_set = 1;
  else take_failure(failure);
  return ok == 1;
}

int mss_tls_context_set_key(mss_tls_context *x, mss_key *key, mss_tls_failure *failure) {
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey(x->ssl, key) == 1 && SSL_CTX_check_private_key(x->ssl) == 1) return 1;
  take_failure(failure);
  return 0;
}

int mss_tls_context_set_staple(mss_tls_context *x, const uint8_t *der, size_t n) {
  uint8_t *copy = n ? OPENSSL_memdup(der, n) : NULL;
  if (n && !copy) return 0;
  OPENSSL_free(x->staple);
  x->staple = copy;
  x->staple_len = n;
  return 1;
}

int mss_tls_context_announce(mss_tls_context *x, const uint8_t *der, size_t n, mss_tls_failure *failure) {
  ERR_clear_error();
  X509 *cert = parse(der, n);
  int ok = cert && SSL_CTX_add_client_CA(x->ssl, cert);
  X509_free(cert);
  if (!ok) take_failure(failure);
  return ok;
}

int mss_tls_context_add_name(mss_tls_context *x, const char *name, mss_tls_context *other) {
  struct named *grown = realloc(x->named, (x->named_count + 1) * sizeof *grown);
  if (!grown) return 0;
  x->named = grown;
  char *copy = OPENSSL_strdup(name);
  if (!copy) return 0;
  atomic_fetch_add(&other->references, 1);
  grown[x->named_count++] = (struct named){copy, other};
  return 1;
}

// MARK: Connection

struct mss_tls {
  SSL *ssl;
  mss_tls_io *io;  // lent, during a call only
  uint8_t *spill;
  size_t spill_len, spill_capacity;
  mss_tls_verify verify;
  void *owner;
  int verified;  // the verify function was called
  mss_tls_failure failure;
};

static int bio_read(BIO *b, char *buffer, size_t n, size_t *got) {
  mss_tls *k = BIO_get_data(b);
  BIO_clear_retry_flags(b);
  mss_tls_io *io = k->io;
  if (!io || !io->in_len) {
    BIO_set_retry_read(b);
    return 0;
  }
  if (n > io->in_len) n = io->in_len;
  memcpy(buffer, io->in, n);
  io->in += n;
  io->in_len -= n;
  *got = n;
  return 1;
}

static int bio_write(BIO *b, const char *bytes, size_t n, size_t *put) {
  mss_tls *k = BIO_get_data(b);
  BIO_clear_retry_flags(b);
  mss_tls_io *io = k->io;
  size_t direct = 0;
  if (io && !k->spill_len) {
    direct = io->out_capacity - io->out_len;
    if (direct > n) direct = n;
    if (direct) memcpy(io->out + io->out_len, bytes, direct);
    io->out_len += direct;
  }
  size_t rest = n - direct;
  if (rest > k->spill_capacity - k->spill_len) {
    size_t wanted = (k->spill_len + rest) * 2;
    uint8_t *grown = realloc(k->spill, wanted);
    if (!grown) return 0;
    k->spill = grown;
    k->spill_capacity = wanted;
  }
  if (rest) memcpy(k->spill + k->spill_len, bytes + direct, rest);
  k->spill_len += rest;
  *put = n;
  return 1;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer) {
  (void)b, (void)number, (void)pointer;
  return command == BIO_CTRL_FLUSH;
}

static int verify_leaf(X509_STORE_CTX *store, void *unused) {
  (void)unused;
  SSL *s = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  mss_tls *k = s ? SSL_get_app_data(s) : NULL;
  X509 *leaf = X509_STORE_CTX_get0_cert(store);
  unsigned char *der = NULL;
  int n = leaf ? i2d_X509(leaf, &der) : -1;
  if (!k || k->verified || n <= 0) {
    OPENSSL_free(der);
    X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    return 0;
  }
  k->verified = 1;
  mss_tls_verdict verdict = k->verify(k->owner, der, (size_t)n, leaf);
  OPENSSL_free(der);
  int error = X509_V_ERR_UNSPECIFIED;
  switch (verdict) {
    case MSS_TLS_ACCEPT: error = X509_V_OK; break;
    case MSS_TLS_REFUSE_EXPIRED: error = X509_V_ERR_CERT_HAS_EXPIRED; break;
    case MSS_TLS_REFUSE_REVOKED: error = X509_V_ERR_CERT_REVOKED; break;
    case MSS_TLS_REFUSE_UNKNOWN_AUTHORITY: error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY; break;
    case MSS_TLS_REFUSE_USAGE: error = X509_V_ERR_INVALID_PURPOSE; break;
    case MSS_TLS_REFUSE_BAD: error = X509_V_ERR_CERT_REJECTED; break;
    case MSS_TLS_REFUSE_UNKNOWN: error = X509_V_ERR_OCSP_VERIFY_NEEDED; break;
  }
  X509_STORE_CTX_set_error(store, error);
  return error == X509_V_OK;
}

mss_tls *mss_tls_new(mss_tls_context *x, const char *server_name, mss_tls_verify verify, void *owner) {
  ERR_clear_error();
  mss_tls *k = calloc(1, sizeof *k);
  if (!k) return NULL;
  SSL *s = k->ssl = SSL_new(x->ssl);
  BIO *b = s ? BIO_new(bio_method) : NULL;
  if (!b) goto bad;
  BIO_set_data(b, k);
  SSL_set_bio(s, b, b);
  SSL_set_app_data(s, k);
  k->verify = verify;
  k->owner = owner;
  if (x->server) SSL_set_accept_state(s);
  else {
    SSL_set_connect_state(s);
    if (server_name && !SSL_set_tlsext_host_name(s, server_name)) goto bad;
    if (x->request_staple) SSL_set_tlsext_status_type(s, TLSEXT_STATUSTYPE_ocsp);
  }
  atomic_fetch_add(&live_connections, 1);
  return k;
bad:
  SSL_free(s);
  free(k);
  ERR_clear_error();
  return NULL;
}

void mss_tls_free(mss_tls *k) {
  if (!k) return;
  SSL_free(k->ssl);
  free(k->spill);
  free(k);
  atomic_fetch_sub(&live_connections, 1);
}

static mss_tls_status status(mss_tls *k, int rc) {
  switch (SSL_get_error(k->ssl, rc)) {
    case SSL_ERROR_WANT_READ: return MSS_TLS_WANT_INPUT;
    case SSL_ERROR_ZERO_RETURN: return MSS_TLS_CLOSED;
    default: take_failure(&k->failure); return MSS_TLS_FAILED;
  }
}

// Nothing but the peer's own certificate counts (EX_OPE_5040). What else it sent, up to `max_peer_chain_bytes` and
// several times that once parsed, would be held as long as the connection: the session, which nothing shares or resumes
// (decision 0030), keeps an empty list instead.
static void drop_other_certificates(mss_tls *k) {
  STACK_OF(X509) *chain = SSL_get_peer_cert_chain(k->ssl);
  while (chain && sk_X509_num(chain) > 0) X509_free(sk_X509_pop(chain));
}

int mss_tls_other_certificates(const mss_tls *k) {
  STACK_OF(X509) *chain = SSL_get_peer_cert_chain(k->ssl);
  return chain ? sk_X509_num(chain) : 0;
}

mss_tls_status mss_tls_handshake(mss_tls *k, mss_tls_io *io) {
  ERR_clear_error();
  k->io = io;
  int rc = SSL_do_handshake(k->ssl);
  if (rc == 1) drop_other_certificates(k);
  mss_tls_status result = rc == 1 ? MSS_TLS_DONE : status(k, rc);
  k->io = NULL;
  return result;
}

mss_tls_status mss_tls_read(mss_tls *k, mss_tls_io *io, uint8_t *plain, size_t capacity, size_t *got) {
  ERR_clear_error();
  k->io = io;
  *got = 0;
  mss_tls_status result = MSS_TLS_DONE;
  while (*got < capacity) {
    size_t n = 0;
    int rc = SSL_read_ex(k->ssl, plain + *got, capacity - *got, &n);
    *got += n;
    if (rc != 1) {
      result = status(k, rc);
      break;
    }
  }
  // A full target is no reason to ask for a larger one: OpenSSL reads no further than a record (no read ahead), so that
  // without input and without octets of a record that is open, nothing is left.
  if (result == MSS_TLS_DONE && io->in_len == 0 && SSL_pending(k->ssl) == 0) result = MSS_TLS_WANT_INPUT;
  k->io = NULL;
  return result;
}

mss_tls_status mss_tls_write(mss_tls *k, mss_tls_io *io, const uint8_t *plain, size_t n) {
  ERR_clear_error();
  k->io = io;
  mss_tls_status result = MSS_TLS_DONE;
  while (n) {
    size_t put = 0;
    int rc = SSL_write_ex(k->ssl, plain, n, &put);
    if (rc != 1) {
      result = status(k, rc);
      break;
    }
    plain += put;
    n -= put;
  }
  k->io = NULL;
  return result;
}

mss_tls_status mss_tls_close_notify(mss_tls *k, mss_tls_io *io) {
  ERR_clear_error();
  k->io = io;
  int rc = SSL_shutdown(k->ssl);
  mss_tls_status result = rc >= 0 ? MSS_TLS_DONE : status(k, rc);
  k->io = NULL;
  return result;
}

size_t mss_tls_spilled(const mss_tls *k) { return k->spill_len; }
void mss_tls_take_spilled(mss_tls *k, uint8_t *out) {
  memcpy(out, k->spill, k->spill_len);
  free(k->spill);
  k->spill = NULL;
  k->spill_len = k->spill_capacity = 0;
}

const mss_tls_failure *mss_tls_last_failure(const mss_tls *k) { return &k->failure; }

void mss_tls_get_facts(mss_tls *k, mss_tls_facts *f) {
  memset(f, 0, sizeof *f);
  f->version = (uint16_t)SSL_version(k->ssl);
  const SSL_CIPHER *cipher = SSL_get_current_cipher(k->ssl);
  f->suite = cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0;
  f->resumed = SSL_session_reused(k->ssl);
  int nid = (int)SSL_get_negotiated_group(k->ssl);
  f->group = nid > 0 && !(nid & TLSEXT_nid_unknown) ? OBJ_nid2sn(nid) : NULL;
  f->server_name = SSL_get_servername(k->ssl, TLSEXT_NAMETYPE_host_name);
  const unsigned char *staple = NULL;
  long n = SSL_is_server(k->ssl) ? 0 : SSL_get_tlsext_status_ocsp_resp(k->ssl, &staple);
  if (n > 0 && staple) {
    f->staple = staple;
    f->staple_len = (size_t)n;
  }
}
