/** Every plugin by the name it is called by. Only the one that was called is loaded. */

import type { Registry } from '../shared/cni/plugin.ts'

export const plugins: Registry = {
  bridge: async () => (await import('./bridge/plugin.ts')).bridge,
  'host-local': async () => (await import('./host-local/plugin.ts')).hostLocal,
}
