/* spawn(argv, env, stdin, stdout, stderr) and become(argv, env): modules.d.ts describes them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "process.h"

/* The strings of a byte array, each of which ends with a NUL; after the last comes NULL. It is never freed. NULL with an exception. */
static char **string_list(JSContext *ctx, JSValueConst array) {
  size_t length, count = 0;
  char *at = (char *)bytes_of(ctx, array, &length);
  if (!at) return NULL;
  char *end = at + length;
  for (char *byte = at; byte < end; byte++) count += !*byte;
  char **list = js_mallocz(ctx, (count + 1) * sizeof *list);
  if (!list) return NULL;
  for (size_t i = 0; i < count; i++, at += strlen(at) + 1) list[i] = at;
  return list;
}

/* Closes all descriptors but the standard streams. close_range(2) is missing before Linux 5.9. */
static void close_others(void) {
  if (!syscall(SYS_close_range, 3, ~0U, 0)) return;
  DIR *open = opendir("/proc/self/fd");
  for (struct dirent *entry; open && (entry = readdir(open));)
    if (atoi(entry->d_name) > 2 && atoi(entry->d_name) != dirfd(open)) close(atoi(entry->d_name));
}

/* Becomes the program; with status 127, as a shell's, when it cannot be executed. */
static void become_program(char **argv, char **env, const int streams[3]) {
  setsid();
  for (int i = 0; i < 3; i++)
    if (dup2(streams[i], i) == -1) _exit(127);
  close_others();
  execve(argv[0], argv, env);
  _exit(127);
}

static JSValue spawn(JSContext *ctx, JSValueConst self, int argc, JSValueConst *arguments) {
  int streams[3];
  require_process(ctx, "spawn() starts a program");
  char **argv = string_list(ctx, arguments[0]), **env = argv ? string_list(ctx, arguments[1]) : NULL;
  if (!env) return JS_EXCEPTION;
  for (int i = 0; i < 3; i++)
    if (JS_ToInt32(ctx, &streams[i], arguments[2 + i])) return JS_EXCEPTION;
  pid_t pid = fork();
  if (pid == 0) become_program(argv, env, streams);
  return JS_NewInt32(ctx, pid == -1 ? -errno : pid);
}

static JSValue become(JSContext *ctx, JSValueConst self, int argc, JSValueConst *arguments) {
  require_process(ctx, "become() executes a program");
  char **argv = string_list(ctx, arguments[0]), **env = argv ? string_list(ctx, arguments[1]) : NULL;
  if (!env) return JS_EXCEPTION;
  execve(argv[0], argv, env);
  return JS_NewInt32(ctx, -errno);
}

MODULE(spawn, JS_CFUNC_DEF("spawn", 5, spawn), JS_CFUNC_DEF("become", 2, become));
