#ifndef COPENSSLSHIM_H
#define COPENSSLSHIM_H
// Plain C for Swift: OpenSSL's own headers are included by the .c files only.
#include "digest.h"
#include "evidence.h"
#include "identity.h"
#include "pkix.h"
#include "seal.h"
#include "tls.h"
#endif
