#ifndef COPENSSLSHIM_H
#define COPENSSLSHIM_H
#include <stddef.h>
#include <stdint.h>
#endif
