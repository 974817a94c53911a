/* The stack: too deep a recursion is an exception in JavaScript, not a signal. */
#include "stack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>

/* For C functions, which QuickJS does not check: the largest frames are printf's (9 KB) and those of its sort and regular expressions (1 KB). */
#define STACK_RESERVE ((size_t)16 << 10)
/* The part of the stack below main that is mapped from the start: of 128 KB, what the kernel's tables leave. */
#define MAPPED ((size_t)96 << 10)
/* With so many addresses some are left when the stack grows: the largest input makes a call use half of them. */
#define AMPLE ((size_t)1 << 30)

static size_t limit_of(int resource) {
  struct rlimit limit;
  if (getrlimit(resource, &limit)) abort();
  return limit.rlim_cur;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The bytes below this frame. The kernel counts all of the stack, from the last thing that it has put there: the executable's name. */
static size_t stack_left(void) {
  size_t used = getauxval(AT_EXECFN) - (uintptr_t)__builtin_frame_address(0), limit = limit_of(RLIMIT_STACK);
  size_t left = limit > used ? limit - used : 0;
  /* When all addresses are in use, a stack cannot grow. */
  return limit_of(RLIMIT_AS) < AMPLE ? smaller(left, MAPPED) : left;
}

void limit_stack(JSRuntime *runtime) {
  size_t left = stack_left();
  JS_UpdateStackTop(runtime);
  /* A size of 0 would be no limit. */
  JS_SetMaxStackSize(runtime, left > STACK_RESERVE ? smaller(left - STACK_RESERVE, JS_DEFAULT_STACK_SIZE) : 1);
}
