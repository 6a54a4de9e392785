#include "identity.h"
#include <limits.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

// MARK: Keys

static EVP_PKEY *from_data(const char *type, OSSL_PARAM *params) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context && EVP_PKEY_fromdata_init(context) == 1) EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(context);
    return key;
}

static int is_sound(EVP_PKEY *key) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    int sound = context && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return sound;
}

enum { RSA_LEAST = 2048, RSA_MOST = 8192, EXPONENT_MOST = 8, COORDINATE = 32 };

struct evp_pkey_st *mss_public_rsa(const uint8_t *n, size_t n_count, const uint8_t *e, size_t e_count) {
    if (n_count > RSA_MOST / 8 || e_count > EXPONENT_MOST) return NULL;
    ERR_clear_error();
    EVP_PKEY *key = NULL;
    BIGNUM *modulus = BN_bin2bn(n, (int)n_count, NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)e_count, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    // With 1 as exponent everything is its own signature.
    if (modulus && exponent && builder && BN_num_bits(modulus) >= RSA_LEAST && BN_is_odd(modulus) &&
        BN_is_odd(exponent) && !BN_is_one(exponent) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) &&
        (params = OSSL_PARAM_BLD_to_param(builder)))
        key = from_data("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    ERR_clear_error();
    return key;
}

struct evp_pkey_st *mss_public_p256(const uint8_t *x, const uint8_t *y) {
    ERR_clear_error();
    uint8_t point[1 + 2 * COORDINATE] = {POINT_CONVERSION_UNCOMPRESSED};
    memcpy(point + 1, x, COORDINATE);
    memcpy(point + 1 + COORDINATE, y, COORDINATE);
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = from_data("EC", params);
    if (key && !is_sound(key)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return key;
}

// MARK: Signatures

static int verify(EVP_PKEY *key, const EVP_MD *digest, int padding, const void *bytes, size_t count,
                  const uint8_t *signature, size_t signature_count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    int result = context && EVP_DigestVerifyInit(context, &options, digest, NULL, key) == 1;
    if (result && padding) result = EVP_PKEY_CTX_set_rsa_padding(options, padding) == 1;
    if (result && padding == RSA_PKCS1_PSS_PADDING)
        result = EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1 &&
                 EVP_PKEY_CTX_set_rsa_mgf1_md(options, digest) == 1;
    if (result) result = EVP_DigestVerify(context, signature, signature_count, bytes, count) == 1;
    EVP_MD_CTX_free(context);
    return result;
}

static int verify_ecdsa(EVP_PKEY *key, const void *bytes, size_t count, const uint8_t *signature, size_t length) {
    if (length != 2 * COORDINATE) return 0;
    int result = 0;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, COORDINATE, NULL);
    BIGNUM *s = BN_bin2bn(signature + COORDINATE, COORDINATE, NULL);
    if (numbers && r && s && ECDSA_SIG_set0(numbers, r, s) == 1) {
        r = s = NULL;
        uint8_t *der = NULL;
        int der_count = i2d_ECDSA_SIG(numbers, &der);
        if (der_count > 0) result = verify(key, EVP_sha256(), 0, bytes, count, der, (size_t)der_count);
        OPENSSL_free(der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(numbers);
    return result;
}

int mss_jws_verify(struct evp_pkey_st *key, mss_jws_algorithm algorithm, const void *bytes, size_t count,
                   const uint8_t *signature, size_t signature_count) {
    int result = 0;
    ERR_clear_error();
    // RFC 8725 §3.1: a key serves for its own kind of algorithm only.
    if (EVP_PKEY_is_a(key, algorithm == MSS_JWS_ES256 ? "EC" : "RSA"))
        switch (algorithm) {
        case MSS_JWS_RS256:
            result = verify(key, EVP_sha256(), RSA_PKCS1_PADDING, bytes, count, signature, signature_count);
            break;
        case MSS_JWS_RS384:
            result = verify(key, EVP_sha384(), RSA_PKCS1_PADDING, bytes, count, signature, signature_count);
            break;
        case MSS_JWS_RS512:
            result = verify(key, EVP_sha512(), RSA_PKCS1_PADDING, bytes, count, signature, signature_count);
            break;
        case MSS_JWS_PS256:
            result = verify(key, EVP_sha256(), RSA_PKCS1_PSS_PADDING, bytes, count, signature, signature_count);
            break;
        case MSS_JWS_ES256: result = verify_ecdsa(key, bytes, count, signature, signature_count); break;
        }
    ERR_clear_error();
    return result;
}

// MARK: Passwords

size_t mss_hmac(int bits, const uint8_t *key, size_t key_count, const void *bytes, size_t count, uint8_t *out) {
    const EVP_MD *digest = bits == 1 ? EVP_sha1() : bits == 256 ? EVP_sha256() : bits == 512 ? EVP_sha512() : NULL;
    unsigned int length = 0;
    if (!digest || key_count > INT_MAX) return 0;
    return HMAC(digest, key, (int)key_count, bytes, count, out, &length) ? length : 0;
}

int mss_scrypt(const void *password, size_t password_count, const uint8_t *salt, size_t salt_count, unsigned ln,
               uint32_t r, uint32_t p, uint8_t *out, size_t out_count) {
    if (ln == 0 || ln > 30) return 0;
    ERR_clear_error();
    uint64_t n = UINT64_C(1) << ln;
    // OpenSSL's own bound is 32 MB: what is asked for was checked by the caller.
    uint64_t memory = UINT64_C(128) * r * (n + p + 2) + (1 << 20);
    int result = EVP_PBE_scrypt((const char *)password, password_count, salt, salt_count, n, r, p, memory, out,
                                out_count);
    ERR_clear_error();
    return result == 1;
}

int mss_equal(const void *first, const void *second, size_t count) { return CRYPTO_memcmp(first, second, count) == 0; }
