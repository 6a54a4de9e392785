// Initialisation, errors and signatures over xmlsec1: see CXMLSecShim.h.
#include "CXMLSecShim.h"
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/base64.h>
#include <xmlsec/buffer.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/keysmngr.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/openssl/x509.h>

// MARK: Once, and errors

static _Thread_local char errors[256];

// xmlsec has one error callback for the process: it writes to the calling thread's own buffer.
static void on_xmlsec_error(const char *file, int line, const char *function, const char *object, const char *subject,
                            int reason, const char *message) {
  (void)file; (void)line; (void)object; (void)subject; (void)message;  // messages may quote the document
  size_t n = strlen(errors);
  if (n < sizeof errors - 2) snprintf(errors + n, sizeof errors - n, "%s%s:%d", n ? " < " : "", function ? function : "?", reason);
}

static void ignore_xml_error(void *context, xmlErrorPtr error) { (void)context; (void)error; }

static int ready = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void initialise(void) {
  xmlInitParser();
  if (xmlSecInit() < 0 || xmlSecCheckVersion() != 1) return;
  if (xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0) return;
  xmlSecIOCleanupCallbacks();  // no file, no network: nothing that a Reference URI could reach
  xmlSecErrorsSetCallback(on_xmlsec_error);
  ready = 0;
}
int mxs_init(void) { pthread_once(&once, initialise); return ready; }

void mxs_free(void *memory) { free(memory); }
void mxs_cleanse(void *bytes, size_t count) { OPENSSL_cleanse(bytes, count); }

// libxml2's structured error handler belongs to the thread: silence it meanwhile, give it back afterwards.
typedef struct { xmlStructuredErrorFunc handler; void *context; } saved_handler;
static saved_handler silence(void) {
  saved_handler before = {xmlStructuredError, xmlStructuredErrorContext};
  xmlSetStructuredErrorFunc(NULL, ignore_xml_error);
  errors[0] = 0;
  return before;
}
static void restore(saved_handler before) { xmlSetStructuredErrorFunc(before.context, before.handler); }

static xmlSecTransformId transform(const char *href) {
  return xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), BAD_CAST href, xmlSecTransformUsageAny);
}

static X509 *certificate(mxs_bytes der) {
  const unsigned char *p = der.bytes;
  return d2i_X509(NULL, &p, (long)der.count);
}

static xmlSecKeyPtr key_adopting(EVP_PKEY *pkey) {
  if (!pkey) return NULL;
  xmlSecKeyDataPtr data = xmlSecOpenSSLEvpKeyAdopt(pkey);
  if (!data) { EVP_PKEY_free(pkey); return NULL; }
  xmlSecKeyPtr key = xmlSecKeyCreate();
  if (!key || xmlSecKeySetValue(key, data) < 0) {
    xmlSecKeyDataDestroy(data);
    if (key) xmlSecKeyDestroy(key);
    return NULL;
  }
  return key;
}

// MARK: Verification

static int enable(xmlSecDSigCtxPtr c, const mxs_verify_options *o) {
  for (size_t i = 0; i < o->transform_count; i++) {
    xmlSecTransformId id = transform(o->transforms[i]);
    if (id == xmlSecTransformIdUnknown || xmlSecDSigCtxEnableReferenceTransform(c, id) < 0) return -1;
  }
  for (size_t i = 0; i < o->signature_transform_count; i++) {
    xmlSecTransformId id = transform(o->signature_transforms[i]);
    if (id == xmlSecTransformIdUnknown || xmlSecDSigCtxEnableSignatureTransform(c, id) < 0) return -1;
  }
  c->enabledReferenceUris = ((o->uris & MXS_URI_EMPTY) ? xmlSecTransformUriTypeEmpty : 0) |
                            ((o->uris & MXS_URI_SAME_DOCUMENT) ? xmlSecTransformUriTypeSameDocument : 0);
  c->keyInfoReadCtx.retrievalMethodCtx.enabledUris = xmlSecTransformUriTypeNone;
  c->keyInfoReadCtx.maxRetrievalMethodLevel = 0;
  c->keyInfoReadCtx.maxEncryptedKeyLevel = 0;
  c->flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
  return 0;
}

static int set_key(xmlSecDSigCtxPtr c, const mxs_verify_options *o) {
  if (o->key_kind == MXS_KEY_CERTIFICATE) {
    X509 *x = certificate(o->key);
    c->signKey = key_adopting(x ? X509_get_pubkey(x) : NULL);
    X509_free(x);
    return c->signKey ? 0 : -1;
  }
  if (o->key_kind == MXS_KEY_SECRET) {
    c->signKey = xmlSecKeyReadMemory(xmlSecKeyDataHmacId, o->key.bytes, o->key.count);
    return c->signKey ? 0 : -1;
  }
  // The key value stands in KeyInfo: only a profile that asks for it comes here.
  return xmlSecPtrListAdd(&c->keyInfoReadCtx.enabledKeyData, BAD_CAST xmlSecKeyDataValueId) < 0 ||
                 xmlSecPtrListAdd(&c->keyInfoReadCtx.enabledKeyData, BAD_CAST xmlSecKeyDataRsaId) < 0 ||
                 xmlSecPtrListAdd(&c->keyInfoReadCtx.enabledKeyData, BAD_CAST xmlSecKeyDataDsaId) < 0
             ? -1
             : 0;
}

