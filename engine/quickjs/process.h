/* The process: what of it JavaScript sees, and the rules for the time at which there is none yet. */
#pragma once

#include <quickjs.h>

/* Keeps the command line for JavaScript, and makes the process ready for it. */
void process_start(int argc, char **argv);

/* Ends the build, with an error that names the module, if one uses the machine while it is evaluated. */
void require_process(JSContext *ctx, const char *use);

/* Prints the current exception and where it was thrown to standard error. */
void print_exception(JSContext *ctx);

/* Runs JavaScript until nothing is left to do. Returns -1 after an exception, or if a promise is not fulfilled: that is printed. Frees the value. */
int settle(JSContext *ctx, JSValue value);
