// The hardened push parser over libxml2's SAX2 interface: see CLibXML2Shim.h.
//
// Hardening, in one place:
// - no declaration handler of the DTD is installed, and the first DOCTYPE fails the parse: no entity ever exists
//   beyond the five of XML 1.0 §4.6, so nothing is ever loaded;
// - XML_PARSE_NONET set; NOENT, DTDLOAD, DTDATTR, DTDVALID, XINCLUDE and HUGE never set;
// - errors go to this parser (SAX serror), never to libxml2's process-wide or per-thread handlers;
// - input enters in blocks, between which size and progress are checked.
#include "CLibXML2Shim.h"
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/xmlschemastypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "Private.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void initialise(void) {
  xmlInitParser();
  xmlSchemaInitTypes();  // lazily built tables: built here, before any thread needs them
  mxml_register_schema_input();
}
void mxml_init(void) { pthread_once(&once, initialise); }

typedef struct { const xmlChar *local, *uri; uint32_t local_length, uri_length; } name_entry;

struct mxml_parser {
  xmlParserCtxtPtr ctxt;
  mxml_limits limits;
  mxml_failure failure;
  int tree, finished;
  uint64_t total, nodes;
  uint32_t depth;
  xmlSAXHandler sax;
  // Input assembled to whole blocks, so that the events do not depend on how the caller cuts its chunks.
  uint8_t *block;
  size_t block_size, block_fill, piece;
  int family;  // of encodings: FAMILY_…
  int utf8_expected;
  uint8_t utf8_low, utf8_high;
  int wide_big, wide_half;  // UTF-16: most significant byte first; a first byte waits in wide_byte
  uint8_t wide_byte;
  uint16_t wide_lead;  // UTF-16: a leading surrogate waits, or 0
  uint8_t *decoded;    // the block as UTF-8, when it was not
  // Names: ids in order of appearance, found by libxml2's interned pointers.
  name_entry *names;
  uint32_t name_count, name_capacity, *slots, slot_count;
  // The batch.
  mxml_event *events; size_t event_count, event_capacity;
  mxml_attribute *attributes; size_t attribute_count, attribute_capacity;
  mxml_namespace *namespaces; size_t namespace_count, namespace_capacity;
  uint8_t *bytes; size_t byte_count, byte_capacity;
  size_t text_start, text_length;  // text gathered since the last tag, still open
  uint32_t text_line;
  uint32_t *open; size_t open_capacity;  // names of the open elements
};

// MARK: Failures

static void fail(mxml_parser *p, int reason, int code, const char *message) {
  if (p->failure.reason) return;
  p->failure.reason = reason;
  p->failure.code = code;
  if (p->ctxt && p->ctxt->input) {
    p->failure.line = p->ctxt->input->line;
    p->failure.column = p->ctxt->input->col;
  }
  strncpy(p->failure.message, message, sizeof p->failure.message - 1);
  // Callbacks stop; the rest of this block is scanned, then nothing more is fed. (xmlStopParser would free the input
  // under the feet of the function that called us.)
  if (p->ctxt) p->ctxt->disableSAX = 1;
}

static void on_error(void *user, xmlErrorPtr error) {
  xmlParserCtxtPtr ctxt = user;
  mxml_parser *p = ctxt ? ctxt->_private : NULL;
  if (!p || error->level < XML_ERR_ERROR || p->failure.reason) return;
  int reason = MXML_MALFORMED;
  if (error->code == XML_ERR_NO_MEMORY) reason = MXML_MEMORY;
  if (error->code == XML_ERR_UNSUPPORTED_ENCODING || error->code == XML_ERR_UNKNOWN_ENCODING) reason = MXML_ENCODING;
  // The message may quote the document (personal data): only its fixed beginning, up to a quotation mark, is kept.
  char message[sizeof p->failure.message] = "";
  if (error->message) {
    size_t n = strcspn(error->message, "'\"\n:");
    if (n >= sizeof message) n = sizeof message - 1;
    memcpy(message, error->message, n);
  }
  fail(p, reason, error->code, message);
  p->failure.line = error->line;
  p->failure.column = error->int2;
}

// MARK: Growing arrays

static int grow(void **array, size_t *capacity, size_t wanted, size_t size) {
  if (wanted <= *capacity) return 1;
  size_t n = *capacity ? *capacity : 64;
  while (n < wanted) n *= 2;
  void *moved = realloc(*array, n * size);
  if (!moved) return 0;
  *array = moved;
  *capacity = n;
  return 1;
}

