/* Allocates QuickJS's memory: blocks of fixed sizes, from one piece of memory at a fixed address; when that is used up, from
 * the kernel. What the build has made is never freed, nor used anew: its pages stay those of the executable. */
#define _GNU_SOURCE
#include "heap.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

struct block {
  size_t size;
  union {
    char memory[1];
    struct block *next;
  };
};

#define HEADER offsetof(struct block, memory)

/* Small blocks are cut from chunks of memory, one behind the other. A block with its header is small up to this size. */
#define SMALL ((size_t)1 << 10)
#define CHUNK ((size_t)1 << 14)
/* What is taken from the kernel at least. */
#define PIECE ((size_t)1 << 20)
/* Larger blocks are mappings of their own. It is the size of a class: to round a size up does not exceed it. */
#define LARGE ((size_t)1 << 18)
#define LARGEST ((size_t)1 << 40)

void heap_start(void) {
  heap->archive = heap_archive;
  heap->unused = heap_room;
  heap->reserve = heap_reserve;
  heap->limit = heap_reserve;
}

static struct block *block_of(const void *memory) { return (struct block *)((char *)memory - HEADER); }

/* The index of a size in the list of freed blocks. Raises it: up to 128 to a multiple of 8, then in eight steps to twice. */
static unsigned class_of(size_t *size) {
  unsigned shift = *size <= 128 ? 3 : 60 - __builtin_clzl(*size - 1);
  size_t steps = *size ? ((*size - 1) >> shift) + 1 : 1;
  *size = steps << shift;
  return (shift - 3) * 8 + steps;
}

/* The kernel has no memory: what JavaScript does now is to answer an exception, and the reserve is for that. Returns NULL. */
static void *out_of_memory(void) {
  if (heap->reserve && heap->limit - heap->unused < heap_end - heap_reserve) {
    heap->unused = heap->reserve;
    heap->limit = heap_end;
    heap->reserve = NULL;
  }
  return NULL;
}

static void *map_memory(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? out_of_memory() : memory;
}

/* Memory from the heap's address; when there is none left, from the kernel. The build must not use any other. */
static char *take_unused(size_t size) {
  if (size > (size_t)(heap->limit - heap->unused)) {
    size_t piece = size < PIECE ? PIECE : size;
    char *memory = heap->is_finished ? map_memory(piece) : NULL;
    if (!memory) return NULL;
    heap->unused = memory;
    heap->limit = memory + piece;
  }
  heap->unused += size;
  return heap->unused - size;
}

/* Cuts small blocks from this memory from now on. */
static int cut_small_from(char *memory, size_t size) {
  if (!memory) return 0;
  heap->next = memory;
  heap->end = memory + size;
  return 1;
}

/* Cuts small blocks from a freed block that is not small. */
static int cut_small_from_freed(void) {
  size_t least = SMALL + 1;
  for (unsigned class = class_of(&least); class < CLASSES; class++) {
    struct block *block = heap->freed[class];
    if (!block) continue;
    heap->freed[class] = block->next;
    return cut_small_from((char *)block, HEADER + block->size);
  }
  return 0;
}

/* `is_zero` says whether the block is zeroed: what has not been used yet is. */
static void *new_block(size_t size, int *is_zero) {
  struct block *block;
  size_t whole = HEADER + size;
  if (whole > SMALL) {
    block = (struct block *)take_unused(whole);
    if (!block) return NULL;
    *is_zero = 1;
  } else {
    int is_short = whole > (size_t)(heap->end - heap->next);
    if (is_short && !cut_small_from_freed() && !cut_small_from(take_unused(CHUNK), CHUNK)) return NULL;
    block = (struct block *)heap->next;
    heap->next += whole;
  }
  block->size = size;
  return block->memory;
}

static void *new_large_block(size_t size, int *is_zero) {
  struct block *block = size < LARGEST ? map_memory(HEADER + size) : NULL;
  if (!block) return NULL;
  *is_zero = 1;
  block->size = size;
  return block->memory;
}

static void *allocate(size_t size, int *is_zero) {
  if (size > LARGE && heap->is_finished) return new_large_block(size, is_zero);
  if (size > LARGE) return new_block((size + 7) & ~(size_t)7, is_zero);
  struct block **freed = &heap->freed[class_of(&size)];
  if (!*freed) return new_block(size, is_zero);
  char *memory = (*freed)->memory;
  *freed = (*freed)->next;
  return memory;
}

static void *heap_allocate(JSMallocState *state, size_t size) {
  int is_zero;
  return allocate(size, &is_zero);
}

static void *heap_allocate_zeroed(JSMallocState *state, size_t size) {
  int is_zero = 0;
  void *memory = allocate(size, &is_zero);
  return memory && !is_zero ? memset(memory, 0, size) : memory;
}

static void heap_free(JSMallocState *state, void *memory) {
  if (!memory || JS_IsImmortal(memory)) return;
  struct block *block = block_of(memory);
  size_t size = block->size;
  if (size > LARGE) {
    if (heap->is_finished) munmap(block, HEADER + size);
    return;
  }
  struct block **freed = &heap->freed[class_of(&size)];
  block->next = *freed;
  *freed = block;
}

/* Changes the size of a block where it is. */
static void *resize_large_block(struct block *block, size_t size) {
  if (size >= LARGEST) return NULL;
  struct block *moved = mremap(block, HEADER + block->size, HEADER + size, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return out_of_memory();
  moved->size = size;
  return moved->memory;
}

static void *heap_reallocate(JSMallocState *state, void *memory, size_t size) {
  if (!memory) return size ? heap_allocate(state, size) : NULL;
  size_t old = block_of(memory)->size;
  if (size <= old && size >= old / 2) return memory;
  if (size > LARGE && old > LARGE && !JS_IsImmortal(memory) && heap->is_finished)
    return resize_large_block(block_of(memory), size);
  void *moved = size ? heap_allocate(state, size) : NULL;
  if (size && !moved) return NULL;
  if (moved) memcpy(moved, memory, old < size ? old : size);
  heap_free(state, memory);
  return moved;
}

static size_t heap_usable_size(const void *memory) { return memory ? block_of(memory)->size : 0; }

const JSMallocFunctions heap_functions = {heap_allocate, heap_free, heap_reallocate, heap_usable_size,
                                          heap_allocate_zeroed};
