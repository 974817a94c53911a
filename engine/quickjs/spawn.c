/* spawn(argv, env, stdin, stdout, stderr): modules.d.ts describes it. */
#define _GNU_SOURCE
#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The strings of a byte array, each of which ends with a NUL; after the last comes NULL. It is never freed. NULL with an exception. */
static char **strings(JSContext *ctx, JSValueConst array) {
  size_t length, count = 0;
  char *at = (char *)bytes_of(ctx, array, &length);
  if (!at) return NULL;
  char *end = at + length;
  for (char *byte = at; byte < end; byte++) count += !*byte;
  char **list = calloc(count + 1, sizeof *list);
  if (!list) abort();
  for (size_t i = 0; i < count; i++, at += strlen(at) + 1) list[i] = at;
  return list;
}

/* Becomes the program; with status 127, as a shell's, when it cannot be executed. */
static void become(char **argv, char **env, const int streams[3]) {
  setsid();
  for (int i = 0; i < 3; i++)
    if (dup2(streams[i], i) == -1) _exit(127);
  closefrom(3);
  execve(argv[0], argv, env);
  _exit(127);
}

static JSValue spawn(JSContext *ctx, JSValueConst self, int argc, JSValueConst *arguments) {
  int streams[3];
  char **argv = strings(ctx, arguments[0]), **env = argv ? strings(ctx, arguments[1]) : NULL;
  if (!env) return JS_EXCEPTION;
  for (int i = 0; i < 3; i++)
    if (JS_ToInt32(ctx, &streams[i], arguments[2 + i])) return JS_EXCEPTION;
  pid_t pid = fork();
  if (pid == 0) become(argv, env, streams);
  return JS_NewInt32(ctx, pid == -1 ? -errno : pid);
}

static const JSCFunctionListEntry functions[] = {
  JS_CFUNC_DEF("spawn", 5, spawn),
};

static int initialize(JSContext *ctx, JSModuleDef *module) {
  return JS_SetModuleExportList(ctx, module, functions, countof(functions));
}

JSModuleDef *js_init_module_spawn(JSContext *ctx, const char *name) {
  JSModuleDef *module = JS_NewCModule(ctx, name, initialize);
  if (module) JS_AddModuleExportList(ctx, module, functions, countof(functions));
  return module;
}