static int append_bytes(mxml_parser *p, const void *bytes, size_t count) {
  if (!grow((void **)&p->bytes, &p->byte_capacity, p->byte_count + count, 1)) {
    fail(p, MXML_MEMORY, 0, "out of memory");
    return 0;
  }
  if (count) memcpy(p->bytes + p->byte_count, bytes, count);
  p->byte_count += count;
  return 1;
}

// An attribute's value. As entities are not replaced (no NOENT), libxml2 writes every '&' of a value as "&#38;".
static int append_value(mxml_parser *p, const xmlChar *value, size_t count) {
  while (count) {
    const xmlChar *amp = memchr(value, '&', count);
    size_t run = amp ? (size_t)(amp - value) + 1 : count;
    if (!append_bytes(p, value, run)) return 0;
    value += run;
    count -= run;
    if (amp && count >= 4 && !memcmp(value, "#38;", 4)) { value += 4; count -= 4; }
  }
  return 1;
}

// MARK: Names

static uint32_t slot_of(const mxml_parser *p, const xmlChar *local, const xmlChar *uri) {
  uint64_t h = ((uint64_t)(uintptr_t)local >> 3) * 0x9E3779B97F4A7C15u ^ ((uint64_t)(uintptr_t)uri >> 3) * 0xC2B2AE3D27D4EB4Fu;
  uint32_t i = (uint32_t)(h >> 32) & (p->slot_count - 1);
  while (p->slots[i]) {
    const name_entry *e = &p->names[p->slots[i] - 1];
    if (e->local == local && e->uri == uri) break;
    i = (i + 1) & (p->slot_count - 1);
  }
  return i;
}

// The id of an interned name; UINT32_MAX after a failure.
static uint32_t intern(mxml_parser *p, const xmlChar *local, const xmlChar *uri) {
  uint32_t i = slot_of(p, local, uri);
  if (p->slots[i]) return p->slots[i] - 1;
  size_t length = strlen((const char *)local), uri_length = uri ? strlen((const char *)uri) : 0;
  if (length > p->limits.name_length) return fail(p, MXML_LIMIT_NAME, 0, "name too long"), UINT32_MAX;
  if (p->name_count >= p->limits.distinct_names)
    return fail(p, MXML_LIMIT_DISTINCT_NAMES, 0, "too many different names"), UINT32_MAX;
  size_t capacity = p->name_capacity;
  if (!grow((void **)&p->names, &capacity, p->name_count + 1, sizeof *p->names))
    return fail(p, MXML_MEMORY, 0, "out of memory"), UINT32_MAX;
  p->name_capacity = (uint32_t)capacity;
  p->names[p->name_count] = (name_entry){local, uri, (uint32_t)length, (uint32_t)uri_length};
  p->slots[i] = ++p->name_count;
  if (p->name_count * 2 > p->slot_count) {
    uint32_t *old = p->slots;
    p->slots = calloc(p->slot_count * 2, sizeof *p->slots);
    if (!p->slots) { p->slots = old; return fail(p, MXML_MEMORY, 0, "out of memory"), UINT32_MAX; }
    p->slot_count *= 2;
    for (uint32_t n = 0; n < p->name_count; n++) p->slots[slot_of(p, p->names[n].local, p->names[n].uri)] = n + 1;
    free(old);
  }
  return p->name_count - 1;
}

// MARK: SAX

static mxml_parser *live(void *user) {
  mxml_parser *p = ((xmlParserCtxtPtr)user)->_private;
  return p->failure.reason ? NULL : p;
}

static int count_nodes(mxml_parser *p, uint64_t more) {
  p->nodes += more;
  if (p->nodes <= p->limits.nodes) return 1;
  fail(p, MXML_LIMIT_NODES, 0, "too many nodes");
  return 0;
}

static void on_start_document(void *user) {
  xmlParserCtxtPtr ctxt = user;
  mxml_parser *p = live(user);
  if (!p) return;
  if (ctxt->version && strcmp((const char *)ctxt->version, "1.0")) {
    fail(p, MXML_VERSION, 0, "XML version other than 1.0");
    return;
  }
  if (p->tree) xmlSAX2StartDocument(ctxt);
}

