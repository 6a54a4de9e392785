// Read-only access to a parsed tree. Nothing here writes to the document, so that any number of threads may read it.
#include "CLibXML2Shim.h"
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#define NODE(n) ((const xmlNode *)(n))
#define ATTR(a) ((const xmlAttr *)(a))

void mxml_document_free(mxml_document *d) { if (d) xmlFreeDoc((xmlDocPtr)d); }

mxml_node *mxml_document_root(const mxml_document *d) {
  return (mxml_node *)xmlDocGetRootElement((const xmlDoc *)d);
}

uint8_t *mxml_document_bytes(mxml_document *d, size_t *count) {
  xmlChar *bytes = NULL;
  int size = 0;
  xmlDocDumpMemoryEnc((xmlDocPtr)d, &bytes, &size, "UTF-8");
  *count = bytes && size > 0 ? (size_t)size : 0;
  return bytes;
}

void mxml_bytes_free(uint8_t *bytes) { if (bytes) xmlFree(bytes); }

int mxml_node_kind(const mxml_node *n) {
  switch (NODE(n)->type) {
    case XML_ELEMENT_NODE: return MXML_NODE_ELEMENT;
    case XML_TEXT_NODE: case XML_CDATA_SECTION_NODE: return MXML_NODE_TEXT;
    default: return MXML_NODE_OTHER;
  }
}

const mxml_node *mxml_node_first_child(const mxml_node *n) { return (const mxml_node *)NODE(n)->children; }
const mxml_node *mxml_node_next(const mxml_node *n) { return (const mxml_node *)NODE(n)->next; }
const mxml_node *mxml_node_parent_element(const mxml_node *n) {
  const xmlNode *parent = NODE(n)->parent;
  return parent && parent->type == XML_ELEMENT_NODE ? (const mxml_node *)parent : NULL;
}
const char *mxml_node_local(const mxml_node *n) { return (const char *)NODE(n)->name; }
const char *mxml_node_prefix(const mxml_node *n) { return NODE(n)->ns ? (const char *)NODE(n)->ns->prefix : NULL; }
const char *mxml_node_uri(const mxml_node *n) { return NODE(n)->ns ? (const char *)NODE(n)->ns->href : NULL; }
const char *mxml_node_content(const mxml_node *n) { return (const char *)NODE(n)->content; }
long mxml_node_line(const mxml_node *n) { return xmlGetLineNo((const xmlNode *)n); }

const char *mxml_node_lookup(const mxml_node *n, const char *prefix) {
  if (!strcmp(prefix, "xml")) return (const char *)XML_XML_NAMESPACE;
  for (const xmlNode *e = NODE(n); e && e->type == XML_ELEMENT_NODE; e = e->parent)
    for (const xmlNs *s = e->nsDef; s; s = s->next) {
      const char *declared = s->prefix ? (const char *)s->prefix : "";
      if (strcmp(declared, prefix)) continue;
      return s->href && *s->href ? (const char *)s->href : NULL;  // xmlns="" undeclares
    }
  return NULL;
}

const mxml_attr *mxml_node_first_attr(const mxml_node *n) { return (const mxml_attr *)NODE(n)->properties; }
const mxml_attr *mxml_attr_next(const mxml_attr *a) { return (const mxml_attr *)ATTR(a)->next; }
const char *mxml_attr_local(const mxml_attr *a) { return (const char *)ATTR(a)->name; }
const char *mxml_attr_prefix(const mxml_attr *a) { return ATTR(a)->ns ? (const char *)ATTR(a)->ns->prefix : NULL; }
const char *mxml_attr_uri(const mxml_attr *a) { return ATTR(a)->ns ? (const char *)ATTR(a)->ns->href : NULL; }
// Without a DTD no entity reference node exists: the value is one text node, or none when it is empty.
const char *mxml_attr_value(const mxml_attr *a) {
  const xmlNode *text = ATTR(a)->children;
  return text && text->content ? (const char *)text->content : "";
}

int mxml_node_set_attribute(mxml_node *n, const char *name, const char *value) {
  return xmlSetNsProp((xmlNodePtr)n, NULL, BAD_CAST name, BAD_CAST value) ? 0 : -1;
}
