#include "pkix.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// MARK: Digests

int mss_sha1(const uint8_t *bytes, size_t count, uint8_t *out) {
    return EVP_Q_digest(NULL, "SHA1", NULL, bytes, count, out, NULL);
}

int mss_sha256(const uint8_t *bytes, size_t count, uint8_t *out) {
    return EVP_Q_digest(NULL, "SHA256", NULL, bytes, count, out, NULL);
}

int mss_random(uint8_t *out, size_t count) { return count <= INT_MAX && RAND_bytes(out, (int)count) == 1; }

void mss_cleanse(void *bytes, size_t count) { OPENSSL_cleanse(bytes, count); }

// MARK: Certificates

// Purpose -1 only caches the extensions: done here, so that later uses do not write to the object.
static int is_ready(X509 *cert) { return X509_check_purpose(cert, -1, 0) == 1 && X509_get0_pubkey(cert); }

mss_cert *mss_cert_new(const uint8_t *der, size_t count) {
    if (count > LONG_MAX) return NULL;
    ERR_clear_error();
    const uint8_t *cursor = der;
    X509 *cert = d2i_X509(NULL, &cursor, (long)count);
    if (cert && (cursor != der + count || !is_ready(cert))) {
        X509_free(cert);
        cert = NULL;
    }
    ERR_clear_error();
    return cert;
}

mss_cert *mss_cert_share(mss_cert *cert) {
    ERR_clear_error();
    int shared = is_ready(cert) && X509_up_ref(cert);
    ERR_clear_error();
    return shared ? cert : NULL;
}

void mss_cert_free(mss_cert *cert) { X509_free(cert); }

// The level that X509_VERIFY_PARAM_set_auth_level takes: 2 is 112 bits, RSA and DH from 2048, no MD5, no SHA-1.
enum { AUTH_LEVEL = 2, AUTH_BITS = 112 };

int mss_cert_verify_signature(mss_cert *cert, const uint8_t *algorithm, size_t algorithm_count, const uint8_t *bytes,
                              size_t count, const uint8_t *signature, size_t signature_count) {
    EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key || EVP_PKEY_get_security_bits(key) < AUTH_BITS) return -1;
    if (algorithm_count > LONG_MAX || count > INT_MAX || signature_count > INT_MAX) return -1;
    ERR_clear_error();
    int result = -1;
    ASN1_BIT_STRING *bits = NULL;
    ASN1_STRING *data = NULL;
    EVP_MD_CTX *context = NULL;
    const uint8_t *cursor = algorithm;
    X509_ALGOR *parsed = d2i_X509_ALGOR(NULL, &cursor, (long)algorithm_count);
    if (!parsed || cursor != algorithm + algorithm_count) goto done;

    const ASN1_OBJECT *object = NULL;
    int digest = NID_undef, key_type = NID_undef;
    X509_ALGOR_get0(&object, NULL, NULL, parsed);
    if (!OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, &key_type)) goto done;
    // NID_undef is RSASSA-PSS or EdDSA: the digest is in the parameters, or in the scheme.
    if (digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1 || digest == NID_md4 || digest == NID_md2 ||
        digest == NID_ripemd160)
        goto done;

    bits = ASN1_BIT_STRING_new();
    data = ASN1_STRING_type_new(V_ASN1_SEQUENCE);  // an ANY: encoded as the very bytes given
    context = EVP_MD_CTX_new();
    if (!bits || !data || !context) goto done;
    if (!ASN1_BIT_STRING_set(bits, (unsigned char *)signature, (int)signature_count)) goto done;
    bits->flags = (bits->flags & ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07)) | ASN1_STRING_FLAG_BITS_LEFT;
    if (!ASN1_STRING_set(data, bytes, (int)count)) goto done;
    EVP_PKEY_CTX *key_context = EVP_PKEY_CTX_new(key, NULL);
    if (!key_context) goto done;
    EVP_MD_CTX_set_pkey_ctx(context, key_context);
    result = ASN1_item_verify_ctx(ASN1_ITEM_rptr(ASN1_SEQUENCE), parsed, bits, data, context);
    if (result == 1 && digest == NID_undef) {  // a PSS digest is known only now
        const EVP_MD *used = EVP_MD_CTX_get0_md(context);
        if (used && EVP_MD_get_size(used) < 28) result = -1;
    }
    EVP_MD_CTX_set_pkey_ctx(context, NULL);
    EVP_PKEY_CTX_free(key_context);
