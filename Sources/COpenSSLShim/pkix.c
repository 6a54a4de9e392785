#include "pkix.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
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

mss_cert *mss_cert_new(const uint8_t *der, size_t count) {
    if (count > LONG_MAX) return NULL;
    ERR_clear_error();
    const uint8_t *cursor = der;
    X509 *cert = d2i_X509(NULL, &cursor, (long)count);
    // Purpose -1 only caches the extensions: done here, so that later uses do not write to the object.
    if (cert && (cursor != der + count || X509_check_purpose(cert, -1, 0) != 1 || !X509_get0_pubkey(cert))) {
        X509_free(cert);
        cert = NULL;
    }
    ERR_clear_error();
    return cert;
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
