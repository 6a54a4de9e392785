#ifndef CXMLSECSHIM_H
#define CXMLSECSHIM_H
#include <stddef.h>
#include <stdint.h>
#endif
