/* The functions of buffer.ts that are called most: text and integers in byte arrays. */
#include "module.h"

const uint8_t *bytes_of(JSContext *ctx, JSValueConst array, size_t *length) {
  size_t offset, unit, whole;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, array, &offset, length, &unit);
  if (JS_IsException(buffer)) return NULL;
  const uint8_t *bytes = JS_GetArrayBuffer(ctx, &whole, buffer);
  JS_FreeValue(ctx, buffer);
  return bytes ? bytes + offset : NULL;
}

static JSValue utf8_bytes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  size_t length;
  const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
  if (!text) return JS_EXCEPTION;
  JSValue result = JS_NewArrayBufferCopy(ctx, (const uint8_t *)text, length);
  JS_FreeCString(ctx, text);
  return result;
}

static int is_ascii(const uint8_t *bytes, size_t length) {
  uint8_t seen = 0;
  for (size_t i = 0; i < length; i++) seen |= bytes[i];
  return seen < 0x80;
}

static JSValue ascii_text(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  size_t length;
  int64_t start, end;
  const uint8_t *bytes = bytes_of(ctx, argv[0], &length);
  if (!bytes || JS_ToInt64(ctx, &start, argv[1]) || JS_ToInt64(ctx, &end, argv[2])) return JS_EXCEPTION;
  if (start < 0 || end < start || (size_t)end > length) return JS_UNDEFINED;
  if (!is_ascii(bytes + start, end - start)) return JS_UNDEFINED;
  return JS_NewStringLen(ctx, (const char *)bytes + start, end - start);
}

/* The kind of an integer: its size in bytes, whether it is signed, whether it is big-endian. */
enum { SIZE = 15, SIGNED = 16, BIG = 32 };

/* A pointer to an integer in a byte array; without an offset, to the first byte. NULL with an exception. */
static uint8_t *integer_at(JSContext *ctx, JSValueConst array, JSValueConst offset, size_t size) {
  size_t length;
  uint64_t at = 0;
  const uint8_t *bytes = bytes_of(ctx, array, &length);
  if (!bytes || (!JS_IsUndefined(offset) && JS_ToIndex(ctx, &at, offset))) return NULL;
  if (at <= length && length - at >= size) return (uint8_t *)bytes + at;
  JS_ThrowRangeError(ctx, "%zu bytes at %llu of %zu", size, (unsigned long long)at, length);
  return NULL;
}

/* The index of the byte that has an integer's bits 8 * i to 8 * i + 7. */
static size_t index_of(size_t i, size_t size, int kind) { return kind & BIG ? size - 1 - i : i; }

static JSValue read_integer(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int kind) {
  size_t size = kind & SIZE;
  const uint8_t *bytes = integer_at(ctx, self, argv[0], size);
  if (!bytes) return JS_EXCEPTION;
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) value |= (uint64_t)bytes[index_of(i, size, kind)] << 8 * i;
  int unused = 64 - 8 * size;
  if (kind & SIGNED) value = (int64_t)(value << unused) >> unused;
  if (size < 8) return JS_NewInt64(ctx, value);
  return kind & SIGNED ? JS_NewBigInt64(ctx, value) : JS_NewBigUint64(ctx, value);
}

static int fits(int64_t value, size_t size, int kind) {
  if (size == 8) return 1;
  int64_t least = kind & SIGNED ? -(1LL << (8 * size - 1)) : 0;
  return value >= least && value < least + (1LL << 8 * size);
}

/* As in Node, an integer that does not fit is an error, except one of 64 bits, which is cut. */
static JSValue write_integer(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int kind) {
  size_t size = kind & SIZE;
  int64_t value;
  if (size < 8 ? JS_ToInt64(ctx, &value, argv[0]) : JS_ToBigInt64(ctx, &value, argv[0])) return JS_EXCEPTION;
  uint8_t *bytes = integer_at(ctx, self, argv[1], size);
  if (!bytes) return JS_EXCEPTION;
  if (!fits(value, size, kind))
    return JS_ThrowRangeError(ctx, "%lld is no integer of %zu bytes", (long long)value, size);
  for (size_t i = 0; i < size; i++) bytes[index_of(i, size, kind)] = (uint64_t)value >> 8 * i;
  return JS_NewInt64(ctx, bytes - integer_at(ctx, self, JS_UNDEFINED, 0) + size);
}

#define INTEGER(name, kind) \
  JS_CFUNC_MAGIC_DEF("read" name, 1, read_integer, kind), JS_CFUNC_MAGIC_DEF("write" name, 2, write_integer, kind)
#define BOTH_ORDERS(name, kind) INTEGER(name "LE", kind), INTEGER(name "BE", kind | BIG)

static const JSCFunctionListEntry integers[] = {
  INTEGER("UInt8", 1),
  INTEGER("Int8", 1 | SIGNED),
  BOTH_ORDERS("UInt16", 2),
  BOTH_ORDERS("Int16", 2 | SIGNED),
  BOTH_ORDERS("UInt32", 4),
  BOTH_ORDERS("Int32", 4 | SIGNED),
  BOTH_ORDERS("BigUInt64", 8),
  BOTH_ORDERS("BigInt64", 8 | SIGNED),
};

static JSValue add_integers(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  JS_SetPropertyFunctionList(ctx, argv[0], integers, countof(integers));
  return JS_UNDEFINED;
}

MODULE(bytes, JS_CFUNC_DEF("utf8Bytes", 1, utf8_bytes), JS_CFUNC_DEF("asciiText", 3, ascii_text),
       JS_CFUNC_DEF("addIntegers", 1, add_integers));
