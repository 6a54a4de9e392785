// Shared by the files of this shim.
#ifndef CLIBXML2SHIM_PRIVATE_H
#define CLIBXML2SHIM_PRIVATE_H
#include <libxml/tree.h>
#include <stddef.h>
#include <stdint.h>

// Called once, at initialisation: adds the reader of "mss-schema:N" locations to libxml2's input callbacks.
void mxml_register_schema_input(void);
#endif
