/* An archive has modules one behind the other: the name, the size of the bytecode, the bytecode. An empty name ends it. */
#include "archive.h"

#include <string.h>

#include "heap.h"
#include "process.h"

struct entry {
  const char *name;
  const uint8_t *code;
  uint32_t size;
};

int archive_add(FILE *archive, const char *name, const uint8_t *code, size_t size) {
  uint32_t length = size;
  fwrite(name, 1, strlen(name) + 1, archive);
  fwrite(&length, 1, sizeof length, archive);
  fwrite(code, 1, size, archive);
  return ferror(archive) ? -1 : 0;
}

int archive_finish(FILE *archive) { return putc('\0', archive) == EOF || fflush(archive) ? -1 : 0; }

/* Takes the entry at a place, and moves the place behind it. Returns 0 at the end. */
static int take(const char **place, struct entry *entry) {
  const char *next = *place;
  if (!*next) return 0;
  entry->name = next;
  next += strlen(next) + 1;
  memcpy(&entry->size, next, sizeof entry->size);
  entry->code = (const uint8_t *)next + sizeof entry->size;
  *place = (const char *)entry->code + entry->size;
  return 1;
}

const char *archive_end(const char *place) {
  struct entry entry;
  while (take(&place, &entry)) continue;
  return place + 1;
}

static JSModuleDef *read_module(JSContext *ctx, const struct entry *entry) {
  JSValue module = JS_ReadObject(ctx, entry->code, entry->size, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(module)) return NULL;
  /* The context's list of modules has a reference of its own. */
  JS_FreeValue(ctx, module);
  return JS_VALUE_GET_PTR(module);
}

JSModuleDef *archive_load(JSContext *ctx, const char *name, void *opaque) {
  struct entry entry;
  for (const char *place = heap->archive; take(&place, &entry);)
    if (!strcmp(entry.name, name)) return read_module(ctx, &entry);
  JS_ThrowReferenceError(ctx, "there is no module %s", name);
  return NULL;
}

int archive_evaluate(JSContext *ctx) {
  struct entry entry;
  for (const char *place = heap->archive; take(&place, &entry);)
    if (settle(ctx, JS_LoadModule(ctx, "", entry.name))) return -1;
  return 0;
}