static int keep_references(xmlSecDSigCtxPtr c, mxs_verification *out, int *all_match) {
  size_t count = xmlSecPtrListGetSize(&c->signedInfoReferences);
  *all_match = count > 0;
  out->references = calloc(count ? count : 1, sizeof *out->references);
  if (!out->references) return -1;
  for (size_t i = 0; i < count; i++) {
    xmlSecDSigReferenceCtxPtr r = xmlSecPtrListGetItem(&c->signedInfoReferences, (xmlSecSize)i);
    if (!r || r->status != xmlSecDSigStatusSucceeded) { *all_match = 0; continue; }
  }
  if (c->status != xmlSecDSigStatusSucceeded) return 0;  // bytes that nobody vouches for do not leave
  for (size_t i = 0; i < count; i++) {
    xmlSecDSigReferenceCtxPtr r = xmlSecPtrListGetItem(&c->signedInfoReferences, (xmlSecSize)i);
    xmlSecBufferPtr b = r ? xmlSecDSigReferenceCtxGetPreDigestBuffer(r) : NULL;
    if (!b) return -1;
    mxs_blob *blob = &out->references[out->reference_count++];
    blob->count = xmlSecBufferGetSize(b);
    blob->bytes = malloc(blob->count ? blob->count : 1);
    if (!blob->bytes) return -1;
    if (blob->count) memcpy(blob->bytes, xmlSecBufferGetData(b), blob->count);
  }
  return 0;
}

mxs_verification mxs_verify(mxs_document *document, mxs_node *signature, const mxs_verify_options *o) {
  mxs_verification out = {.status = MXS_INTERNAL};
  if (mxs_init()) return out;
  saved_handler before = silence();
  xmlDocPtr doc = (xmlDocPtr)document;
  xmlSecKeysMngrPtr manager = NULL;
  xmlSecDSigCtxPtr c = NULL;
  if (o->id_attributes && o->id_attributes[0])
    xmlSecAddIDs(doc, xmlDocGetRootElement(doc), (const xmlChar **)(uintptr_t)o->id_attributes);
  if (o->key_kind == MXS_KEY_FROM_KEYINFO) {
    manager = xmlSecKeysMngrCreate();
    if (!manager || xmlSecCryptoAppDefaultKeysMngrInit(manager) < 0) goto done;
  }
  c = xmlSecDSigCtxCreate(manager);
  if (!c || enable(c, o)) goto done;
  if (set_key(c, o)) { out.status = MXS_NO_KEY; goto done; }
  int result = xmlSecDSigCtxVerify(c, (xmlNodePtr)signature);
  int match = 0;
  if (result < 0) out.status = c->signKey ? MXS_REFUSED : MXS_NO_KEY;
  else if (keep_references(c, &out, &match)) out.status = MXS_INTERNAL;
  else if (c->status == xmlSecDSigStatusSucceeded && match) out.status = MXS_VALID;
  else out.status = match ? MXS_SIGNATURE_MISMATCH : MXS_DIGEST_MISMATCH;
done:
  memcpy(out.detail, errors, sizeof out.detail);
  if (c) xmlSecDSigCtxDestroy(c);
  if (manager) xmlSecKeysMngrDestroy(manager);
  restore(before);
  return out;
}

void mxs_verification_free(mxs_verification *v) {
  for (size_t i = 0; i < v->reference_count; i++) free(v->references[i].bytes);
  free(v->references);
  v->references = NULL;
  v->reference_count = 0;
}

int mxs_certificate_find(const mxs_bytes *certs, size_t count, const char *subject, const char *issuer,
                         const char *serial, const uint8_t *ski, size_t ski_count) {
  if (mxs_init()) return -1;
  int found = -1;
  saved_handler before = silence();
  xmlSecKeysMngrPtr manager = xmlSecKeysMngrCreate();
  if (!manager || xmlSecCryptoAppDefaultKeysMngrInit(manager) < 0) goto done;
  xmlSecKeyDataStorePtr store = xmlSecKeysMngrGetDataStore(manager, xmlSecOpenSSLX509StoreId);
  for (size_t i = 0; store && i < count; i++) {
    X509 *x = certificate(certs[i]);
    if (x && xmlSecOpenSSLX509StoreAdoptCert(store, x, xmlSecKeyDataTypeNone) < 0) X509_free(x);
  }
  xmlSecKeyInfoCtxPtr context = xmlSecKeyInfoCtxCreate(manager);
  if (!store || !context) goto done;
  X509 *x = xmlSecOpenSSLX509StoreFindCert_ex(store, (xmlChar *)(uintptr_t)subject, (xmlChar *)(uintptr_t)issuer,
                                              (xmlChar *)(uintptr_t)serial, (xmlSecByte *)(uintptr_t)ski,
                                              (xmlSecSize)ski_count, context);
  for (size_t i = 0; x && i < count && found < 0; i++) {
    X509 *candidate = certificate(certs[i]);
    if (candidate && !X509_cmp(candidate, x)) found = (int)i;
    X509_free(candidate);
  }
  xmlSecKeyInfoCtxDestroy(context);
done:
  if (manager) xmlSecKeysMngrDestroy(manager);
  restore(before);
  return found;
}

