/*
 * The one primitive of the QuickJS engine: syscall(number, ...arguments), as engine/engine.ts describes it; and the
 * part of buffer.ts that is hot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <quickjs.h>
#include <unistd.h>

#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* Where the bytes of a byte array are; NULL with an exception. */
static const uint8_t *bytes_of(JSContext *ctx, JSValueConst array, size_t *length) {
  size_t offset, unit, whole;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, array, &offset, length, &unit);
  if (JS_IsException(buffer)) return NULL;
  const uint8_t *bytes = JS_GetArrayBuffer(ctx, &whole, buffer);
  JS_FreeValue(ctx, buffer);
  return bytes ? bytes + offset : NULL;
}

/* A register's worth of a value: numbers as they are, byte arrays as pointers. Returns -1 with an exception. */
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

static int is_ascii(const uint8_t *bytes, size_t length) {
  uint8_t seen = 0;
  for (size_t i = 0; i < length; i++) seen |= bytes[i];
  return seen < 0x80;
}

static JSValue sys_ascii_bytes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  size_t length;
  const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
  if (!text) return JS_EXCEPTION;
  const uint8_t *bytes = (const uint8_t *)text;
  JSValue result = is_ascii(bytes, length) ? JS_NewArrayBufferCopy(ctx, bytes, length) : JS_UNDEFINED;
  JS_FreeCString(ctx, text);
  return result;
}

static JSValue sys_ascii_text(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  size_t length;
  int64_t start, end;
  const uint8_t *bytes = bytes_of(ctx, argv[0], &length);
  if (!bytes || JS_ToInt64(ctx, &start, argv[1]) || JS_ToInt64(ctx, &end, argv[2])) return JS_EXCEPTION;
  if (start < 0 || end < start || (size_t)end > length) return JS_UNDEFINED;
  if (!is_ascii(bytes + start, end - start)) return JS_UNDEFINED;
  return JS_NewStringLen(ctx, (const char *)bytes + start, end - start);
}

static const JSCFunctionListEntry functions[] = {
  JS_CFUNC_DEF("syscall", 1, sys_syscall),
  JS_CFUNC_DEF("asciiBytes", 1, sys_ascii_bytes),
  JS_CFUNC_DEF("asciiText", 3, sys_ascii_text),
};

static int initialize(JSContext *ctx, JSModuleDef *module) {
  return JS_SetModuleExportList(ctx, module, functions, countof(functions));
}

JSModuleDef *js_init_module_sys(JSContext *ctx, const char *name) {
  JSModuleDef *module = JS_NewCModule(ctx, name, initialize);
  if (module) JS_AddModuleExportList(ctx, module, functions, countof(functions));
  return module;
}
