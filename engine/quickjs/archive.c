/* An archive has modules one behind the other: the name, the size here, the size of the bytecode, the bytecode. If the sizes differ, it is
 * deflated (RFC 1951). An empty name ends the archive. */
#include "archive.h"

#include <string.h>
#include <zlib.h>

#include "heap.h"
#include "process.h"

struct entry {
  const char *name;
  const uint8_t *code;
  uint32_t size, whole;
};

int archive_add(FILE *archive, const char *name, const uint8_t *code, size_t size) {
  uint32_t length = size;
  fwrite(name, 1, strlen(name) + 1, archive);
  fwrite(&length, 1, sizeof length, archive);
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
  memcpy(&entry->whole, next + sizeof entry->size, sizeof entry->whole);
  entry->code = (const uint8_t *)next + sizeof entry->size + sizeof entry->whole;
  *place = (const char *)entry->code + entry->size;
  return 1;
}

const char *archive_end(const char *place) {
  struct entry entry;
  while (take(&place, &entry)) continue;
  return place + 1;
}

/* zlib's memory. */
static void *take_memory(void *ctx, unsigned count, unsigned size) { return js_malloc(ctx, (size_t)count * size); }
static void give_memory(void *ctx, void *memory) { js_free(ctx, memory); }

/* Inflates an entry into memory of its whole size. Returns -1 if it is damaged, or if memory is missing. */
static int inflate_entry(JSContext *ctx, const struct entry *entry, uint8_t *code) {
  z_stream stream = {.next_in = (uint8_t *)entry->code,
                     .avail_in = entry->size,
                     .next_out = code,
                     .avail_out = entry->whole,
                     .zalloc = take_memory,
                     .zfree = give_memory,
                     .opaque = ctx};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return -1;
  int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return result == Z_STREAM_END && !stream.avail_out ? 0 : -1;
}

static JSModuleDef *read_code(JSContext *ctx, const uint8_t *code, size_t size) {
  JSValue module = JS_ReadObject(ctx, code, size, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(module)) return NULL;
  /* The context's list of modules has a reference of its own. */
  JS_FreeValue(ctx, module);
  return JS_VALUE_GET_PTR(module);
}

static JSModuleDef *read_module(JSContext *ctx, const struct entry *entry) {
  if (entry->size == entry->whole) return read_code(ctx, entry->code, entry->size);
  uint8_t *code = js_malloc(ctx, entry->whole);
  if (!code) return NULL;
  JSModuleDef *module = NULL;
  if (inflate_entry(ctx, entry, code))
    JS_ThrowInternalError(ctx, "module %s is damaged", entry->name);
  else
    module = read_code(ctx, code, entry->whole);
  js_free(ctx, code);
  return module;
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
