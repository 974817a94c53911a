/* Declarations that the C modules share. */
#include <quickjs.h>
#include <stddef.h>
#include <stdint.h>

#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* A pointer to the bytes of a byte array; NULL with an exception. */
const uint8_t *bytes_of(JSContext *ctx, JSValueConst array, size_t *length);

/* sha512(bytes): modules.d.ts describes it. */
JSValue sha512(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
