/* syscall(number, ...arguments): engine/engine.ts describes it. */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "module.h"
#include "process.h"

/* The value of a register: a number as it is, a byte array as a pointer. Returns -1 with an exception. */
static int register_value(JSContext *ctx, JSValueConst value, int64_t *out) {
  if (!JS_IsObject(value)) return JS_ToInt64Ext(ctx, out, value);
  size_t length;
  const uint8_t *bytes = bytes_of(ctx, value, &length);
  *out = (int64_t)(intptr_t)bytes;
  return bytes ? 0 : -1;
}

static JSValue system_call(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  int64_t w[7] = {0};
  require_process(ctx, "syscall() calls the kernel");
  if (argc > 7) return JS_ThrowRangeError(ctx, "a system call takes at most six arguments");
  for (int i = 0; i < argc; i++)
    if (register_value(ctx, argv[i], &w[i])) return JS_EXCEPTION;
  long result = syscall(w[0], w[1], w[2], w[3], w[4], w[5], w[6]);
  return JS_NewInt64(ctx, result == -1 ? -errno : result);
}

MODULE(syscall, JS_CFUNC_DEF("syscall", 1, system_call));
