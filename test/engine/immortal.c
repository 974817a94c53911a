/* Finds stray writes to the heap that the executable begins with, for tests: at its end, the counts of all immortal objects must be as they were.
 *   PATCHBAY_STRAY=1   such a write is made */
#include <stdio.h>
#include <stdlib.h>

#include "heap.h"

static void stray(void) {
  JSValue *begin = &heap->begin;
  ++*(int *)JS_VALUE_GET_PTR(*begin);
}

static void check(void) {
  if (!heap->is_finished || JS_VALUE_GET_TAG(heap->begin) != JS_TAG_OBJECT) return;
  if (getenv("PATCHBAY_STRAY")) stray();
  const void *written = JS_FindMortal(heap->runtime);
  if (!written) return;
  fprintf(stderr, "the immortal object at %p has been written\n", written);
  abort();
}

__attribute__((constructor)) static void start(void) { atexit(check); }
