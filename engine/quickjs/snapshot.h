/* The build's part of the engine. */
#pragma once

/* Makes the heap: reads the bytecode from standard input, evaluates it, writes the heap to standard output. Returns the exit status. */
int make_snapshot(void);
