/* Entry point of the QuickJS executable. It contains the modules as bytecode; each is read when it is first imported. */
#include <fcntl.h>
#include <quickjs-libc.h>
#include <signal.h>
#include <string.h>

#include "modules.h"

JSModuleDef *js_init_module_apart(JSContext *ctx, const char *name);
JSModuleDef *js_init_module_bytes(JSContext *ctx, const char *name);
JSModuleDef *js_init_module_spawn(JSContext *ctx, const char *name);
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

/* Adds the parts of the language that Patchbay uses. There is no eval: no code comes from a string. */
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
  js_init_module_apart(ctx, "qjs:apart");
  js_init_module_bytes(ctx, "qjs:bytes");
  js_init_module_spawn(ctx, "qjs:spawn");
  js_init_module_sys(ctx, "qjs:sys");
  return ctx;
}

/* Opens closed standard streams: the next opened file would get the stream's number, and its output. */
static void open_standard_streams(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) == -1) open("/dev/null", O_RDWR);
}

/* With this handler, a write into a broken pipe fails with EPIPE. SIG_IGN would be inherited by the programs that are run. */
static void on_broken_pipe(int signal) {}

int main(int argc, char **argv) {
  open_standard_streams();
  signal(SIGPIPE, on_broken_pipe);
  JSRuntime *runtime = JS_NewRuntime();
  /* No garbage collection: a call is too short to need it. */
  JS_SetGCThreshold(runtime, (size_t)-1);
  js_std_init_handlers(runtime);
  JS_SetModuleLoaderFunc(runtime, NULL, load, NULL);
  JSContext *ctx = new_context(runtime);
  js_std_add_helpers(ctx, argc, argv);
  const struct module *entry = find("entry.js");
  js_std_eval_binary(ctx, entry->bytecode, *entry->size, 0);
  js_std_loop(ctx);
  /* entry.ts always exits. Here it has failed, and its error is on standard error. */
  return 1;
}
