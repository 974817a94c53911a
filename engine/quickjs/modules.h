/* The modules' bytecode by name: a table that the build generates. The last entry has no name. */
#include <stdint.h>

struct module {
  const char *name;
  const uint8_t *bytecode;
  const uint32_t *size;
};

extern const struct module modules[];
