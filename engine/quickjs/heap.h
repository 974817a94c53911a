/* The heap: all memory of QuickJS. It begins with what the build has made, which the executable contains. */
#pragma once

#include <quickjs.h>

struct block;

/* The number of sizes that blocks have. */
#define CLASSES 112

/* The beginning of the heap. */
struct heap {
  JSRuntime *runtime;
  JSContext *context;
  /* entry.ts's function `begin`, which runs the program. */
  JSValue begin;
  /* 0 while the build makes the heap, 1 in the executable that begins with it. */
  int is_finished;
  /* Modules that the heap does not contain (archive.h). */
  const char *archive;
  /* Memory that has not been used yet, and of it the part for small blocks. */
  char *unused, *limit, *next, *end;
  /* Memory for the time after the kernel has refused some; NULL when it is in use. */
  char *reserve;
  /* Freed blocks, by size. */
  struct block *freed[CLASSES];
};

static struct heap *const heap = (struct heap *)immortal_start;

/* From heap.ld: the archive behind the heap, free memory behind that, the reserve, and the end of the memory at the heap's address. */
extern char heap_archive[], heap_room[], heap_reserve[], heap_end[];

extern const JSMallocFunctions heap_functions;

/* Opens the archive and the memory behind what the build has made. */
void heap_start(void);
