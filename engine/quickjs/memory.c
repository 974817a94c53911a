/*
 * Memory for a process that lives for milliseconds: small blocks are cut from chunks, kept by their size when they are
 * freed, and never given back. That takes a tenth off every call. Large blocks are the C library's. Nothing is counted:
 * QuickJS wants the counts only for a memory limit and for its garbage collector, which are not used.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* A block begins at a multiple of ALIGNMENT, as malloc's do; right before it stands how many bytes it holds. */
enum { ALIGNMENT = 16, HEADER = sizeof(size_t), LARGEST = 2048 - HEADER, CHUNK = 256 << 10 };

struct freed {
  struct freed *next;
};

/* Freed blocks by what they hold, and what is left of the newest chunk. */
static struct freed *freed[(LARGEST + HEADER) / ALIGNMENT + 1];
static char *rest;
static size_t left;

static size_t *size_of(const void *block) { return (size_t *)block - 1; }

static struct freed **freed_like(size_t size) { return &freed[(size + HEADER) / ALIGNMENT]; }

/* What a small block holds that is asked to hold some bytes: with its header it ends where the next may begin. */
static size_t rounded(size_t size) { return ((size + HEADER + ALIGNMENT - 1) & -ALIGNMENT) - HEADER; }

/* The header of the first block lies in the first step of a chunk, which is lost. */
static int new_chunk(void) {
  char *chunk = malloc(CHUNK);
  if (!chunk) return 0;
  rest = chunk + ALIGNMENT;
  left = CHUNK - ALIGNMENT;
  return 1;
}

static void *new_small(size_t size) {
  struct freed **list = freed_like(size), *block = *list;
  if (block) {
    *list = block->next;
    return block;
  }
  if (left < size + HEADER && !new_chunk()) return NULL;
  void *fresh = rest;
  rest += size + HEADER;
  left -= size + HEADER;
  *size_of(fresh) = size;
  return fresh;
}

/* Allocates a large block, or changes one that is there. */
static void *new_large(void *old, size_t size) {
  char *start = realloc(old ? (char *)old - ALIGNMENT : NULL, ALIGNMENT + size);
  if (!start) return NULL;
  *size_of(start + ALIGNMENT) = size;
  return start + ALIGNMENT;
}

static void *allocate(JSMallocState *state, size_t size) {
  return size > LARGEST ? new_large(NULL, size) : new_small(rounded(size));
}

static void release(JSMallocState *state, void *block) {
  if (!block) return;
  size_t size = *size_of(block);
  if (size > LARGEST) {
    free((char *)block - ALIGNMENT);
  } else {
    struct freed **list = freed_like(size), *head = block;
    head->next = *list;
    *list = head;
  }
}

static void *resize(JSMallocState *state, void *old, size_t size) {
  if (!old) return size ? allocate(state, size) : NULL;
  size_t held = *size_of(old);
  if (size > LARGEST && held > LARGEST) return new_large(old, size);
  if (size > 0 && size <= held && held <= LARGEST) return old;
  void *block = size ? allocate(state, size) : NULL;
  if (block) memcpy(block, old, held < size ? held : size);
  if (block || !size) release(state, old);
  return block;
}

static size_t usable(const void *block) { return *size_of(block); }

const JSMallocFunctions memory = {allocate, release, resize, usable};
