/* syscall(number, ...arguments): engine/engine.ts describes it. */
#define _GNU_SOURCE
#include "bytes.h"

#include <errno.h>
#include <unistd.h>

/* The value of a register: a number as it is, a byte array as a pointer. Returns -1 with an exception. */
static int word(JSContext *ctx, JSValueConst value, int64_t *out) {
  if (!JS_IsObject(value)) return JS_ToInt64Ext(ctx, out, value);
  size_t length;
  const uint8_t *bytes = bytes_of(ctx, value, &length);
  *out = (int64_t)(intptr_t)bytes;
  return bytes ? 0 : -1;
}

static JSValue sys_syscall(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  int64_t w[7] = {0};
  if (argc > 7) return JS_ThrowRangeError(ctx, "a system call takes at most six arguments");
  for (int i = 0; i < argc; i++)
    if (word(ctx, argv[i], &w[i])) return JS_EXCEPTION;
  long result = syscall(w[0], w[1], w[2], w[3], w[4], w[5], w[6]);
  return JS_NewInt64(ctx, result == -1 ? -errno : result);
}

static const JSCFunctionListEntry functions[] = {
  JS_CFUNC_DEF("syscall", 1, sys_syscall),
};

static int initialize(JSContext *ctx, JSModuleDef *module) {
  return JS_SetModuleExportList(ctx, module, functions, countof(functions));
}

JSModuleDef *js_init_module_sys(JSContext *ctx, const char *name) {
  JSModuleDef *module = JS_NewCModule(ctx, name, initialize);
  if (module) JS_AddModuleExportList(ctx, module, functions, countof(functions));
  return module;
}
