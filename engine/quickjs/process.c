/* The process: command line, environment, exit, time, random numbers, and the printing of errors. */
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "heap.h"
#include "module.h"

extern char **environ;

static int argument_count;
static char **arguments;

/* Opens closed standard streams: the next opened file would get the stream's number, and its output. */
static void open_standard_streams(void) {
  struct pollfd streams[] = {{0}, {1}, {2}};
  poll(streams, countof(streams), 0);
  for (size_t fd = 0; fd < countof(streams); fd++)
    if (streams[fd].revents & POLLNVAL) open("/dev/null", O_RDWR);
}

/* With this handler, a write into a broken pipe fails with EPIPE. SIG_IGN would be inherited by the programs that are run. */
static void on_broken_pipe(int signal) {}

/* Makes the linker's tables read-only (RELRO), which musl leaves out for a program without relocations. */
static void protect_tables(void) {
  const ElfW(Phdr) *header = (const ElfW(Phdr) *)getauxval(AT_PHDR);
  for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++, header++)
    if (header->p_type == PT_GNU_RELRO &&
        mprotect((void *)(header->p_vaddr & -getauxval(AT_PAGESZ)), header->p_memsz, PROT_READ))
      abort();
}

void process_start(int argc, char **argv) {
  protect_tables();
  argument_count = argc;
  arguments = argv;
  open_standard_streams();
  signal(SIGPIPE, on_broken_pipe);
}

static void print_value(JSContext *ctx, JSValue value) {
  const char *text = JS_ToCString(ctx, value);
  dprintf(STDERR_FILENO, "%s\n", text ? text : "an exception that is no text");
  JS_FreeCString(ctx, text);
  JS_FreeValue(ctx, value);
}

void print_exception(JSContext *ctx) {
  JSValue error = JS_GetException(ctx);
  print_value(ctx, JS_DupValue(ctx, error));
  if (JS_IsError(ctx, error)) print_value(ctx, JS_GetPropertyStr(ctx, error, "stack"));
  JS_FreeValue(ctx, error);
}

void require_process(JSContext *ctx, const char *use) {
  if (heap->is_finished) return;
  JS_ThrowTypeError(ctx, "%s, but a module is evaluated when the executable is built", use);
  print_exception(ctx);
  _exit(1);
}

/* Runs the jobs. Returns -1 after an exception. */
static int run_jobs(JSContext *ctx) {
  for (;;) {
    int result = JS_ExecutePendingJob(JS_GetRuntime(ctx), &ctx);
    if (result <= 0) return result;
  }
}

int settle(JSContext *ctx, JSValue value) {
  int failed = JS_IsException(value) || run_jobs(ctx) < 0;
  int state = failed ? -1 : (int)JS_PromiseState(ctx, value);
  if (state == JS_PROMISE_REJECTED) JS_Throw(ctx, JS_PromiseResult(ctx, value));
  if (state == JS_PROMISE_PENDING) JS_ThrowInternalError(ctx, "a promise is not settled, and nothing is left to do");
  failed |= state == JS_PROMISE_REJECTED || state == JS_PROMISE_PENDING;
  if (failed) print_exception(ctx);
  JS_FreeValue(ctx, value);
  return failed ? -1 : 0;
}

uint64_t engine_random(JSContext *ctx) {
  uint64_t bits;
  require_process(ctx, "Math.random() asks for a random number");
  if (getrandom(&bits, sizeof bits, 0) != sizeof bits) abort();
  return bits;
}

int64_t engine_now(JSContext *ctx) {
  struct timespec now;
  require_process(ctx, "Date asks for the time");
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static JSValue command_line(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  require_process(ctx, "commandLine() reads the command line");
  JSValue list = JS_NewArray(ctx);
  for (int i = 0; i < argument_count; i++) JS_SetPropertyUint32(ctx, list, i, JS_NewString(ctx, arguments[i]));
  return list;
}

static JSValue environment(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  require_process(ctx, "environment() reads the environment");
  JSValue variables = JS_NewObject(ctx);
  for (char **variable = environ; *variable; variable++) {
    const char *value = strchr(*variable, '=');
    if (!value) continue;
    JSAtom name = JS_NewAtomLen(ctx, *variable, value - *variable);
    JS_DefinePropertyValue(ctx, variables, name, JS_NewString(ctx, value + 1), JS_PROP_C_W_E);
    JS_FreeAtom(ctx, name);
  }
  return variables;
}

static JSValue leave(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  int32_t status;
  require_process(ctx, "exit() ends the process");
  if (JS_ToInt32(ctx, &status, argv[0])) return JS_EXCEPTION;
  exit(status);
}

/* Objects of the heap's image are in no list of the collection: it counts their references down and up again, and what they point to lives. */
static JSValue collect(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  require_process(ctx, "collect() is for processes that live for long");
  JS_RunGC(JS_GetRuntime(ctx));
  return JS_UNDEFINED;
}

MODULE(process, JS_CFUNC_DEF("collect", 0, collect), JS_CFUNC_DEF("commandLine", 0, command_line),
       JS_CFUNC_DEF("environment", 0, environment), JS_CFUNC_DEF("exit", 1, leave));
