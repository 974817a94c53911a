/* Makes the heap that the executable begins with, at build: docs/engine.md. It contains entry.js, with all modules that this imports.
 * Nothing of the building machine may get into the heap: it runs on a stack at a fixed address, and without a process (process.h). */
#define _GNU_SOURCE
#include "snapshot.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "heap.h"
#include "module.h"
#include "process.h"

extern const struct module background_module, bytes_module, process_module, sha512_module, spawn_module,
    syscall_module;

static const struct module *const modules[] = {&background_module, &bytes_module, &process_module, &sha512_module,
                                              &spawn_module, &syscall_module};

#define PAGE 4096
/* The end of the heap's memory, which is not written out: the stack, then the bytecode. The stack has no guard page, and is larger than
 * what QuickJS allows itself (JS_DEFAULT_STACK_SIZE). */
#define LARGEST_BYTECODE (16 << 20)
#define STACK (4 << 20)
#define stack_end (heap_end - LARGEST_BYTECODE)

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
  for (size_t i = 0; i < countof(modules); i++) {
    JSModuleDef *module = JS_NewCModule(ctx, modules[i]->name, modules[i]->initialize);
    JS_AddModuleExportList(ctx, module, modules[i]->functions, modules[i]->count);
  }
  return ctx;
}

static void new_heap(void) {
  heap->unused = (char *)(heap + 1);
  heap->limit = stack_end - STACK;
  heap->runtime = JS_NewRuntime2(&heap_functions, NULL);
  /* No garbage collection: a call is too short to need it. */
  JS_SetGCThreshold(heap->runtime, (size_t)-1);
  JS_SetModuleLoaderFunc(heap->runtime, NULL, archive_load, NULL);
  heap->context = new_context(heap->runtime);
}

/* Two archives come from standard input: the modules of the heap, and the others. */
static int read_archives(JSContext *ctx) {
  heap->archive = stack_end;
  if (fread(stack_end, 1, LARGEST_BYTECODE, stdin) < LARGEST_BYTECODE) return 0;
  JS_ThrowRangeError(ctx, "the bytecode has more than %d bytes", LARGEST_BYTECODE - 1);
  return -1;
}

static JSModuleDef *evaluate_entry(JSContext *ctx) {
  JSModuleDef *module = archive_load(ctx, "entry.js", NULL);
  if (!module || settle(ctx, JS_LoadModule(ctx, "", "entry.js"))) return NULL;
  JS_ForgetModuleCode(ctx);
  return module;
}

/* Calls entry.ts's function `prepare`, and keeps its function `begin`. */
static int take_entry(JSContext *ctx, JSModuleDef *module) {
  if (!module) return -1;
  JSValue exports = JS_GetModuleNamespace(ctx, module);
  JSValue prepare = JS_GetPropertyStr(ctx, exports, "prepare");
  heap->begin = JS_GetPropertyStr(ctx, exports, "begin");
  JS_FreeValue(ctx, exports);
  int failed = settle(ctx, JS_Call(ctx, prepare, JS_UNDEFINED, 0, NULL));
  JS_FreeValue(ctx, prepare);
  return failed;
}

/* Evaluates the other modules, in a process of which nothing is kept: what they ask the machine for fails the build, too. */
static int try_others(JSContext *ctx) {
  int status;
  heap->archive = archive_end(heap->archive);
  pid_t pid = fork();
  if (!pid) _exit(archive_evaluate(ctx) ? 1 : 0);
  return pid == -1 || waitpid(pid, &status, 0) == -1 || status ? -1 : 0;
}

/* Ends the heap at the end of a page, and forgets freed blocks: the process begins with fresh pages. */
static int finish_heap(void) {
  JS_RunGC(heap->runtime);
  if (JS_MakeImmortal(heap->runtime)) return -1;
  memset(heap->freed, 0, sizeof heap->freed);
  heap->next = heap->end = NULL;
  heap->unused += -(uintptr_t)heap->unused % PAGE;
  heap->is_finished = 1;
  return 0;
}

static int write_heap(void) {
  size_t size = heap->unused - (char *)heap;
  return fwrite(heap, 1, size, stdout) == size && !fflush(stdout) ? 0 : -1;
}

static int make_heap(void *unused) {
  new_heap();
  JSContext *ctx = heap->context;
  int failed = read_archives(ctx) || take_entry(ctx, evaluate_entry(ctx)) || try_others(ctx) ||
               finish_heap() || write_heap();
  if (JS_HasException(ctx)) print_exception(ctx);
  _exit(failed ? 1 : 0);
}

int make_snapshot(void) {
  int status;
  pid_t pid = clone(make_heap, stack_end, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
  if (pid == -1 || waitpid(pid, &status, 0) == -1) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
