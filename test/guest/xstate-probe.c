/*
 * Does what an old User-Mode Linux kernel does: sets a stopped child's extended state from a buffer that ends early. This one ends
 * before the upper halves of the ymm registers (AVX). Prints "refused" and the errno's number; or "taken", whether the xmm register that
 * differs in the buffer has changed in the child, and whether the halves that the buffer does not reach are as before.
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

/* Offsets in the standard format: Intel SDM volume 1, "XSAVE area". */
enum { XMM0 = 160, XSTATE_BV = 512, YMM_HIGH = 576, SSE_AND_AVX = 2 | 4 };

static char state[1 << 16], after[1 << 16];

static size_t get(int child, char *bytes) {
  struct iovec all = {bytes, sizeof state};
  return ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &all) < 0 ? 0 : all.iov_len;
}

static int set(int child, size_t length) {
  struct iovec part = {state, length};
  return ptrace(PTRACE_SETREGSET, child, NT_X86_XSTATE, &part);
}

int main(void) {
  int child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    return raise(SIGSTOP);
  }
  waitpid(child, 0, 0);

  size_t whole = get(child, state);
  state[XSTATE_BV] |= SSE_AND_AVX;
  state[YMM_HIGH] = 0x77;
  if (set(child, whole) < 0) return kill(child, SIGKILL), perror("set the whole state"), 1;

  state[XMM0] ^= 0x55;
  if (set(child, YMM_HIGH) < 0) {
    printf("refused %d\n", errno);
  } else {
    get(child, after);
    printf("taken, %s, ", after[XMM0] == state[XMM0] ? "changed" : "lost");
    puts(after[YMM_HIGH] == 0x77 ? "rest kept" : "rest lost");
  }
  return kill(child, SIGKILL);
}