// MARK: Signing

static int refuse_passphrase(char *buffer, int size, int writing, void *context) {
  (void)buffer; (void)size; (void)writing; (void)context;
  return -1;  // never ask on the terminal
}

mxs_private_key *mxs_private_key_new(mxs_bytes key) {
  if (mxs_init() || !key.count || key.count > 1 << 20) return NULL;
  EVP_PKEY *pkey = NULL;
  if (key.bytes[0] == 0x30) {
    const unsigned char *p = key.bytes;
    pkey = d2i_AutoPrivateKey(NULL, &p, (long)key.count);
  } else {
    BIO *bio = BIO_new_mem_buf(key.bytes, (int)key.count);  // reads in place, copies nothing
    if (bio) pkey = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL);
    BIO_free(bio);
  }
  return (mxs_private_key *)pkey;
}

void mxs_private_key_free(mxs_private_key *key) { EVP_PKEY_free((EVP_PKEY *)key); }  // OpenSSL clears its numbers

int mxs_private_key_matches(const mxs_private_key *key, mxs_bytes der) {
  X509 *x = certificate(der);
  int same = x && X509_check_private_key(x, (EVP_PKEY *)(uintptr_t)key) == 1;
  X509_free(x);
  return same;
}

int mxs_private_key_bits(const mxs_private_key *key) {
  const EVP_PKEY *pkey = (const EVP_PKEY *)key;
  return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA ? EVP_PKEY_get_bits(pkey) : 0;
}

static int add_certificates(xmlNodePtr signature, const mxs_sign_options *o) {
  xmlNodePtr info = xmlSecTmplSignatureEnsureKeyInfo(signature, NULL);
  xmlNodePtr data = info ? xmlSecTmplKeyInfoAddX509Data(info) : NULL;
  if (!data) return -1;
  for (size_t i = 0; i < o->certificate_count; i++) {
    xmlChar *text = xmlSecBase64Encode(o->certificates[i].bytes, (xmlSecSize)o->certificates[i].count, 76);
    xmlNodePtr node = text ? xmlSecAddChild(data, BAD_CAST "X509Certificate", xmlSecDSigNs) : NULL;
    if (node) xmlNodeSetContent(node, text);
    xmlFree(text);
    if (!node) return -1;
  }
  return 0;
}

int mxs_sign(mxs_document *document, mxs_node *after, const mxs_private_key *private_key, const mxs_sign_options *o,
             char detail[256]) {
  detail[0] = 0;
  if (mxs_init()) return -1;
  saved_handler before = silence();
  int result = -1;
  xmlDocPtr doc = (xmlDocPtr)document;
  xmlNodePtr root = xmlDocGetRootElement(doc);
  xmlSecDSigCtxPtr c = xmlSecDSigCtxCreate(NULL);
  xmlSecTransformId c14n = transform(o->canonicalization), method = transform(o->signature), digest = transform(o->digest);
  xmlNodePtr signature = c && root ? xmlSecTmplSignatureCreateNsPref(doc, c14n, method, NULL, BAD_CAST "ds") : NULL;
  if (!signature) goto done;
  if (after ? !xmlAddNextSibling((xmlNodePtr)after, signature) : !xmlAddChild(root, signature)) {
    xmlFreeNode(signature);
    goto done;
  }
  xmlNodePtr reference = xmlSecTmplSignatureAddReference(signature, digest, NULL, BAD_CAST o->uri, NULL);
  if (!reference || !xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId) ||
      !xmlSecTmplReferenceAddTransform(reference, c14n) || add_certificates(signature, o))
    goto done;
  if (o->id_attribute) {
    xmlAttrPtr id = xmlHasProp(root, BAD_CAST o->id_attribute);
    xmlChar *value = id ? xmlNodeListGetString(doc, id->children, 1) : NULL;
    if (value && !xmlGetID(doc, value)) xmlAddID(NULL, doc, value, id);
    xmlFree(value);
  }
  EVP_PKEY *pkey = (EVP_PKEY *)(uintptr_t)private_key;
  if (!EVP_PKEY_up_ref(pkey)) goto done;
  c->signKey = key_adopting(pkey);
  c->enabledReferenceUris = xmlSecTransformUriTypeEmpty | xmlSecTransformUriTypeSameDocument;
  if (c->signKey && xmlSecDSigCtxSign(c, signature) == 0 && c->status == xmlSecDSigStatusSucceeded) result = 0;
done:
  memcpy(detail, errors, 256);
  if (c) xmlSecDSigCtxDestroy(c);
  restore(before);
  return result;
}
