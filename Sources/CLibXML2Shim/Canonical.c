// Exclusive canonical form, written while a document is parsed: see CLibXML2Shim.h (mxml_document_canonical).
//
// Without a DTD there are no entities, no default attributes and no attribute types, and without an InclusiveNamespaces
// list no context beyond the open elements: the canonical form (Exclusive XML Canonicalization 1.0 §3 over Canonical XML
// 1.0 §2.3) can be written tag by tag. Whatever this writer does not settle makes it decline (`declined`): the caller
// then goes by xmlsec.
#include <stdlib.h>
#include <string.h>
#include "CLibXML2Shim.h"
#include "Private.h"

// Declarations in force at once. More are declined: looking them up costs time for every attribute.
#define MAXIMUM_RENDERED 128

typedef struct { const xmlChar *prefix, *uri; uint32_t depth; } rendered;  // prefix NULL: default; strings interned

struct mxml_canonical {
  const char *local, *uri;  // the child of the root to leave out
  uint32_t skipped;         // depth of the element being left out, 0 for none
  int declined, root_done;
  uint8_t *bytes;
  size_t count, capacity, limit;
  rendered rendered[MAXIMUM_RENDERED];
  size_t rendered_count;
};

mxml_canonical *mxml_canonical_new(const char *local, const char *uri, size_t expected, size_t limit) {
  mxml_canonical *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->local = local;
  c->uri = uri;
  c->limit = limit;
  c->capacity = expected + 1024;
  c->bytes = malloc(c->capacity);
  if (!c->bytes) { free(c); return NULL; }
  return c;
}

void mxml_canonical_free(mxml_canonical *c) {
  if (!c) return;
  free(c->bytes);
  free(c);
}

int mxml_canonical_declined(const mxml_canonical *c) { return c->declined; }

uint8_t *mxml_canonical_take(mxml_canonical *c, size_t *count) {
  uint8_t *bytes = c->bytes;
  *count = c->count;
  c->bytes = NULL;
  return bytes;
}

// MARK: Writing

static uint8_t *room(mxml_canonical *c, size_t count) {
  if (c->declined) return NULL;
  if (count > c->limit - c->count) { c->declined = 1; return NULL; }
  if (count > c->capacity - c->count) {
    size_t capacity = 2 * c->capacity + count;
    uint8_t *moved = realloc(c->bytes, capacity);
    if (!moved) { c->declined = 1; return NULL; }
    c->bytes = moved;
    c->capacity = capacity;
  }
  return c->bytes + c->count;
}

static void put(mxml_canonical *c, const void *bytes, size_t count) {
  uint8_t *to = room(c, count);
  if (!to) return;
  if (count) memcpy(to, bytes, count);
  c->count += count;
}

static void put_text(mxml_canonical *c, const char *text) { put(c, text, strlen(text)); }

static void put_name(mxml_canonical *c, const xmlChar *prefix, const xmlChar *local) {
  if (prefix) { put_text(c, (const char *)prefix); put(c, ":", 1); }
  put_text(c, (const char *)local);
}

// Canonical XML 1.0 §2.3: what becomes a reference in text, in attribute values, in instructions.
enum { IN_TEXT = 1, IN_VALUE = 2, IN_INSTRUCTION = 4 };
static const uint8_t special[256] = {
    ['&'] = IN_TEXT | IN_VALUE, ['<'] = IN_TEXT | IN_VALUE, ['>'] = IN_TEXT, ['"'] = IN_VALUE, ['\t'] = IN_VALUE,
    ['\n'] = IN_VALUE, ['\r'] = IN_TEXT | IN_VALUE | IN_INSTRUCTION,
};

static void put_reference(mxml_canonical *c, uint8_t byte) {
  switch (byte) {
    case '&': put(c, "&amp;", 5); break;
    case '<': put(c, "&lt;", 4); break;
    case '>': put(c, "&gt;", 4); break;
    case '"': put(c, "&quot;", 6); break;
    case '\t': put(c, "&#x9;", 5); break;
    case '\n': put(c, "&#xA;", 5); break;
    default: put(c, "&#xD;", 5); break;
  }
}

