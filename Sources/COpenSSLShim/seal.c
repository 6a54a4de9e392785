#include "seal.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *cipher;  // looked up once, never freed; NULL when libcrypto has none
static void fetch(void) { cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL); }

static EVP_CIPHER_CTX *begin(const uint8_t *key, const uint8_t *nonce, const void *aad, size_t aad_count, int encrypt) {
    pthread_once(&once, fetch);
    if (!cipher || aad_count > INT_MAX) return NULL;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0;
    if (context && EVP_CipherInit_ex2(context, cipher, key, nonce, encrypt, NULL) == 1 &&
        (aad_count == 0 || EVP_CipherUpdate(context, NULL, &written, aad, (int)aad_count) == 1))
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

// EVP counts in int; larger inputs go in pieces.
static int run(EVP_CIPHER_CTX *context, const uint8_t *in, size_t count, uint8_t *out) {
    while (count > 0) {
        int piece = count > (1 << 30) ? 1 << 30 : (int)count, written = 0;
        if (EVP_CipherUpdate(context, out, &written, in, piece) != 1 || written != piece) return 0;
        in += piece;
        out += piece;
        count -= (size_t)piece;
    }
    return 1;
}

int mss_seal(const uint8_t *key, const uint8_t *nonce, const void *aad, size_t aad_count, const void *in, size_t count,
             void *out, uint8_t *tag) {
    uint8_t rest[MSS_SEAL_TAG];
    int written = 0;
    EVP_CIPHER_CTX *context = begin(key, nonce, aad, aad_count, 1);
    int done = context && run(context, in, count, out) && EVP_EncryptFinal_ex(context, rest, &written) == 1 &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, MSS_SEAL_TAG, tag) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!done) ERR_clear_error();
    return done;
}

int mss_unseal(const uint8_t *key, const uint8_t *nonce, const void *aad, size_t aad_count, const void *in,
               size_t count, void *out, const uint8_t *tag) {
    uint8_t rest[MSS_SEAL_TAG];
    int written = 0;
    EVP_CIPHER_CTX *context = begin(key, nonce, aad, aad_count, 0);
    int result = -1;
    if (context && run(context, in, count, out) &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, MSS_SEAL_TAG, (void *)tag) == 1)
        result = EVP_DecryptFinal_ex(context, rest, &written) == 1;
    EVP_CIPHER_CTX_free(context);
    if (result != 1) {
        ERR_clear_error();
        if (count > 0) OPENSSL_cleanse(out, count);
    }
    return result;
}
