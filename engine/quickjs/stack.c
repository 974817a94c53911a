/* The stack: too deep a recursion is an exception in JavaScript, not a signal. */
#include "stack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>

/* For C functions, which QuickJS does not check: the largest frames are printf's (9 KB) and those of its sort and regular expressions (1 KB). */
#define RESERVE ((size_t)16 << 10)

/* The bytes below this frame. The kernel counts all of the stack, from the last thing that it has put there: the executable's name. */
static size_t stack_left(void) {
  struct rlimit limit;
  size_t used = getauxval(AT_EXECFN) - (uintptr_t)__builtin_frame_address(0);
  if (getrlimit(RLIMIT_STACK, &limit)) abort();
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

void limit_stack(JSRuntime *runtime) {
  size_t left = stack_left(), size = left > RESERVE ? left - RESERVE : 1;
  JS_UpdateStackTop(runtime);
  JS_SetMaxStackSize(runtime, size < JS_DEFAULT_STACK_SIZE ? size : JS_DEFAULT_STACK_SIZE);
}