static void put_escaped(mxml_canonical *c, const uint8_t *bytes, size_t count, uint8_t place) {
  size_t start = 0;
  for (size_t i = 0; i < count; i++) {
    if (!(special[bytes[i]] & place)) continue;
    put(c, bytes + start, i - start);
    put_reference(c, bytes[i]);
    // libxml2 writes every '&' of an attribute's value as "&#38;" (see append_value).
    if (place == IN_VALUE && bytes[i] == '&' && count - i > 4 && !memcmp(bytes + i + 1, "#38;", 4)) i += 4;
    start = i + 1;
  }
  put(c, bytes + start, count - start);
}

// MARK: Namespaces

static int same(const xmlChar *a, const xmlChar *b) { return a == b || (a && b && !strcmp((const char *)a, (const char *)b)); }

// The value that the nearest output element gave to a prefix; NULL for none, or for an undeclared default.
static const xmlChar *rendered_value(const mxml_canonical *c, const xmlChar *prefix) {
  for (size_t i = c->rendered_count; i-- > 0;)
    if (same(c->rendered[i].prefix, prefix)) return c->rendered[i].uri;
  return NULL;
}

// Canonical XML refuses relative namespace names, which only a scheme (RFC 3986 §3.1) tells from absolute ones.
static int is_absolute(const xmlChar *uri) {
  if (!((*uri | 0x20) >= 'a' && (*uri | 0x20) <= 'z')) return 0;
  for (; *uri && *uri != ':'; uri++)
    if (!(((*uri | 0x20) >= 'a' && (*uri | 0x20) <= 'z') || (*uri >= '0' && *uri <= '9') || strchr("+-.", *uri))) return 0;
  return *uri == ':';
}

// Renders a visibly utilised prefix when the nearest output element says otherwise (Exclusive C14N §3 rule 3).
static void need(mxml_canonical *c, uint32_t depth, const xmlChar *prefix, const xmlChar *uri) {
  if (prefix && !strcmp((const char *)prefix, "xml")) return;
  if (uri && !*uri) uri = NULL;
  if (same(rendered_value(c, prefix), uri)) return;
  if (c->rendered_count == MAXIMUM_RENDERED) { c->declined = 1; return; }
  // Kept in the order in which they are written: by prefix, the default one first.
  size_t at = c->rendered_count++;
  for (; at > 0 && c->rendered[at - 1].depth == depth; at--) {
    const xmlChar *before = c->rendered[at - 1].prefix;
    if (!before || (prefix && strcmp((const char *)before, (const char *)prefix) < 0)) break;
    c->rendered[at] = c->rendered[at - 1];
  }
  c->rendered[at] = (rendered){prefix, uri, depth};
}

// MARK: Elements

// SAX2's list of attributes: local name, prefix, URI, value, end of value.
typedef struct { const xmlChar *local, *prefix, *uri, *value, *end; } attribute;

static int compare_attributes(const void *left, const void *right) {
  const attribute *a = left, *b = right;
  if (!a->uri != !b->uri) return a->uri ? 1 : -1;  // attributes without namespace come first
  int order = a->uri ? strcmp((const char *)a->uri, (const char *)b->uri) : 0;
  return order ? order : strcmp((const char *)a->local, (const char *)b->local);
}

static int is_left_out(const mxml_canonical *c, const xmlChar *local, const xmlChar *uri) {
  return uri && !strcmp((const char *)local, c->local) && !strcmp((const char *)uri, c->uri);
}

