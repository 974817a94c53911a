/** Words and flags that several verbs of `patchbay pool` have. */

import type { Flags, Word } from '../form/verb.ts'

export const storeFlag: Flags = {
  '--store': {
    ...{ takes: 'one', value: 'FILE', names: 'file' },
    means:
      'The file with the store: endpoints, ca, cert, key, prefix. Default: /etc/patchbay/store.json, or else the store that all networks of this host name.',
  },
}

export const poolWord: Word = { name: 'NAME', means: 'The name of the pool.', count: 'one' }

export const dryRun: Flags = {
  '--dry-run': { takes: 'none', means: 'Say what would be done, and change nothing.' },
}

export const rangeFlag = (means: string): Flags => ({
  '--range': { takes: 'one', value: 'SUBNET[,KEY=VALUE…]', means },
})