static void on_document_type(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system) {
  (void)name; (void)external; (void)system;
  mxml_parser *p = live(user);
  if (p) fail(p, MXML_DOCUMENT_TYPE, 0, "document type declaration refused");
}

static void close_text(mxml_parser *p, mxml_event *carrier) {
  if (carrier) { carrier->text_offset = (uint32_t)p->text_start; carrier->text_length = (uint32_t)p->text_length; }
  p->text_length = 0;
  p->text_start = p->byte_count;
}

static int flush_text(mxml_parser *p) {
  if (!p->text_length) return 1;
  if (!grow((void **)&p->events, &p->event_capacity, p->event_count + 1, sizeof *p->events))
    return fail(p, MXML_MEMORY, 0, "out of memory"), 0;
  mxml_event *e = &p->events[p->event_count++];
  memset(e, 0, sizeof *e);
  e->kind = MXML_TEXT;
  e->depth = (uint16_t)p->depth;
  e->name = p->depth ? p->open[p->depth - 1] : 0;
  e->line = p->text_line;
  e->text_offset = (uint32_t)p->text_start;
  e->text_length = (uint32_t)p->text_length;
  e->blank = 1;
  for (size_t i = 0; i < p->text_length; i++) {
    uint8_t c = p->bytes[p->text_start + i];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') { e->blank = 0; break; }
  }
  return 1;
}

static void on_start(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int namespaces,
                     const xmlChar **namespace_list, int attributes, int defaulted, const xmlChar **list) {
  mxml_parser *p = live(user);
  if (!p) return;
  if (p->depth >= p->limits.depth) { fail(p, MXML_LIMIT_DEPTH, 0, "elements nested too deep"); return; }
  if ((uint32_t)attributes > p->limits.attributes) { fail(p, MXML_LIMIT_ATTRIBUTES, 0, "too many attributes"); return; }
  if ((uint32_t)namespaces > p->limits.namespaces) {
    fail(p, MXML_LIMIT_NAMESPACES, 0, "too many namespace declarations");
    return;
  }
  if (!count_nodes(p, 1 + (uint64_t)attributes)) return;
  uint32_t name = intern(p, local, uri);
  if (name == UINT32_MAX) return;
  if (p->tree) {
    for (int i = 0; i < attributes; i++)
      if (intern(p, list[5 * i], list[5 * i + 2]) == UINT32_MAX) return;
    p->depth++;
    p->text_length = 0;
    xmlSAX2StartElementNs(user, local, prefix, uri, namespaces, namespace_list, attributes, defaulted, list);
    return;
  }
  if (!flush_text(p)) return;
  close_text(p, NULL);
  if (!grow((void **)&p->events, &p->event_capacity, p->event_count + 1, sizeof *p->events) ||
      !grow((void **)&p->open, &p->open_capacity, p->depth + 1, sizeof *p->open) ||
      !grow((void **)&p->attributes, &p->attribute_capacity, p->attribute_count + (size_t)attributes, sizeof *p->attributes) ||
      !grow((void **)&p->namespaces, &p->namespace_capacity, p->namespace_count + (size_t)namespaces, sizeof *p->namespaces)) {
    fail(p, MXML_MEMORY, 0, "out of memory");
    return;
  }
  p->open[p->depth++] = name;
  mxml_event *e = &p->events[p->event_count++];
  memset(e, 0, sizeof *e);
  e->kind = MXML_START;
  e->depth = (uint16_t)p->depth;
  e->name = name;
  e->line = (uint32_t)((xmlParserCtxtPtr)user)->input->line;
  e->first_attribute = (uint32_t)p->attribute_count;
  e->attributes = (uint32_t)attributes;
  e->first_namespace = (uint32_t)p->namespace_count;
  e->namespaces = (uint32_t)namespaces;
  for (int i = 0; i < namespaces; i++) {
    const xmlChar *declared = namespace_list[2 * i], *target = namespace_list[2 * i + 1];
    size_t declared_length = declared ? strlen((const char *)declared) : 0, target_length = target ? strlen((const char *)target) : 0;
    mxml_namespace *n = &p->namespaces[p->namespace_count++];
    n->prefix_offset = (uint32_t)p->byte_count; n->prefix_length = (uint32_t)declared_length;
    if (!append_bytes(p, declared, declared_length)) return;
    n->uri_offset = (uint32_t)p->byte_count; n->uri_length = (uint32_t)target_length;
    if (!append_bytes(p, target, target_length)) return;
  }
  for (int i = 0; i < attributes; i++) {
    const xmlChar **a = &list[5 * i];
    uint32_t id = intern(p, a[0], a[2]);
    if (id == UINT32_MAX) return;
    size_t offset = p->byte_count;
    if (!append_value(p, a[3], (size_t)(a[4] - a[3]))) return;
    p->attributes[p->attribute_count++] = (mxml_attribute){id, (uint32_t)offset, (uint32_t)(p->byte_count - offset)};
  }
  p->text_start = p->byte_count;
}

