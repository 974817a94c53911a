/* Entry point of the QuickJS executable. Its heap has been made at build (snapshot.c): nothing is left but to call `begin`. */
#include "heap.h"
#include "process.h"
#include "snapshot.h"
#include "stack.h"

int main(int argc, char **argv) {
  if (!heap->is_finished) return make_snapshot();
  process_start(argc, argv);
  heap_start();
  limit_stack(heap->runtime);
  settle(heap->context, JS_Call(heap->context, heap->begin, JS_UNDEFINED, 0, NULL));
  /* `begin` always exits. Here it has failed, and its error is on standard error. */
  return 1;
}
