/* Modules as bytecode: those that the heap does not contain are read when they are imported. */
#pragma once

#include <quickjs.h>
#include <stdio.h>

/* Writes a module to an archive, or its end. Both return -1 on failure. */
int archive_add(FILE *archive, const char *name, const uint8_t *code, size_t size);
int archive_finish(FILE *archive);

/* Reads a module from the heap's archive: a JSModuleLoaderFunc. */
JSModuleDef *archive_load(JSContext *ctx, const char *name, void *opaque);

/* The place behind an archive. */
const char *archive_end(const char *archive);

/* Evaluates all modules of the heap's archive. Returns -1 after an exception, which it prints. */
int archive_evaluate(JSContext *ctx);