static void on_end(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri) {
  mxml_parser *p = live(user);
  if (!p) return;
  if (p->tree) {
    p->depth--;
    p->text_length = 0;
    xmlSAX2EndElementNs(user, local, prefix, uri);
    return;
  }
  if (!flush_text(p)) return;
  if (!grow((void **)&p->events, &p->event_capacity, p->event_count + 1, sizeof *p->events)) {
    fail(p, MXML_MEMORY, 0, "out of memory");
    return;
  }
  mxml_event *e = &p->events[p->event_count++];
  memset(e, 0, sizeof *e);
  e->kind = MXML_END;
  e->depth = (uint16_t)p->depth;
  e->name = p->open[--p->depth];
  e->line = (uint32_t)((xmlParserCtxtPtr)user)->input->line;
  close_text(p, e);
}

static void on_characters(void *user, const xmlChar *text, int count) {
  mxml_parser *p = live(user);
  if (!p || count <= 0) return;
  if (!p->text_length) {
    if (!count_nodes(p, 1)) return;
    p->text_line = (uint32_t)((xmlParserCtxtPtr)user)->input->line;
  }
  if ((uint64_t)p->text_length + (uint64_t)count > p->limits.text_length) {
    fail(p, MXML_LIMIT_TEXT, 0, "text too long");
    return;
  }
  p->text_length += (size_t)count;
  if (p->tree) xmlSAX2Characters(user, text, count);
  else append_bytes(p, text, (size_t)count);
}

static void on_comment(void *user, const xmlChar *value) {
  mxml_parser *p = live(user);
  if (!p || !count_nodes(p, 1)) return;
  if (p->tree) xmlSAX2Comment(user, value);
}

static void on_instruction(void *user, const xmlChar *target, const xmlChar *data) {
  mxml_parser *p = live(user);
  if (!p || !count_nodes(p, 1)) return;
  if (p->tree) xmlSAX2ProcessingInstruction(user, target, data);
}

// MARK: Life

#define DEFAULT_BLOCK 32768

mxml_parser *mxml_parser_new(const mxml_limits *limits, int tree, size_t block) {
  mxml_init();
  mxml_parser *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->limits = *limits;
  if (p->limits.depth > 65535) p->limits.depth = 65535;
  p->tree = tree;
  // The first block must hold the XML declaration: blocks are never below 1 KiB, only what libxml2 is given at a time.
  p->block_size = block ? 1024 : DEFAULT_BLOCK;
  p->piece = block ? block : DEFAULT_BLOCK;
  p->slot_count = 256;
  p->slots = calloc(p->slot_count, sizeof *p->slots);
  p->block = malloc(p->block_size);
  p->sax.initialized = XML_SAX2_MAGIC;
  p->sax.startDocument = on_start_document;
  p->sax.endDocument = tree ? xmlSAX2EndDocument : NULL;
  p->sax.internalSubset = on_document_type;
  p->sax.startElementNs = on_start;
  p->sax.endElementNs = on_end;
  p->sax.characters = on_characters;
  p->sax.ignorableWhitespace = on_characters;  // equal pointers: libxml2 does not guess which white space matters
  p->sax.comment = on_comment;
  p->sax.processingInstruction = on_instruction;
  p->sax.serror = on_error;
  p->ctxt = xmlCreatePushParserCtxt(&p->sax, NULL, NULL, 0, NULL);
  if (!p->slots || !p->block || !p->ctxt) { mxml_parser_free(p); return NULL; }
  p->ctxt->_private = p;
  xmlCtxtUseOptions(p->ctxt, XML_PARSE_NONET | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA | XML_PARSE_IGNORE_ENC);
  p->ctxt->linenumbers = 1;
  return p;
}