done:
    EVP_MD_CTX_free(context);
    ASN1_STRING_free(data);
    ASN1_BIT_STRING_free(bits);
    X509_ALGOR_free(parsed);
    ERR_clear_error();
    return result < 0 ? -1 : result;
}

// MARK: Path validation

struct mss_store {
    X509_STORE *roots;
    STACK_OF(X509) *intermediates;
    STACK_OF(X509) *all;  // in the order added
};

mss_store *mss_store_new(void) {
    mss_store *store = calloc(1, sizeof *store);
    if (!store) return NULL;
    store->roots = X509_STORE_new();
    store->intermediates = sk_X509_new_null();
    store->all = sk_X509_new_null();
    if (store->roots && store->intermediates && store->all) return store;
    mss_store_free(store);
    return NULL;
}

void mss_store_free(mss_store *store) {
    if (!store) return;
    X509_STORE_free(store->roots);
    sk_X509_pop_free(store->intermediates, X509_free);
    sk_X509_pop_free(store->all, X509_free);
    free(store);
}

static int push(STACK_OF(X509) *stack, X509 *cert) {
    if (!X509_up_ref(cert)) return 0;
    if (sk_X509_push(stack, cert) > 0) return 1;
    X509_free(cert);
    return 0;
}

int mss_store_add(mss_store *store, mss_cert *cert, int is_root) {
    int added = is_root ? X509_STORE_add_cert(store->roots, cert) == 1 : push(store->intermediates, cert);
    return added && push(store->all, cert);
}

static int32_t index_of(const mss_store *store, const X509 *cert) {
    for (int i = 0; i < sk_X509_num(store->all); i++)
        if (X509_cmp(sk_X509_value(store->all, i), cert) == 0) return i;
    return -1;
}

static int purpose_of(int purpose) {
    switch (purpose) {
    case MSS_PURPOSE_SERVER: return X509_PURPOSE_SSL_SERVER;
    case MSS_PURPOSE_CLIENT: return X509_PURPOSE_SSL_CLIENT;
    default: return X509_PURPOSE_ANY;
    }
}

int mss_store_verify(mss_store *store, mss_cert *leaf, int purpose, const char *host, int64_t time, mss_path *path) {
    memset(path, 0, sizeof *path);
    ERR_clear_error();
    int result = -1;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    // Only the local intermediates may complete the chain: the peer's are never given (EX_OPE_5040).
    if (!context || !X509_STORE_CTX_init(context, store->roots, leaf, store->intermediates)) goto done;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_depth(param, MSS_CHAIN_MAX - 2);
    X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
    X509_VERIFY_PARAM_set_time(param, (time_t)time);
    // The trust setting stays the default: a root is trusted because it is in the store, self-signed.
    if (purpose != MSS_PURPOSE_ANY && !X509_VERIFY_PARAM_set_purpose(param, purpose_of(purpose))) goto done;
    if (host) {
        // RFC 9525 §6.3: names come from the subject alternative name alone, a wildcard stands for a whole label.
        X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        if (X509_VERIFY_PARAM_set1_ip_asc(param, host) != 1 && X509_VERIFY_PARAM_set1_host(param, host, 0) != 1) goto done;
    }
    result = X509_verify_cert(context);
    path->error = X509_STORE_CTX_get_error(context);
    path->depth = X509_STORE_CTX_get_error_depth(context);
    if (result != 1 && path->error == X509_V_OK) path->error = X509_V_ERR_UNSPECIFIED;
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    int count = chain ? sk_X509_num(chain) : 0;
    path->chain_count = count < MSS_CHAIN_MAX ? count : MSS_CHAIN_MAX;
    for (int i = 0; i < path->chain_count; i++)
        path->chain[i] = i == 0 ? -1 : index_of(store, sk_X509_value(chain, i));
    result = result == 1 ? 1 : 0;
done:
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return result;
}

