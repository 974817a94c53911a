/* The same faults for the node executable, which finds libc's functions by name: LD_PRELOAD puts these in their place. */
#define _GNU_SOURCE
#include <dlfcn.h>

typedef long system_call(long number, long, long, long, long, long, long);
typedef int replacement(const char *path, char *const argv[], char *const env[]);

system_call __wrap_syscall;
replacement __wrap_execve;

long __real_syscall(long number, long a, long b, long c, long d, long e, long f) {
  return ((system_call *)dlsym(RTLD_NEXT, "syscall"))(number, a, b, c, d, e, f);
}

int __real_execve(const char *path, char *const argv[], char *const env[]) {
  return ((replacement *)dlsym(RTLD_NEXT, "execve"))(path, argv, env);
}

long syscall(long number, long a, long b, long c, long d, long e, long f) {
  return __wrap_syscall(number, a, b, c, d, e, f);
}

int execve(const char *path, char *const argv[], char *const env[]) { return __wrap_execve(path, argv, env); }