void mxml_parser_free(mxml_parser *p) {
  if (!p) return;
  if (p->ctxt) {
    xmlDocPtr doc = p->ctxt->myDoc;
    p->ctxt->myDoc = NULL;
    if (doc) xmlFreeDoc(doc);
    xmlFreeParserCtxt(p->ctxt);
  }
  free(p->slots); free(p->names); free(p->block); free(p->events); free(p->attributes); free(p->namespaces);
  free(p->bytes); free(p->open); free(p->decoded);
  free(p);
}

uint32_t mxml_parser_add_name(mxml_parser *p, const char *local, const char *uri) {
  return intern(p, xmlDictLookup(p->ctxt->dict, BAD_CAST local, -1), uri ? xmlDictLookup(p->ctxt->dict, BAD_CAST uri, -1) : NULL);
}

static void start_batch(mxml_parser *p) {
  if (p->tree) return;
  if (p->text_length && p->text_start) memmove(p->bytes, p->bytes + p->text_start, p->text_length);
  p->text_start = 0;
  p->byte_count = p->text_length;
  p->event_count = p->attribute_count = p->namespace_count = 0;
}

// MARK: Encodings

enum { FAMILY_UTF8 = 1, FAMILY_ASCII, FAMILY_LATIN1, FAMILY_UTF16 };

static int is_word(const char *text, size_t count, const char *word) {
  return strlen(word) == count && !xmlStrncasecmp(BAD_CAST text, BAD_CAST word, (int)count);
}

// XML 1.0 §4.3.3 and appendix F, narrowed: UTF-8, UTF-16 with its mark, ISO-8859-1 and US-ASCII. Decided here, before
// libxml2 sees a byte, so that no converter of iconv (UTF-7, EBCDIC, …) ever runs. 0 after a failure.
static int sniff(mxml_parser *p, const uint8_t *bytes, size_t count) {
  int mark8 = count > 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF;
  int little = count > 3 && bytes[0] == 0xFF && bytes[1] == 0xFE && (bytes[2] || bytes[3]);
  int big = count > 3 && bytes[0] == 0xFE && bytes[1] == 0xFF;
  size_t at = mark8 ? 3 : little || big ? 2 : 0, step = little || big ? 2 : 1;
  char head[512];
  size_t n = 0;
  for (; at + step <= count && n < sizeof head - 1; at += step) {
    uint8_t high = big ? bytes[at] : little ? bytes[at + 1] : 0, low = big ? bytes[at + 1] : bytes[at];
    head[n++] = high || low >= 0x80 ? '?' : low ? (char)low : '\1';
  }
  head[n] = 0;
  int family = 0;
  if (!n || head[0] == '\1' || (n > 1 && head[1] == '\1') || (!mark8 && !little && !big && bytes[0] >= 0x80)) {
    fail(p, MXML_ENCODING, 0, "not a document in an accepted encoding");
  } else if (strncmp(head, "<?xml", 5) || !strchr(" \t\r\n", head[5])) {
    family = step == 2 ? FAMILY_UTF16 : FAMILY_UTF8;
  } else {
    char *end = strstr(head, "?>");
    if (end) *end = 0;
    char *word = strstr(head, "encoding");
    const char *value = "";
    size_t length = 0;
    if (word) {
      word += strspn(word + 8, " \t\r\n=") + 8;
      if (*word == '"' || *word == '\'') { value = word + 1; length = strcspn(value, "\"'"); }
    }
    if (!end) fail(p, MXML_MALFORMED, 0, "XML declaration without end");
    else if (step == 2 ? !word || is_word(value, length, "UTF-16") : 0) family = FAMILY_UTF16;
    else if (step == 2) fail(p, MXML_ENCODING, 0, "declared encoding not accepted");
    else if (!word || is_word(value, length, "UTF-8")) family = FAMILY_UTF8;
    else if (!mark8 && is_word(value, length, "US-ASCII")) family = FAMILY_ASCII;
    else if (!mark8 && is_word(value, length, "ISO-8859-1")) family = FAMILY_LATIN1;
    else fail(p, MXML_ENCODING, 0, "declared encoding not accepted");
  }
  if (!family) p->failure.line = p->failure.column = 1;
  return family;
}