static void write_start(mxml_canonical *c, uint32_t depth, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                        int count, const xmlChar **list) {
  size_t before = c->rendered_count;
  attribute few[8], *attributes = few;
  if (count > 8 && !(attributes = malloc((size_t)count * sizeof *attributes))) { c->declined = 1; return; }
  need(c, depth, prefix, uri);
  for (int i = 0; i < count; i++) {
    const xmlChar **a = list + 5 * i;
    attributes[i] = (attribute){a[0], a[1], a[2], a[3], a[4]};
    if (a[1]) need(c, depth, a[1], a[2]);
  }
  if (count > 1) qsort(attributes, (size_t)count, sizeof *attributes, compare_attributes);
  put(c, "<", 1);
  put_name(c, prefix, local);
  for (size_t i = before; i < c->rendered_count; i++) {
    const rendered *r = &c->rendered[i];
    put_text(c, r->prefix ? " xmlns:" : " xmlns");
    if (r->prefix) put_text(c, (const char *)r->prefix);
    put(c, "=\"", 2);
    if (r->uri) put_escaped(c, r->uri, strlen((const char *)r->uri), IN_VALUE);
    put(c, "\"", 1);
  }
  for (int i = 0; i < count; i++) {
    put(c, " ", 1);
    put_name(c, attributes[i].prefix, attributes[i].local);
    put(c, "=\"", 2);
    put_escaped(c, attributes[i].value, (size_t)(attributes[i].end - attributes[i].value), IN_VALUE);
    put(c, "\"", 1);
  }
  put(c, ">", 1);
  if (attributes != few) free(attributes);
}

int mxml_canonical_start(mxml_canonical *c, uint32_t depth, const xmlChar *local, const xmlChar *prefix,
                         const xmlChar *uri, int namespaces, const xmlChar **namespace_list, int attributes,
                         const xmlChar **list) {
  if (c->skipped) return 1;
  for (int i = 0; i < namespaces; i++) {
    const xmlChar *declared = namespace_list[2 * i + 1];
    // An '&' is escaped in SAX: declined rather than guessed.
    if (declared && *declared && (!is_absolute(declared) || strchr((const char *)declared, '&'))) c->declined = 1;
  }
  if (is_left_out(c, local, uri)) {
    if (depth == 2) { c->skipped = depth; return 1; }
    c->declined = 1;  // anywhere else it is no business of this writer
  }
  if (!c->declined) write_start(c, depth, local, prefix, uri, attributes, list);
  return depth == 1;
}

int mxml_canonical_end(mxml_canonical *c, uint32_t depth, const xmlChar *local, const xmlChar *prefix) {
  if (c->skipped) {
    if (c->skipped == depth) c->skipped = 0;
    return 1;
  }
  put(c, "</", 2);
  put_name(c, prefix, local);
  put(c, ">", 1);
  while (c->rendered_count && c->rendered[c->rendered_count - 1].depth == depth) c->rendered_count--;
  if (depth == 1) c->root_done = 1;
  return depth == 1;
}

int mxml_canonical_text(mxml_canonical *c, uint32_t depth, const xmlChar *text, size_t count) {
  if (c->skipped) return 1;
  if (depth) put_escaped(c, text, count, IN_TEXT);
  return 0;
}

int mxml_canonical_instruction(mxml_canonical *c, uint32_t depth, const xmlChar *target, const xmlChar *data) {
  if (c->skipped) return 1;
  // Canonical XML 1.0 §2.3: outside the document element each stands on a line of its own.
  if (!depth && c->root_done) put(c, "\n", 1);
  put(c, "<?", 2);
  put_text(c, (const char *)target);
  if (data && *data) {
    put(c, " ", 1);
    put_escaped(c, data, strlen((const char *)data), IN_INSTRUCTION);
  }
  put(c, "?>", 2);
  if (!depth && !c->root_done) put(c, "\n", 1);
  return 0;
}

int mxml_canonical_in_left_out(const mxml_canonical *c) { return c->skipped != 0; }

void mxml_canonical_bytes_free(uint8_t *bytes) { free(bytes); }
