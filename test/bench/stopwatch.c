/*
 * Runs a program to its end and prints its time and memory, without those of the benchmark itself:
 *   stopwatch INPUT OUTPUT PROGRAM
 * The program's standard input is the file INPUT, its output and errors go to the file OUTPUT, its environment
 * is ours. Printed: exit status, wall time in nanoseconds, user and system time in microseconds, and peak memory in
 * kilobytes. The latter three count the programs that it ran and waited for: times are summed, memory is the largest
 * single process's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: stopwatch INPUT OUTPUT PROGRAM\n");
    return 2;
  }
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, argv[1], O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);

  pid_t pid;
  int status;
  struct rusage used;
  long long start = nanoseconds();
  int error = posix_spawn(&pid, argv[3], &files, NULL, argv + 3, environ);
  if (error) {
    fprintf(stderr, "%s: %s\n", argv[3], strerror(error));
    return 2;
  }
  if (wait4(pid, &status, 0, &used) < 0) {
    perror("wait4");
    return 2;
  }
  long long wall = nanoseconds() - start;
  printf("%d %lld %lld %lld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall,
         microseconds(used.ru_utime), microseconds(used.ru_stime), used.ru_maxrss);
  return 0;
}
