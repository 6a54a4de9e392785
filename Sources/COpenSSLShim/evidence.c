#include "evidence.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;  // set once, never freed; NULL when libcrypto has none
static void fetch(void) { sha256 = EVP_MD_fetch(NULL, "SHA256", NULL); }

static const EVP_MD *algorithm(void) {
    pthread_once(&once, fetch);
    return sha256;
}

int mss_sha256_pair(const void *first, size_t first_count, const void *second, size_t second_count, uint8_t *out) {
    const EVP_MD *type = algorithm();
    EVP_MD_CTX *context = type ? EVP_MD_CTX_new() : NULL;
    int done = context && EVP_DigestInit_ex2(context, type, NULL) == 1 &&
               EVP_DigestUpdate(context, first, first_count) == 1 &&
               (second_count == 0 || EVP_DigestUpdate(context, second, second_count) == 1) &&
               EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

struct mss_sha256_stream {
    EVP_MD_CTX *running, *copy;
};

mss_sha256_stream *mss_sha256_stream_new(void) {
    const EVP_MD *type = algorithm();
    mss_sha256_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return NULL;
    stream->running = EVP_MD_CTX_new();
    stream->copy = EVP_MD_CTX_new();
    if (type && stream->running && stream->copy && EVP_DigestInit_ex2(stream->running, type, NULL) == 1) return stream;
    mss_sha256_stream_free(stream);
    return NULL;
}

void mss_sha256_stream_free(mss_sha256_stream *stream) {
    if (!stream) return;
    EVP_MD_CTX_free(stream->running);
    EVP_MD_CTX_free(stream->copy);
    free(stream);
}

int mss_sha256_stream_add(mss_sha256_stream *stream, const void *bytes, size_t count) {
    return EVP_DigestUpdate(stream->running, bytes, count) == 1;
}

int mss_sha256_stream_peek(mss_sha256_stream *stream, uint8_t *out) {
    return EVP_MD_CTX_copy_ex(stream->copy, stream->running) == 1 && EVP_DigestFinal_ex(stream->copy, out, NULL) == 1;
}

size_t mss_key_signature_room(EVP_PKEY *key) {
    int size = EVP_PKEY_get_size(key);
    return size > 0 ? (size_t)size : 0;
}

size_t mss_key_sign_sha256(EVP_PKEY *key, const void *bytes, size_t count, uint8_t *out, size_t room) {
    ERR_clear_error();
    size_t length = room;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = context && algorithm() && EVP_DigestSignInit(context, NULL, algorithm(), NULL, key) == 1 &&
               EVP_DigestSign(context, out, &length, bytes, count) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done ? length : 0;
}

int mss_cert_verify_sha256(X509 *certificate, const void *bytes, size_t count, const uint8_t *signature,
                           size_t signature_count) {
    ERR_clear_error();
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = key && EVP_PKEY_get_security_bits(key) >= 112 && context && algorithm() &&
               EVP_DigestVerifyInit(context, NULL, algorithm(), NULL, key) == 1 &&
               EVP_DigestVerify(context, signature, signature_count, bytes, count) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done;
}
