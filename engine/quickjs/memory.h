/* How QuickJS gets memory. */
#include <quickjs.h>

extern const JSMallocFunctions memory;