mss_fault mss_fault_of(int32_t error) {
    switch (error) {
    case X509_V_OK: return MSS_FAULT_NONE;
    case X509_V_ERR_CERT_HAS_EXPIRED: return MSS_FAULT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return MSS_FAULT_NOT_YET_VALID;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:  // same names as ours, another key
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
    case X509_V_ERR_AKID_SKID_MISMATCH:
    case X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH: return MSS_FAULT_UNKNOWN_AUTHORITY;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_CERT_REJECTED: return MSS_FAULT_USAGE;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return MSS_FAULT_HOSTNAME;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL: return MSS_FAULT_WEAK_KEY;
    case X509_V_ERR_CA_MD_TOO_WEAK: return MSS_FAULT_WEAK_SIGNATURE;
    default: return MSS_FAULT_CHAIN;
    }
}

const char *mss_fault_text(int32_t error) { return X509_verify_cert_error_string(error); }

// MARK: Private keys

typedef struct {
    const char *bytes;
    int count;  // -1: none
    int asked;
} passphrase;

// Stands in for OpenSSL's own, which would ask on the terminal.
static int give_passphrase(char *buffer, int size, int writing, void *context) {
    (void)writing;
    passphrase *secret = context;
    secret->asked = 1;
    if (secret->count < 0 || secret->count > size) return -1;
    memcpy(buffer, secret->bytes, (size_t)secret->count);
    return secret->count;
}

static int is_pem(const uint8_t *bytes, size_t count) { return count > 0 && bytes[0] != 0x30; }

int mss_key_is_encrypted(const void *bytes, size_t count) {
    struct evp_pkey_st *key;
    passphrase none = {NULL, -1, 0};
    if (count > INT_MAX) return 0;
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(bytes, (int)count);
    if (!bio) return 0;
    key = is_pem(bytes, count) ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &none) : NULL;
    if (!is_pem(bytes, count)) {
        X509_SIG *encrypted = d2i_PKCS8_bio(bio, NULL);
        none.asked = encrypted != NULL;
        X509_SIG_free(encrypted);
    }
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return none.asked;
}

// A PKCS#12 or PKCS#8 file chooses its own key derivation cost: a hostile one would spin for hours.
enum { MAX_ITERATIONS = 1000 * 1000 };

static int is_weak(EVP_PKEY *key) { return EVP_PKEY_get_security_bits(key) < AUTH_BITS; }

EVP_PKEY *mss_key_read(const void *bytes, size_t count, const char *pass, int pass_count, mss_key_problem *problem) {
    *problem = MSS_KEY_MALFORMED;
    if (count > INT_MAX) return NULL;
    ERR_clear_error();
    passphrase secret = {pass, pass ? pass_count : -1, 0};
    BIO *bio = BIO_new_mem_buf(bytes, (int)count);
    if (!bio) return NULL;
    EVP_PKEY *key = NULL;
    if (is_pem(bytes, count)) {
        key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &secret);
    } else {
        const uint8_t *cursor = bytes;
        key = d2i_AutoPrivateKey(NULL, &cursor, (long)count);
        if (key && cursor != (const uint8_t *)bytes + count) {
            EVP_PKEY_free(key);
            key = NULL;
        }
        if (!key) {
            ERR_clear_error();
            key = d2i_PKCS8PrivateKey_bio(bio, NULL, give_passphrase, &secret);
        }
    }
    BIO_free(bio);
    ERR_clear_error();
    if (!key) {
        *problem = secret.asked ? MSS_KEY_PASSPHRASE : MSS_KEY_MALFORMED;
    } else if (is_weak(key)) {
        EVP_PKEY_free(key);
        key = NULL;
        *problem = MSS_KEY_WEAK;
    } else {
        *problem = MSS_KEY_FINE;
    }
    return key;
}

