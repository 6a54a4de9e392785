// Certification paths (RFC 5280 §6) with OpenSSL.
#include "CXMLSecShim.h"
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

struct mxs_trust {
  X509_STORE *store;                 // anchors only
  STACK_OF(X509) *intermediates;
  STACK_OF(X509_CRL) *crls;
};

static X509 *parse(mxs_bytes der) {
  const unsigned char *p = der.bytes;
  X509 *x = d2i_X509(NULL, &p, (long)der.count);
  if (x && p != der.bytes + der.count) { X509_free(x); x = NULL; }
  return x;
}

static int to_blob(X509 *x, mxs_blob *out) {
  unsigned char *der = NULL;
  int n = i2d_X509(x, &der);
  if (n <= 0) return -1;
  out->bytes = malloc((size_t)n);
  out->count = (size_t)n;
  if (out->bytes) memcpy(out->bytes, der, (size_t)n);
  OPENSSL_free(der);
  return out->bytes ? 0 : -1;
}

int mxs_certificate_inspect(mxs_bytes der, mxs_certificate_facts *out) {
  X509 *x = parse(der);
  if (!x) return -1;
  memset(out, 0, sizeof *out);
  out->is_ca = X509_check_ca(x) == 1;
  uint32_t usage = X509_get_key_usage(x);  // UINT32_MAX when the extension is absent
  out->may_sign = (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
  EVP_PKEY *key = X509_get0_pubkey(x);
  out->key_bits = key ? EVP_PKEY_get_bits(key) : 0;
  out->is_rsa = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  X509_free(x);
  return 0;
}

int mxs_certificate_from_pem(mxs_bytes pem, mxs_blob *der) {
  BIO *bio = BIO_new_mem_buf(pem.bytes, (int)pem.count);
  X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
  BIO_free(bio);
  int result = x ? to_blob(x, der) : -1;
  X509_free(x);
  return result;
}

mxs_trust *mxs_trust_new(void) {
  mxs_trust *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->store = X509_STORE_new();
  t->intermediates = sk_X509_new_null();
  t->crls = sk_X509_CRL_new_null();
  if (!t->store || !t->intermediates || !t->crls) { mxs_trust_free(t); return NULL; }
  return t;
}

void mxs_trust_free(mxs_trust *t) {
  if (!t) return;
  X509_STORE_free(t->store);
  sk_X509_pop_free(t->intermediates, X509_free);
  sk_X509_CRL_pop_free(t->crls, X509_CRL_free);
  free(t);
}

int mxs_trust_add_anchor(mxs_trust *t, mxs_bytes der) {
  X509 *x = parse(der);
  int ok = x && X509_STORE_add_cert(t->store, x) == 1;  // takes its own reference
  X509_free(x);
  return ok ? 0 : -1;
}

int mxs_trust_add_intermediate(mxs_trust *t, mxs_bytes der) {
  X509 *x = parse(der);
  if (x && sk_X509_push(t->intermediates, x)) return 0;
  X509_free(x);
  return -1;
}

int mxs_trust_add_crl(mxs_trust *t, mxs_bytes der) {
  const unsigned char *p = der.bytes;
  X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.count);
  if (crl && p == der.bytes + der.count && sk_X509_CRL_push(t->crls, crl)) return 0;
  X509_CRL_free(crl);
  return -1;
}

int mxs_chain_error_family(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return MXS_CHAIN_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return MXS_CHAIN_NOT_YET_VALID;
    case X509_V_ERR_CERT_REVOKED: return MXS_CHAIN_REVOKED;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE: return MXS_CHAIN_NO_CRL;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return MXS_CHAIN_UNKNOWN_ISSUER;
    default: return MXS_CHAIN_OTHER;
  }
}

// MXS_REVOCATION_LISTED: only a list that says "revoked" counts; a missing or late one does not.
static int tolerate_missing_crl(int ok, X509_STORE_CTX *c) {
  if (!ok && mxs_chain_error_family(X509_STORE_CTX_get_error(c)) == MXS_CHAIN_NO_CRL) {
    X509_STORE_CTX_set_error(c, X509_V_OK);
    return 1;
  }
  return ok;
}

mxs_chain_verdict mxs_chain_verify(const mxs_trust *t, const mxs_bytes *certs, size_t count, int64_t time,
                                   int revocation, int security_level, mxs_blob *chain, size_t capacity,
                                   size_t *length) {
  mxs_chain_verdict verdict = {X509_V_ERR_UNSPECIFIED, 0};
  *length = 0;
  X509 *leaf = count ? parse(certs[0]) : NULL;
  STACK_OF(X509) *candidates = sk_X509_new_null();
  X509_STORE_CTX *c = X509_STORE_CTX_new();
  if (!leaf || !candidates || !c) goto done;
  for (int i = 0; i < sk_X509_num(t->intermediates); i++)
    if (!X509_add_cert(candidates, sk_X509_value(t->intermediates, i), X509_ADD_FLAG_UP_REF)) goto done;
  for (size_t i = 1; i < count; i++) {
    X509 *x = parse(certs[i]);
    if (!x || !sk_X509_push(candidates, x)) { X509_free(x); goto done; }
  }
  // The store is shared and not changed: everything of this verification is set on its own context.
  if (!X509_STORE_CTX_init(c, t->store, leaf, candidates)) goto done;
  X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(c);
  X509_VERIFY_PARAM_set_time(p, (time_t)time);
  X509_VERIFY_PARAM_set_depth(p, 8);
  X509_VERIFY_PARAM_set_auth_level(p, security_level);
  int crls = sk_X509_CRL_num(t->crls) > 0;
  if (crls || revocation == MXS_REVOCATION_REQUIRED) {
    X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_EXTENDED_CRL_SUPPORT |
                                       X509_V_FLAG_USE_DELTAS);
    X509_STORE_CTX_set0_crls(c, t->crls);
    if (revocation == MXS_REVOCATION_LISTED) X509_STORE_CTX_set_verify_cb(c, tolerate_missing_crl);
  }
  int ok = X509_verify_cert(c);
  verdict.error = X509_STORE_CTX_get_error(c);
  verdict.depth = X509_STORE_CTX_get_error_depth(c);
  if (ok != 1) {
    if (verdict.error == X509_V_OK) verdict.error = X509_V_ERR_UNSPECIFIED;
    goto done;
  }
  verdict.error = X509_V_OK;
  STACK_OF(X509) *verified = X509_STORE_CTX_get0_chain(c);
  for (int i = 0; i < sk_X509_num(verified) && *length < capacity; i++) {
    if (to_blob(sk_X509_value(verified, i), &chain[*length])) { verdict.error = X509_V_ERR_OUT_OF_MEM; break; }
    (*length)++;
  }
done:
  X509_STORE_CTX_free(c);
  sk_X509_pop_free(candidates, X509_free);
  X509_free(leaf);
  return verdict;
}

const char *mxs_chain_error_text(int error) { return X509_verify_cert_error_string(error); }
