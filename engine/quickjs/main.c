/* Where the QuickJS executable begins. Modules lie in it as bytecode and are read when they are first imported. */
#include <fcntl.h>
#include <quickjs-libc.h>
#include <signal.h>
#include <string.h>

#include "modules.h"

JSModuleDef *js_init_module_bytes(JSContext *ctx, const char *name);
JSModuleDef *js_init_module_sys(JSContext *ctx, const char *name);

static const struct module *find(const char *name) {
  for (const struct module *module = modules; module->name; module++)
    if (!strcmp(module->name, name)) return module;
  return NULL;
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque) {
  const struct module *module = find(name);
  if (!module) {
    JS_ThrowReferenceError(ctx, "no module %s in this executable", name);
    return NULL;
  }
  JSValue value = JS_ReadObject(ctx, module->bytecode, *module->size, JS_READ_OBJ_BYTECODE);
  return JS_IsException(value) ? NULL : JS_VALUE_GET_PTR(value);
}

/* What the language has here: no eval, as no code comes from a string. */
static JSContext *new_context(JSRuntime *runtime) {
  JSContext *ctx = JS_NewContextRaw(runtime);
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicDate(ctx);
  JS_AddIntrinsicRegExpCompiler(ctx);
  JS_AddIntrinsicRegExp(ctx);
  JS_AddIntrinsicJSON(ctx);
  JS_AddIntrinsicProxy(ctx);
  JS_AddIntrinsicMapSet(ctx);
  JS_AddIntrinsicTypedArrays(ctx);
  JS_AddIntrinsicPromise(ctx);
  JS_AddIntrinsicWeakRef(ctx);
  js_init_module_std(ctx, "qjs:std");
  js_init_module_os(ctx, "qjs:os");
  js_init_module_bytes(ctx, "qjs:bytes");
  js_init_module_sys(ctx, "qjs:sys");
  return ctx;
}

/* Where a standard stream is closed, the next file opened would get its number, and what is said there. */
static void open_standard_streams(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) == -1) open("/dev/null", O_RDWR);
}

/* A write into a broken pipe shall fail, not kill. A handler, as SIG_IGN would pass to the programs that are run. */
static void on_broken_pipe(int signal) {}

int main(int argc, char **argv) {
  open_standard_streams();
  signal(SIGPIPE, on_broken_pipe);
  JSRuntime *runtime = JS_NewRuntime();
  /* A call is over before there is garbage worth collecting. */
  JS_SetGCThreshold(runtime, (size_t)-1);
  js_std_init_handlers(runtime);
  JS_SetModuleLoaderFunc(runtime, NULL, load, NULL);
  JSContext *ctx = new_context(runtime);
  js_std_add_helpers(ctx, argc, argv);
  const struct module *entry = find("entry.js");
  js_std_eval_binary(ctx, entry->bytecode, *entry->size, 0);
  js_std_loop(ctx);
  /* entry.ts always exits: coming here means that it failed, and has said why on standard error. */
  return 1;
}
