// The two steps of a verification whose canonical form is already there: see CXMLSecShim.h.
#include "CXMLSecShim.h"
#include <libxml/c14n.h>
#include <libxml/tree.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

int mxs_sha256_matches(mxs_bytes content, mxs_bytes expected) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  if (!EVP_Digest(content.bytes, content.count, digest, &count, EVP_sha256(), NULL)) return 0;
  return expected.count == count && CRYPTO_memcmp(digest, expected.bytes, count) == 0;
}

// The element and all below it, with their attributes and namespaces.
static int is_below(void *top, xmlNodePtr node, xmlNodePtr parent) {
  const xmlNode *n = node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE ? parent : node;
  for (; n; n = n->parent)
    if (n == top) return 1;
  return 0;
}

int mxs_exclusive_form(mxs_document *document, mxs_blob *form) {
  xmlChar *bytes = NULL;
  int count = xmlC14NDocDumpMemory((xmlDocPtr)document, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &bytes);
  *form = (mxs_blob){NULL, 0};
  if (count >= 0 && bytes && (form->bytes = malloc(count ? (size_t)count : 1))) {
    memcpy(form->bytes, bytes, (size_t)count);
    form->count = (size_t)count;
  }
  if (bytes) xmlFree(bytes);
  return form->bytes ? 0 : -1;
}

int mxs_rsa_sha256_matches(mxs_document *document, mxs_node *signed_info, mxs_bytes signature, mxs_bytes certificate) {
  if (mxs_init()) return 0;
  const unsigned char *der = certificate.bytes;
  X509 *x = d2i_X509(NULL, &der, (long)certificate.count);
  EVP_PKEY *key = x ? X509_get0_pubkey(x) : NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  xmlOutputBufferPtr form = xmlAllocOutputBuffer(NULL);
  int matches = 0;
  if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && context && form &&
      xmlC14NExecute((xmlDocPtr)document, is_below, signed_info, XML_C14N_EXCLUSIVE_1_0, NULL, 0, form) >= 0)
    matches = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(context, signature.bytes, signature.count, xmlOutputBufferGetContent(form),
                               xmlOutputBufferGetSize(form)) == 1;
  if (form) xmlOutputBufferClose(form);
  EVP_MD_CTX_free(context);
  X509_free(x);
  return matches;
}
