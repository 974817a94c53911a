/* The table that the build makes: every module's bytecode by name; the last entry has no name. */
#include <stdint.h>

struct module {
  const char *name;
  const uint8_t *bytecode;
  const uint32_t *size;
};

extern const struct module modules[];