// Whether the bytes continue well-formed UTF-8 (RFC 3629 §4); the state is carried from block to block.
// libxml2 2.9 lets overlong forms through inside CDATA sections.
static int continues_utf8(mxml_parser *p, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count;) {
    if (!p->utf8_expected) {
      uint64_t eight;
      while (i + 8 <= count && (memcpy(&eight, bytes + i, 8), !(eight & 0x8080808080808080u))) i += 8;
      if (i == count) break;
    }
    uint8_t c = bytes[i++];
    if (p->utf8_expected) {
      if (c < p->utf8_low || c > p->utf8_high) return 0;
      p->utf8_expected--;
      p->utf8_low = 0x80;
      p->utf8_high = 0xBF;
    } else if (c >= 0x80) {
      if (c < 0xC2 || c > 0xF4) return 0;
      p->utf8_expected = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
      p->utf8_low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
      p->utf8_high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    }
  }
  return 1;
}

static size_t put_utf8(uint8_t *to, uint32_t c) {
  if (c < 0x80) { to[0] = (uint8_t)c; return 1; }
  if (c < 0x800) { to[0] = (uint8_t)(0xC0 | c >> 6); to[1] = (uint8_t)(0x80 | (c & 0x3F)); return 2; }
  if (c < 0x10000) {
    to[0] = (uint8_t)(0xE0 | c >> 12); to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F)); to[2] = (uint8_t)(0x80 | (c & 0x3F));
    return 3;
  }
  to[0] = (uint8_t)(0xF0 | c >> 18); to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
  to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F)); to[3] = (uint8_t)(0x80 | (c & 0x3F));
  return 4;
}

// The bytes as UTF-8; NULL when they are not of their encoding. libxml2 is given nothing else (and told to ignore what
// the declaration says): its own decoder of UTF-16 stops at an unpaired surrogate without an error, so that the end of
// a document could go unread.
static const uint8_t *decode(mxml_parser *p, const uint8_t *bytes, size_t *count) {
  size_t n = 0;
  switch (p->family) {
    case FAMILY_UTF8: return continues_utf8(p, bytes, *count) ? bytes : NULL;
    case FAMILY_ASCII:
      for (size_t i = 0; i < *count; i++)
        if (bytes[i] >= 0x80) return NULL;
      return bytes;
    case FAMILY_LATIN1:
      for (size_t i = 0; i < *count; i++) n += put_utf8(p->decoded + n, bytes[i]);
      break;
    default:
      for (size_t i = 0; i < *count; i++) {
        if (!p->wide_half) { p->wide_byte = bytes[i]; p->wide_half = 1; continue; }
        p->wide_half = 0;
        uint16_t unit = (uint16_t)(p->wide_big ? p->wide_byte << 8 | bytes[i] : bytes[i] << 8 | p->wide_byte);
        int trail = unit >= 0xDC00 && unit <= 0xDFFF;
        if (trail != (p->wide_lead != 0)) return NULL;  // RFC 2781 §2.2
        if (trail) n += put_utf8(p->decoded + n, 0x10000 + ((uint32_t)(p->wide_lead - 0xD800) << 10) + (unit - 0xDC00));
        p->wide_lead = unit >= 0xD800 && unit <= 0xDBFF ? unit : 0;
        if (!trail && !p->wide_lead) n += put_utf8(p->decoded + n, unit);
      }
  }
  *count = n;
  return p->decoded;
}

// MARK: Feeding

static void ignore_error(void *context, xmlErrorPtr error) { (void)context; (void)error; }

// Converters report to the thread's handler (standard error by default) instead of the parser's: silenced meanwhile.
static void parse_piece(mxml_parser *p, const uint8_t *bytes, size_t count, int last) {
  xmlStructuredErrorFunc before = xmlStructuredError;
  void *before_context = xmlStructuredErrorContext;
  xmlSetStructuredErrorFunc(NULL, ignore_error);
  xmlParseChunk(p->ctxt, (const char *)bytes, (int)count, last);
  xmlSetStructuredErrorFunc(before_context, before);
  // A failed conversion stops libxml2 without a word.
  if (!p->failure.reason && (!p->ctxt->wellFormed || !p->ctxt->nsWellFormed || (p->ctxt->disableSAX && !last)))
    fail(p, MXML_MALFORMED, p->ctxt->errNo, "not well-formed");
}

