/* Compiles JavaScript modules to an archive of bytecode on standard output, at build: `compile places FILE...`, or `compile strip FILE...` without
 * the places of the source. */
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "process.h"

/* To compile a module, what it imports is not needed. */
static JSModuleDef *stand_in(JSContext *ctx, const char *name, void *opaque) { return JS_NewCModule(ctx, name, NULL); }

/* The text of a file, with a terminating NUL. */
static char *read_text(const char *name, long *length) {
  FILE *file = fopen(name, "r");
  if (!file || fseek(file, 0, SEEK_END) || (*length = ftell(file)) < 0) return NULL;
  rewind(file);
  char *text = calloc(1, *length + 1);
  return text && fread(text, 1, *length, file) == (size_t)*length && !fclose(file) ? text : NULL;
}

static int compile(JSContext *ctx, const char *name) {
  long length;
  size_t size;
  char *text = read_text(name, &length);
  if (!text) return -1;
  JSValue module = JS_Eval(ctx, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  uint8_t *code = JS_IsException(module) ? NULL : JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE);
  return code ? archive_add(stdout, name, code, size) : -1;
}

int main(int argc, char **argv) {
  int is_stripped = argc > 1 && !strcmp(argv[1], "strip");
  if (!is_stripped && !(argc > 1 && !strcmp(argv[1], "places"))) {
    fputs("usage: compile strip|places FILE...\n", stderr);
    return 1;
  }
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *ctx = JS_NewContext(runtime);
  JS_SetStripInfo(runtime, is_stripped ? JS_STRIP_DEBUG : JS_STRIP_SOURCE);
  JS_SetModuleLoaderFunc(runtime, NULL, stand_in, NULL);
  for (int i = 2; i < argc; i++) {
    if (!compile(ctx, argv[i])) continue;
    print_exception(ctx);
    return 1;
  }
  return archive_finish(stdout) ? 1 : 0;
}
