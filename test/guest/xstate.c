/*
 * Lets an older User-Mode Linux kernel, such as 6.1, run on a processor with AMX (`amx_tile` in /proc/cpuinfo): an LD_PRELOAD for the
 * kernel alone. Such a kernel sets a process's floating-point state with PTRACE_SETREGSET from a buffer as large as the states
 * that it knows. A host whose processor has more refuses that with EFAULT, and the guest panics at its first process: "ptrace
 * set fp regs failed, errno = 14". Here the whole state is read first, and its beginning replaced by the guest's part.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* include/uapi/linux/ptrace.h. Not <sys/ptrace.h>, which declares ptrace otherwise. */
enum { PEEKTEXT = 1, PEEKUSR = 3, GETREGSET = 0x4204, SETREGSET = 0x4205 };

static char whole[1 << 16] __attribute__((aligned(64)));

/* The process's whole state with its beginning replaced by the part; the part itself when it is complete. */
static struct iovec *completed(int pid, struct iovec *part) {
  static struct iovec full;
  full = (struct iovec){whole, sizeof whole};
  if (syscall(SYS_ptrace, GETREGSET, pid, NT_X86_XSTATE, &full) < 0 || part->iov_len >= full.iov_len) return part;
  memcpy(whole, part->iov_base, part->iov_len);
  return &full;
}

/* The system call stores the word that is read; libc's ptrace(2) returns it. */
static long peek(int request, int pid, void *address) {
  long word;
  if (syscall(SYS_ptrace, request, pid, address, &word) < 0) return -1;
  errno = 0;
  return word;
}

/* ptrace(2). */
long ptrace(int request, ...) {
  va_list list;
  va_start(list, request);
  int pid = va_arg(list, int);
  void *address = va_arg(list, void *), *data = va_arg(list, void *);
  va_end(list);

  if (request >= PEEKTEXT && request <= PEEKUSR) return peek(request, pid, address);
  if (request == SETREGSET && address == (void *)NT_X86_XSTATE) data = completed(pid, data);
  return syscall(SYS_ptrace, request, pid, address, data);
}
