// Shared by the files of this shim.
#ifndef CLIBXML2SHIM_PRIVATE_H
#define CLIBXML2SHIM_PRIVATE_H
#include <libxml/tree.h>
#include <stddef.h>
#include <stdint.h>

// Called once, at initialisation: adds the reader of "mss-schema:N" locations to libxml2's input callbacks.
void mxml_register_schema_input(void);

// The exclusive canonical form of a document without those of the root's children that have one name (Canonical.c).
// The functions that take an event return whether the outline tree holds it too: the root, and what is left out.
typedef struct mxml_canonical mxml_canonical;
mxml_canonical *mxml_canonical_new(const char *local, const char *uri, size_t expected, size_t limit);
void mxml_canonical_free(mxml_canonical *);
int mxml_canonical_start(mxml_canonical *, uint32_t depth, const xmlChar *local, const xmlChar *prefix,
                         const xmlChar *uri, int namespaces, const xmlChar **namespace_list, int attributes,
                         const xmlChar **list);
int mxml_canonical_end(mxml_canonical *, uint32_t depth, const xmlChar *local, const xmlChar *prefix);
int mxml_canonical_text(mxml_canonical *, uint32_t depth, const xmlChar *text, size_t count);
int mxml_canonical_instruction(mxml_canonical *, uint32_t depth, const xmlChar *target, const xmlChar *data);
int mxml_canonical_in_left_out(const mxml_canonical *);
// Whether the writer met what it does not settle: its bytes are then worth nothing.
int mxml_canonical_declined(const mxml_canonical *);
uint8_t *mxml_canonical_take(mxml_canonical *, size_t *count);
#endif
