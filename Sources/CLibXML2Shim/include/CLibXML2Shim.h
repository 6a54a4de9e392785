#ifndef CLIBXML2SHIM_H
#define CLIBXML2SHIM_H
#include <stddef.h>
#include <stdint.h>
#endif
