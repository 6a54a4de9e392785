#include "CXMLSecShim.h"
