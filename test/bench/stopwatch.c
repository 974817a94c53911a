/*
 * Runs programs to their end, some at once, and prints the time, faults and memory of each, without those of the benchmark itself:
 *   stopwatch AT_ONCE [PID] < CALLS
 * It enters the network and mount namespaces of PID first. CALLS is a list of strings, each with a NUL behind it; for each
 * call: a file for its standard input, a file for its output and errors, its arguments, an empty string, its environment,
 * an empty string. Printed is a line for each call, in their order: exit status, wall time in nanoseconds, user and system
 * time in microseconds, minor faults, peak memory in kilobytes. All but the first two count the programs that it ran and waited
 * for: summed, but for memory, which is the largest single process's. The last line is the wall time of all calls together.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_calls = 1024, most_strings = 64 };

struct call {
  char *input, *output, *arguments[most_strings], *environment[most_strings];
  pid_t pid;
  long long start, wall;
  int status;
  struct rusage used;
};

static struct call calls[most_calls];

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

static void enter(const char *pid) {
  const struct { const char *name; int type; } spaces[] = {{"net", CLONE_NEWNET}, {"mnt", CLONE_NEWNS}};
  int files[2];
  for (int n = 0; n < 2; n++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, spaces[n].name);
    if ((files[n] = open(path, O_RDONLY | O_CLOEXEC)) < 0) fail(path);
  }
  for (int n = 0; n < 2; n++)
    if (setns(files[n], spaces[n].type) < 0) fail("setns");
}

/* The string at `at`, which is moved behind it. */
static char *next(char **at) {
  char *string = *at;
  *at += strlen(string) + 1;
  return string;
}

static void read_list(char **at, char **list) {
  for (int n = 0; n < most_strings - 1; n++)
    if (!*(list[n] = next(at))) {
      list[n] = NULL;
      return;
    }
  fprintf(stderr, "more than %d arguments or variables\n", most_strings - 2);
  exit(2);
}

/* Returns the number of calls. */
static int read_calls(void) {
  size_t size = 0;
  char *text = NULL;
  FILE *copy = open_memstream(&text, &size);
  char part[65536];
  for (size_t length; (length = fread(part, 1, sizeof part, stdin)) > 0;) fwrite(part, 1, length, copy);
  fclose(copy);
  int count = 0;
  for (char *at = text; at < text + size && count < most_calls; count++) {
    calls[count].input = next(&at);
    calls[count].output = next(&at);
    read_list(&at, calls[count].arguments);
    read_list(&at, calls[count].environment);
  }
  return count;
}

static void start(struct call *call) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, call->input, O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, call->output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  call->start = nanoseconds();
  int error = posix_spawn(&call->pid, call->arguments[0], &files, NULL, call->arguments, call->environment);
  posix_spawn_file_actions_destroy(&files);
  if (error) {
    fprintf(stderr, "%s: %s\n", call->arguments[0], strerror(error));
    exit(2);
  }
}

/* Waits for whichever of the calls ends first. */
static void finish(int count) {
  int status;
  struct rusage used;
  pid_t pid = wait4(-1, &status, 0, &used);
  if (pid < 0) fail("wait4");
  for (int n = 0; n < count; n++)
    if (calls[n].pid == pid) {
      calls[n].wall = nanoseconds() - calls[n].start;
      calls[n].status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      calls[n].used = used;
    }
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) {
    fprintf(stderr, "usage: stopwatch AT_ONCE [PID] < CALLS\n");
    return 2;
  }
  int at_once = atoi(argv[1]), count = read_calls();
  if (argc == 3) enter(argv[2]);
  long long begin = nanoseconds();
  for (int started = 0, ended = 0; ended < count; ended++) {
    while (started < count && started - ended < at_once) start(&calls[started++]);
    finish(started);
  }
  long long whole = nanoseconds() - begin;
  for (int n = 0; n < count; n++) {
    struct call *call = &calls[n];
    printf("%d %lld %lld %lld %ld %ld\n", call->status, call->wall, microseconds(call->used.ru_utime),
           microseconds(call->used.ru_stime), call->used.ru_minflt, call->used.ru_maxrss);
  }
  printf("%lld\n", whole);
  return 0;
}
