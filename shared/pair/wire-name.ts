/** The key `wire`: which wire of its network a container joins. */

import { isIdentifier } from '../config/names.ts'
import { text } from '../config/schema.ts'

/** The rule for a wire's name is that for networks and containers (spec section "Network configuration"). */
export const wireName = text(
  'a name of letters, digits, "_", "." and "-" that begins with a letter or digit',
  isIdentifier,
  { title: 'name', pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$' },
)
