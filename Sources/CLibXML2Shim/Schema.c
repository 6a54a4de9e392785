// XML Schema 1.0 validation. Schemas are read from memory only: every schemaLocation was rewritten by the caller to
// "mss-schema:N" and is answered from a thread-local table while one schema is compiled.
#include "CLibXML2Shim.h"
#include <libxml/parser.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>
#include <stdlib.h>
#include <string.h>
#include "Private.h"

#define SCHEME "mss-schema:"

static _Thread_local const mxml_bytes *sources;
static _Thread_local size_t source_count;

typedef struct { const mxml_bytes *source; size_t at; } open_source;

// libxml2's input callbacks are process-wide and additive: these match our scheme only, and answer only on a thread
// that is compiling a schema.
static int match(const char *name) { return !strncmp(name, SCHEME, sizeof SCHEME - 1); }
static void *open_input(const char *name) {
  char *end = NULL;
  unsigned long index = strtoul(name + sizeof SCHEME - 1, &end, 10);
  if (!end || *end || index >= source_count) return NULL;
  open_source *o = calloc(1, sizeof *o);
  if (o) o->source = &sources[index];
  return o;
}
static int read_input(void *context, char *buffer, int length) {
  open_source *o = context;
  size_t n = o->source->count - o->at;
  if (n > (size_t)length) n = (size_t)length;
  memcpy(buffer, o->source->bytes + o->at, n);
  o->at += n;
  return (int)n;
}
static int close_input(void *context) { free(context); return 0; }

void mxml_register_schema_input(void) { xmlRegisterInputCallbacks(match, open_input, read_input, close_input); }

typedef struct { void *context; mxml_report report; } sink;
static void on_error(void *user, xmlErrorPtr error) {
  sink *s = user;
  if (error->level < XML_ERR_ERROR) return;
  int line = error->line;
  if (error->node) {
    long exact = xmlGetLineNo((xmlNodePtr)error->node);
    if (exact > 0) line = (int)exact;
  }
  s->report(s->context, error->code, line, error->message ? error->message : "");
}

mxml_schema *mxml_schema_new(const mxml_bytes *from, size_t count, void *context, mxml_report report) {
  mxml_init();
  if (!count) return NULL;
  sink s = {context, report};
  // By location, not from memory: a ring of inclusions then finds the first document again.
  xmlSchemaParserCtxtPtr c = xmlSchemaNewParserCtxt(SCHEME "0");
  if (!c) return NULL;
  sources = from;
  source_count = count;
  xmlSchemaSetParserStructuredErrors(c, on_error, &s);
  // Parsers that libxml2 makes for included documents report through the thread's handler: borrow it meanwhile.
  xmlStructuredErrorFunc before = xmlStructuredError;
  void *before_context = xmlStructuredErrorContext;
  xmlSetStructuredErrorFunc(&s, on_error);
  xmlSchemaPtr schema = xmlSchemaParse(c);
  xmlSetStructuredErrorFunc(before_context, before);
  xmlSchemaFreeParserCtxt(c);
  sources = NULL;
  source_count = 0;
  return (mxml_schema *)schema;
}

void mxml_schema_free(mxml_schema *schema) { if (schema) xmlSchemaFree((xmlSchemaPtr)schema); }

int mxml_schema_validate(mxml_schema *schema, mxml_document *document, void *context, mxml_report report) {
  sink s = {context, report};
  xmlSchemaValidCtxtPtr c = xmlSchemaNewValidCtxt((xmlSchemaPtr)schema);
  if (!c) return -1;
  xmlSchemaSetValidStructuredErrors(c, on_error, &s);
  int result = xmlSchemaValidateDoc(c, (xmlDocPtr)document);
  xmlSchemaFreeValidCtxt(c);
  return result;
}