static void parse_block(mxml_parser *p, const uint8_t *bytes, size_t count) {
  if (!count || p->failure.reason) return;
  if (p->total + count > p->limits.total_bytes) { fail(p, MXML_LIMIT_BYTES, 0, "document too large"); return; }
  if (!p->total && !(p->family = sniff(p, bytes, count))) return;
  int first = !p->total;
  p->total += count;
  if (first) {
    size_t mark = p->family == FAMILY_UTF16 ? 2 : bytes[0] == 0xEF ? 3 : 0;
    p->wide_big = bytes[0] == 0xFE;
    if (p->family != FAMILY_UTF8 && p->family != FAMILY_ASCII && !(p->decoded = malloc(2 * p->block_size + 4))) {
      fail(p, MXML_MEMORY, 0, "out of memory");
      return;
    }
    bytes += mark;
    count -= mark;
  }
  bytes = decode(p, bytes, &count);
  if (!bytes) { fail(p, MXML_MALFORMED, XML_ERR_INVALID_ENCODING, "bytes not of the declared encoding"); return; }
  // libxml2 guesses the encoding from the first four bytes that it holds: they go alone.
  size_t done = first && count > 4 ? 4 : 0;
  if (done) parse_piece(p, bytes, done, 0);
  while (done < count && !p->failure.reason) {
    size_t piece = count - done < p->piece ? count - done : p->piece;
    parse_piece(p, bytes + done, piece, 0);
    done += piece;
  }
  if (p->failure.reason || !p->ctxt->input) return;
  // What stays unparsed is one unfinished piece of markup: it may not grow for ever.
  if ((size_t)(p->ctxt->input->end - p->ctxt->input->cur) > p->limits.markup_length)
    fail(p, MXML_LIMIT_MARKUP, 0, "one piece of markup too long");
}

size_t mxml_parser_feed(mxml_parser *p, const uint8_t *bytes, size_t count) {
  start_batch(p);
  if (p->failure.reason || p->finished || !count) return count;
  if (!p->block_fill && count >= p->block_size) {
    parse_block(p, bytes, p->block_size);
    return p->block_size;
  }
  size_t taken = p->block_size - p->block_fill;
  if (taken > count) taken = count;
  memcpy(p->block + p->block_fill, bytes, taken);
  p->block_fill += taken;
  if (p->block_fill == p->block_size) {
    p->block_fill = 0;
    parse_block(p, p->block, p->block_size);
  }
  return taken;
}

void mxml_parser_finish(mxml_parser *p) {
  start_batch(p);
  if (p->failure.reason || p->finished) return;
  p->finished = 1;
  if (!p->total && !p->block_fill) { fail(p, MXML_EMPTY, 0, "empty document"); return; }
  parse_block(p, p->block, p->block_fill);
  if (p->failure.reason) return;
  if (p->utf8_expected || p->wide_half || p->wide_lead) { fail(p, MXML_MALFORMED, XML_ERR_INVALID_ENCODING, "document ends inside a character"); return; }
  parse_piece(p, NULL, 0, 1);
  if (!p->failure.reason && p->depth) fail(p, MXML_MALFORMED, 0, "document ends inside an element");
}

const mxml_failure *mxml_parser_failure(const mxml_parser *p) { return &p->failure; }

mxml_batch mxml_parser_batch(const mxml_parser *p) {
  return (mxml_batch){p->events, p->attributes, p->namespaces, p->bytes, p->event_count};
}

mxml_name mxml_parser_name(const mxml_parser *p, uint32_t id) {
  if (id >= p->name_count) return (mxml_name){0};
  const name_entry *e = &p->names[id];
  return (mxml_name){e->local, e->local_length, e->uri, e->uri_length};
}

uint32_t mxml_parser_line(const mxml_parser *p) { return p->ctxt->input ? (uint32_t)p->ctxt->input->line : 0; }

// MARK: Whole documents

mxml_document *mxml_document_parse(const uint8_t *bytes, size_t count, const mxml_limits *limits, mxml_failure *out) {
  mxml_parser *p = mxml_parser_new(limits, 1, 0);
  if (!p) { memset(out, 0, sizeof *out); out->reason = MXML_MEMORY; return NULL; }
  for (size_t done = 0; done < count && !p->failure.reason;) done += mxml_parser_feed(p, bytes + done, count - done);
  mxml_parser_finish(p);
  *out = p->failure;
  xmlDocPtr doc = NULL;
  if (!p->failure.reason) {
    doc = p->ctxt->myDoc;
    p->ctxt->myDoc = NULL;
    if (!doc || !xmlDocGetRootElement(doc)) out->reason = MXML_MALFORMED;
  }
  mxml_parser_free(p);
  return (mxml_document *)doc;
}