int mss_cert_matches_key(mss_cert *cert, EVP_PKEY *key) {
    ERR_clear_error();
    int matches = X509_check_private_key(cert, key) == 1;
    ERR_clear_error();
    return matches;
}

struct mss_pkcs12 {
    EVP_PKEY *key;
    STACK_OF(X509) *certs;
};

mss_pkcs12 *mss_pkcs12_read(const void *bytes, size_t count, const char *pass, int pass_count,
                            mss_key_problem *problem) {
    *problem = MSS_KEY_MALFORMED;
    if (count > LONG_MAX) return NULL;
    ERR_clear_error();
    mss_pkcs12 *result = NULL;
    char *text = NULL;
    X509 *leaf = NULL;
    const uint8_t *cursor = bytes;
    PKCS12 *container = d2i_PKCS12(NULL, &cursor, (long)count);
    if (!container || cursor != (const uint8_t *)bytes + count) goto done;
    // PKCS12_parse wants a C string: a passphrase with a NUL inside cannot be what was meant.
    if (pass_count < 0 || memchr(pass, 0, (size_t)pass_count)) { *problem = MSS_KEY_PASSPHRASE; goto done; }
    const ASN1_INTEGER *iterations = NULL;
    PKCS12_get0_mac(NULL, NULL, NULL, &iterations, container);
    if (!PKCS12_mac_present(container)) goto done;  // without a MAC anybody may have written it
    if (iterations && (ASN1_INTEGER_get(iterations) < 0 || ASN1_INTEGER_get(iterations) > MAX_ITERATIONS)) goto done;
    text = OPENSSL_zalloc((size_t)pass_count + 1);
    if (!text) goto done;
    memcpy(text, pass, (size_t)pass_count);
    // Some programs write the empty passphrase as no passphrase at all (RFC 7292 appendix B.1).
    if (!PKCS12_verify_mac(container, text, pass_count) && !(pass_count == 0 && PKCS12_verify_mac(container, NULL, 0))) {
        *problem = MSS_KEY_PASSPHRASE;
        goto done;
    }
    result = OPENSSL_zalloc(sizeof *result);
    if (!result) goto done;
    if (!PKCS12_parse(container, text, &result->key, &leaf, &result->certs)) {
        *problem = MSS_KEY_MALFORMED;
        mss_pkcs12_free(result);
        result = NULL;
        goto done;
    }
    if (!result->certs) result->certs = sk_X509_new_null();
    if (leaf && result->certs && sk_X509_push(result->certs, leaf) > 0) leaf = NULL;
    *problem = !result->key || sk_X509_num(result->certs) < 1 ? MSS_KEY_INCOMPLETE
               : is_weak(result->key)                         ? MSS_KEY_WEAK
                                                              : MSS_KEY_FINE;
    if (*problem != MSS_KEY_FINE) {
        mss_pkcs12_free(result);
        result = NULL;
    }
done:
    if (text) OPENSSL_clear_free(text, (size_t)pass_count + 1);
    X509_free(leaf);
    PKCS12_free(container);
    ERR_clear_error();
    return result;
}

void mss_pkcs12_free(mss_pkcs12 *opened) {
    if (!opened) return;
    EVP_PKEY_free(opened->key);
    sk_X509_pop_free(opened->certs, X509_free);
    OPENSSL_free(opened);
}

EVP_PKEY *mss_pkcs12_take_key(mss_pkcs12 *opened) {
    EVP_PKEY *key = opened->key;
    opened->key = NULL;
    return key;
}

int mss_pkcs12_count(const mss_pkcs12 *opened) { return sk_X509_num(opened->certs); }

uint8_t *mss_pkcs12_certificate(const mss_pkcs12 *opened, int index, size_t *count) {
    unsigned char *der = NULL;
    int length = i2d_X509(sk_X509_value(opened->certs, index), &der);
    if (length < 0) return NULL;
    *count = (size_t)length;
    return der;
}

void mss_pkcs12_release(uint8_t *der) { OPENSSL_free(der); }
