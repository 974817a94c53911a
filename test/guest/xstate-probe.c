/*
 * Does what an old User-Mode Linux kernel does: sets a stopped child's extended state from a buffer that ends early, before the
 * last 64 bytes that the processor has. Prints "refused" and the errno's number, or "taken" and whether the register that was changed
 * in the buffer has changed in the child, too, and all that the buffer does not reach is as before.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { XMM0 = 160 }; /* Intel SDM volume 1, "Layout of the 64-bit mode FXSAVE map" */

static char before[1 << 16], after[1 << 16];

static size_t read_state(int child, char *state) {
  struct iovec all = {state, sizeof before};
  ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &all);
  return all.iov_len;
}

int main(void) {
  int child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    return raise(SIGSTOP);
  }
  waitpid(child, 0, 0);

  struct iovec early = {before, read_state(child, before) - 64};
  before[XMM0] ^= 0x55;
  before[512] |= 2; /* XSTATE_BV: the state has xmm registers, used or not */
  if (ptrace(PTRACE_SETREGSET, child, NT_X86_XSTATE, &early) < 0) {
    printf("refused %d\n", errno);
  } else {
    size_t length = read_state(child, after);
    int same = memcmp(before + early.iov_len, after + early.iov_len, length - early.iov_len) == 0;
    printf("taken, %s, %s\n", after[XMM0] == before[XMM0] ? "changed" : "lost", same ? "rest kept" : "rest changed");
  }
  return kill(child, SIGKILL);
}
