/* Faults in the engine's system calls, for tests. The linker puts these functions in the place of libc's, in the test build only.
 *   PATCHBAY_FAULT=NUMBER:NTH:ACTION   what happens to the NTH call with this number: an errno, `kill`, or `stop` until SIGCONT
 *   PATCHBAY_CALLS=FILE                a line NUMBER:NTH is appended for each call
 *   PATCHBAY_LINGER=MILLISECONDS       a helper waits so long before it ends
 *   PATCHBAY_HASTE=N                   time passes N times as fast: a wait of 90 s takes 90 ms with 1000 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

long __real_syscall(long number, long, long, long, long, long, long);
int __real_execve(const char *path, char *const argv[], char *const env[]);
int __real_clone(int (*run)(void *), void *stack, int flags, void *argument);

#define NUMBERS 512

/* The calls that were made, by number. Shared with forked children, so that each execve has a number of its own. */
static long *made;

__attribute__((constructor)) static void start(void) {
  made = mmap(NULL, NUMBERS * sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) abort();
}

static void note(const char *call) {
  const char *file = getenv("PATCHBAY_CALLS");
  if (!file) return;
  int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd == -1 || dprintf(fd, "%s\n", call) < 0) abort();
  close(fd);
}

/* The errno with which this call fails; 0 when it is to be executed. */
static int fault(long number) {
  char call[32];
  if (number < 0 || number >= NUMBERS) abort();
  int length = snprintf(call, sizeof call, "%ld:%ld", number, ++made[number]);
  note(call);
  const char *chosen = getenv("PATCHBAY_FAULT");
  if (!chosen || strncmp(chosen, call, length) || chosen[length] != ':') return 0;
  const char *action = chosen + length + 1;
  if (!strcmp(action, "kill")) raise(SIGKILL);
  if (!strcmp(action, "stop")) raise(SIGSTOP);
  return atoi(action);
}

#define SECOND 1000000000LL

static void multiply(struct timespec *time, long long by, long long over) {
  long long nanoseconds = (time->tv_sec * SECOND + time->tv_nsec) * by / over;
  *time = (struct timespec){nanoseconds / SECOND, nanoseconds % SECOND};
}

/* The system call, with clock and waits in haste. */
static long execute(long number, long a, long b, long c, long d, long e, long f) {
  const char *text = getenv("PATCHBAY_HASTE");
  long long haste = text ? atoll(text) : 1;
  struct timespec wait;
  if (number == SYS_ppoll && c) {
    wait = *(struct timespec *)c;
    multiply(&wait, 1, haste);
    c = (long)&wait;
  }
  long result = __real_syscall(number, a, b, c, d, e, f);
  if (number == SYS_clock_gettime && a == CLOCK_MONOTONIC) multiply((struct timespec *)b, haste, 1);
  return result;
}

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  int error = fault(number);
  if (!error) return execute(number, a, b, c, d, e, f);
  errno = error;
  return -1;
}

/* In the place of a helper that cannot send. */
static int end(void *argument) { return 0; }

/* What a helper does. All helpers do the same. */
static int (*run_helper)(void *);

static int linger(void *argument) {
  const char *text = getenv("PATCHBAY_LINGER");
  long long nanoseconds = text ? atoll(text) * SECOND / 1000 : 0;
  run_helper(argument);
  nanosleep(&(struct timespec){nanoseconds / SECOND, nanoseconds % SECOND}, NULL);
  return 0;
}

/* What a helper sends counts as a call of the process that makes the helper: it fails in the helper, and kills or stops the process before. */
int __wrap_clone(int (*run)(void *), void *stack, int flags, void *argument) {
  int error = fault(SYS_clone);
  run_helper = run;
  if (!error) return __real_clone(fault(SYS_sendto) ? end : linger, stack, flags, argument);
  errno = error;
  return -1;
}

int __wrap_execve(const char *path, char *const argv[], char *const env[]) {
  int error = fault(SYS_execve);
  if (!error) return __real_execve(path, argv, env);
  errno = error;
  return -1;
}
