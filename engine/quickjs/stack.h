/* How deep JavaScript may recurse. */
#pragma once

#include <quickjs.h>

/* Has QuickJS stop at what RLIMIT_STACK leaves below the caller, or at its own limit (1 MB) if that is less. */
void limit_stack(JSRuntime *runtime);
