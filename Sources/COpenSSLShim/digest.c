#include "digest.h"
#include <openssl/evp.h>

size_t mss_digest(mss_digest_algorithm algorithm, const void *bytes, size_t count, uint8_t *digest) {
    const EVP_MD *type = algorithm == MSS_DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
    unsigned int length = 0;
    return EVP_Digest(bytes, count, digest, &length, type, NULL) == 1 ? length : 0;
}
