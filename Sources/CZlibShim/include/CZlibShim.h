#ifndef CZLIBSHIM_H
#define CZLIBSHIM_H
#include <stddef.h>
#include <stdint.h>
#endif
