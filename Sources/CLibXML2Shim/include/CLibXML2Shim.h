// Thin C face of libxml2 for MSSXML: the hardened push parser (events or tree), read-only access to a tree, XSD.
// Plain C types only; libxml2's headers stay in the .c files.
#ifndef CLIBXML2SHIM_H
#define CLIBXML2SHIM_H
#include <stddef.h>
#include <stdint.h>

// MARK: Limits and failures

typedef struct {
  uint64_t total_bytes, nodes;
  uint32_t depth, name_length, attributes, namespaces, distinct_names, text_length, markup_length;
} mxml_limits;

enum {
  MXML_OK = 0, MXML_MALFORMED, MXML_DOCUMENT_TYPE, MXML_ENCODING, MXML_VERSION, MXML_EMPTY, MXML_MEMORY,
  MXML_LIMIT_BYTES, MXML_LIMIT_NODES, MXML_LIMIT_DEPTH, MXML_LIMIT_NAME, MXML_LIMIT_ATTRIBUTES,
  MXML_LIMIT_NAMESPACES, MXML_LIMIT_DISTINCT_NAMES, MXML_LIMIT_TEXT, MXML_LIMIT_MARKUP
};

typedef struct {
  int32_t reason;  // MXML_…
  int32_t code;    // libxml2's xmlParserErrors, 0 when the refusal is ours
  int32_t line, column;
  char message[160];
} mxml_failure;

// Initialises libxml2 once for the process (pthread_once); cheap to call again.
void mxml_init(void);

// MARK: Parser

typedef struct mxml_parser mxml_parser;
typedef struct mxml_document mxml_document;  // an xmlDoc
typedef struct mxml_node mxml_node;          // an xmlNode of element, text or other kind
typedef struct mxml_attr mxml_attr;          // an xmlAttr

enum { MXML_START = 1, MXML_END = 2, MXML_TEXT = 3 };

typedef struct {
  uint8_t kind;   // MXML_START, MXML_END, MXML_TEXT
  uint8_t blank;  // text: only white space
  uint16_t depth; // of the element: the root has depth 1
  uint32_t name;  // id of the element's name; of the enclosing element for text
  uint32_t line;
  uint32_t text_offset, text_length;  // MXML_TEXT; MXML_END: the text since the previous tag
  uint32_t first_attribute, attributes, first_namespace, namespaces;
} mxml_event;

typedef struct { uint32_t name, offset, length; } mxml_attribute;
typedef struct { uint32_t prefix_offset, prefix_length, uri_offset, uri_length; } mxml_namespace;

typedef struct {
  const mxml_event *events;
  const mxml_attribute *attributes;
  const mxml_namespace *namespaces;
  const uint8_t *bytes;
  size_t count;
} mxml_batch;

typedef struct { const uint8_t *local; size_t local_length; const uint8_t *uri; size_t uri_length; } mxml_name;

// A parser that reports events (tree == 0) or builds a tree. libxml2 is given `piece` bytes at a time (0: the default,
// 32 KiB; anything else is for tests).
mxml_parser *mxml_parser_new(const mxml_limits *limits, int tree, size_t piece);
void mxml_parser_free(mxml_parser *);
// Registers a name of the caller's vocabulary; ids count from 0. Both strings NUL-terminated, uri NULL for none.
uint32_t mxml_parser_add_name(mxml_parser *, const char *local, const char *uri);
// Takes up to one block of input; returns how many bytes it took. The batch is valid until the next call.
size_t mxml_parser_feed(mxml_parser *, const uint8_t *bytes, size_t count);
void mxml_parser_finish(mxml_parser *);
const mxml_failure *mxml_parser_failure(const mxml_parser *);
mxml_batch mxml_parser_batch(const mxml_parser *);
mxml_name mxml_parser_name(const mxml_parser *, uint32_t id);
uint32_t mxml_parser_line(const mxml_parser *);

// MARK: Tree

mxml_document *mxml_document_parse(const uint8_t *bytes, size_t count, const mxml_limits *limits, mxml_failure *out);
void mxml_document_free(mxml_document *);
mxml_node *mxml_document_root(const mxml_document *);
// Serialises as UTF-8 with an XML declaration; free with mxml_bytes_free.
uint8_t *mxml_document_bytes(mxml_document *, size_t *count);
void mxml_bytes_free(uint8_t *);

enum { MXML_NODE_ELEMENT = 1, MXML_NODE_TEXT, MXML_NODE_OTHER };
int mxml_node_kind(const mxml_node *);
const mxml_node *mxml_node_first_child(const mxml_node *);
const mxml_node *mxml_node_next(const mxml_node *);
const mxml_node *mxml_node_parent_element(const mxml_node *);
const char *mxml_node_local(const mxml_node *);
const char *mxml_node_prefix(const mxml_node *);   // NULL for none
const char *mxml_node_uri(const mxml_node *);      // NULL for none
const char *mxml_node_content(const mxml_node *);  // text nodes
long mxml_node_line(const mxml_node *);
// The namespace that a prefix ("" for the default one) names at an element; NULL for none.
const char *mxml_node_lookup(const mxml_node *, const char *prefix);
const mxml_attr *mxml_node_first_attr(const mxml_node *);
const mxml_attr *mxml_attr_next(const mxml_attr *);
const char *mxml_attr_local(const mxml_attr *);
const char *mxml_attr_prefix(const mxml_attr *);
const char *mxml_attr_uri(const mxml_attr *);
const char *mxml_attr_value(const mxml_attr *);
// Only while a document is still private to its maker.
int mxml_node_set_attribute(mxml_node *, const char *name, const char *value);

// MARK: XML Schema

typedef struct mxml_schema mxml_schema;
typedef void (*mxml_report)(void *context, int code, int line, const char *message);
typedef struct { const uint8_t *bytes; size_t count; } mxml_bytes;

// Compiles sources[0]; a schemaLocation "mss-schema:N" reads sources[N], and no other location can be read.
mxml_schema *mxml_schema_new(const mxml_bytes *sources, size_t count, void *context, mxml_report report);
void mxml_schema_free(mxml_schema *);
// 0 valid, > 0 invalid, < 0 internal error. One thread at a time for one schema.
int mxml_schema_validate(mxml_schema *, mxml_document *, void *context, mxml_report report);
#endif
