/* sendInBackground(socket, kept, message, stack): engine.ts describes it. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/syscall.h>

#include "module.h"
#include "process.h"

/* What the helper is to do. It lies at the upper end of the helper's stack. */
struct task {
  int socket, kept;
  const uint8_t *message;
  size_t length;
};

/* A system call that leaves errno alone: the helper and its parent share that variable, too. */
static long raw_syscall(long number, long a, long b, long c) {
#if defined __x86_64__
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
#elif defined __aarch64__
  register long x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x8 __asm__("x8") = number;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
  return x0;
#endif
}

static void close_all(int first, int last) {
  if (first <= last) raw_syscall(SYS_close_range, first, last, 0);
}

/* The helper. It runs in its parent's memory, also after its parent's end, and touches nothing there but its stack and the message. */
static int help(void *argument) {
  const struct task *task = argument;
  int socket = task->socket, kept = task->kept;
  int low = socket < kept ? socket : kept, high = socket < kept ? kept : socket;
  close_all(0, low - 1);
  close_all(low + 1, high - 1);
  close_all(high + 1, INT_MAX);
  raw_syscall(SYS_write, socket, (long)task->message, task->length);
  return 0;
}

/* The upper end of a stack, where a pointer may be kept. */
static struct task *top_of(uint8_t *stack, size_t size) {
  return (struct task *)((uintptr_t)(stack + size - sizeof(struct task)) & ~(uintptr_t)15);
}

static JSValue send_in_background(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  struct task task;
  size_t size;
  require_process(ctx, "sendInBackground() starts a process");
  if (JS_ToInt32(ctx, &task.socket, argv[0]) || JS_ToInt32(ctx, &task.kept, argv[1])) return JS_EXCEPTION;
  task.message = bytes_of(ctx, argv[2], &task.length);
  uint8_t *stack = (uint8_t *)bytes_of(ctx, argv[3], &size);
  if (!task.message || !stack) return JS_EXCEPTION;
  if (size < 8192) return JS_ThrowRangeError(ctx, "a stack of less than 8 KiB");
  /* Closes nothing, but tells whether the helper will be able to: Linux has close_range since 5.9. */
  long error = raw_syscall(SYS_close_range, UINT_MAX, UINT_MAX, 0);
  if (error) return JS_NewInt64(ctx, error);
  struct task *top = top_of(stack, size);
  *top = task;
  /* No signal at its end: so it is none of the children that are waited for when a program is run. */
  int pid = clone(help, top, CLONE_VM, top);
  return JS_NewInt64(ctx, pid == -1 ? -errno : pid);
}

MODULE(background, JS_CFUNC_DEF("sendInBackground", 4, send_in_background));
