#ifndef COPENSSLSHIM_H
#define COPENSSLSHIM_H
// Plain C for Swift: OpenSSL's own headers are included by the .c files only.
#if __has_include("pkix.h")
#include "pkix.h"
#endif
#include "tls.h"
#endif
