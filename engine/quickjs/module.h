/* What the C modules share: how one is declared, and access to byte arrays. */
#pragma once

#include <quickjs.h>
#include <stddef.h>
#include <stdint.h>

#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* A module that JavaScript imports; modules.d.ts describes its functions, snapshot.c lists all modules. */
struct module {
  const char *name;
  JSModuleInitFunc *initialize;
  const JSCFunctionListEntry *functions;
  int count;
};

/* Ends the file of a module: its name, which gets the prefix `qjs:`, and its functions. */
#define MODULE(name, ...)                                                                           \
  static const JSCFunctionListEntry functions[] = {__VA_ARGS__};                                    \
  static int initialize(JSContext *ctx, JSModuleDef *module) {                                      \
    return JS_SetModuleExportList(ctx, module, functions, countof(functions));                      \
  }                                                                                                 \
  const struct module name##_module = {"qjs:" #name, initialize, functions, countof(functions)}

/* A pointer to the bytes of a byte array; NULL with an exception. */
const uint8_t *bytes_of(JSContext *ctx, JSValueConst array, size_t *length);
