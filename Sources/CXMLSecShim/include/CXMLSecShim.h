// Thin C face of xmlsec1 (signatures) and of OpenSSL's X.509 code (chains) for MSSXMLSignature.
// Plain C types only. Documents and nodes are those of CLibXML2Shim (xmlDocPtr, xmlNodePtr) as opaque pointers.
#ifndef CXMLSECSHIM_H
#define CXMLSECSHIM_H
#include <stddef.h>
#include <stdint.h>

typedef struct mxs_document mxs_document;
typedef struct mxs_node mxs_node;
typedef struct { const uint8_t *bytes; size_t count; } mxs_bytes;
typedef struct { uint8_t *bytes; size_t count; } mxs_blob;  // free with mxs_free
void mxs_free(void *);

// Initialises xmlsec once for the process (pthread_once) without any file or network access; 0 when ready.
int mxs_init(void);

// MARK: Certificates

typedef struct {
  int is_ca;         // basicConstraints CA
  int may_sign;      // key usage absent, or digitalSignature or nonRepudiation
  int key_bits;      // size of the public key
  int is_rsa;
} mxs_certificate_facts;
// 0 when the DER is one certificate and nothing else.
int mxs_certificate_inspect(mxs_bytes der, mxs_certificate_facts *out);
// DER of the first certificate of a PEM text; 0 on success.
int mxs_certificate_from_pem(mxs_bytes pem, mxs_blob *der);

typedef struct mxs_trust mxs_trust;
mxs_trust *mxs_trust_new(void);
int mxs_trust_add_anchor(mxs_trust *, mxs_bytes der);        // 0 on success
int mxs_trust_add_intermediate(mxs_trust *, mxs_bytes der);
int mxs_trust_add_crl(mxs_trust *, mxs_bytes der);
void mxs_trust_free(mxs_trust *);

enum { MXS_REVOCATION_LISTED = 0, MXS_REVOCATION_REQUIRED = 1 };
typedef struct {
  int error;  // X509_V_…; 0 verified
  int depth;  // of the certificate that failed, 0 for the signer
} mxs_chain_verdict;
// Verifies certs[0] (the others may serve as intermediates) at a time; the chain, leaf first, goes to `chain`
// (at most `capacity` entries, *length set).
mxs_chain_verdict mxs_chain_verify(const mxs_trust *, const mxs_bytes *certs, size_t count, int64_t time,
                                   int revocation, int security_level, mxs_blob *chain, size_t capacity,
                                   size_t *length);
const char *mxs_chain_error_text(int error);
// Families of X509_V_… errors.
enum { MXS_CHAIN_OTHER = 0, MXS_CHAIN_EXPIRED, MXS_CHAIN_NOT_YET_VALID, MXS_CHAIN_REVOKED, MXS_CHAIN_NO_CRL, MXS_CHAIN_UNKNOWN_ISSUER };
int mxs_chain_error_family(int error);

// Index of the certificate that an X509Data names, -1 for none. Give what is present, NULL for the rest.
int mxs_certificate_find(const mxs_bytes *certs, size_t count, const char *subject, const char *issuer,
                         const char *serial, const uint8_t *ski, size_t ski_count);

// MARK: Verification

enum { MXS_KEY_CERTIFICATE = 0, MXS_KEY_SECRET = 1, MXS_KEY_FROM_KEYINFO = 2 };
enum { MXS_URI_EMPTY = 1, MXS_URI_SAME_DOCUMENT = 2 };
typedef struct {
  int key_kind;
  mxs_bytes key;                          // certificate DER, or the HMAC secret
  const char *const *transforms;          // hrefs allowed in references, digests among them
  size_t transform_count;
  const char *const *signature_transforms;  // hrefs allowed for SignedInfo: canonicalisation and signature
  size_t signature_transform_count;
  int uris;                               // MXS_URI_… allowed in references
  const char *const *id_attributes;       // attribute names that hold ids, NULL-terminated
} mxs_verify_options;

enum { MXS_VALID = 0, MXS_DIGEST_MISMATCH, MXS_SIGNATURE_MISMATCH, MXS_REFUSED, MXS_NO_KEY, MXS_INTERNAL };
typedef struct {
  int status;
  mxs_blob *references;  // the exact bytes that were digested, one per reference
  size_t reference_count;
  char detail[256];      // xmlsec's words, for logs
} mxs_verification;
// Verifies one ds:Signature node. `document` must be private to the caller.
mxs_verification mxs_verify(mxs_document *document, mxs_node *signature, const mxs_verify_options *options);
void mxs_verification_free(mxs_verification *);

// For a document whose canonical form was written while it was parsed (mxml_document_canonical); 1 when it matches.
int mxs_sha256_matches(mxs_bytes content, mxs_bytes expected);  // in constant time
// libxml2's exclusive canonical form of a document without comments, to compare with; 0 on success.
int mxs_exclusive_form(mxs_document *document, mxs_blob *form);
// The RSA PKCS#1 v1.5 signature with SHA-256 over the exclusive canonical form of one element, by a certificate's key.
int mxs_rsa_sha256_matches(mxs_document *document, mxs_node *signed_info, mxs_bytes signature, mxs_bytes certificate);

// MARK: Signing

typedef struct mxs_private_key mxs_private_key;
// PKCS#8 (or traditional) private key, DER or PEM, not encrypted. NULL when unreadable.
mxs_private_key *mxs_private_key_new(mxs_bytes);
void mxs_private_key_free(mxs_private_key *);
int mxs_private_key_matches(const mxs_private_key *, mxs_bytes certificate);  // 1 yes
int mxs_private_key_bits(const mxs_private_key *);                            // 0 when not RSA

typedef struct {
  const char *canonicalization, *signature, *digest;  // hrefs
  const char *uri;                                    // "" or "#id"
  const char *id_attribute;                           // attribute of the root that holds the id, NULL for none
  const mxs_bytes *certificates;                      // for X509Data, signer first
  size_t certificate_count;
} mxs_sign_options;
// Adds an enveloped signature to the root: as its last child, or right after `after`. 0 on success.
int mxs_sign(mxs_document *document, mxs_node *after, const mxs_private_key *, const mxs_sign_options *, char detail[256]);

// Overwrites memory in a way that is not optimised out.
void mxs_cleanse(void *bytes, size_t count);
#endif
