/** The view of one run. */

import type { Registry } from '../../../shared/cni/plugin.ts'
import type { Call } from '../../form/verb.ts'
import type { View } from './fault.ts'

/** What cannot be looked at is a line on standard error, with what helps: a file of root is named, and is no finding. */
export function viewOf(plugins: Registry, complain: Call['complain']): View {
  const told = new Set<string>()
  return {
    plugins,
    leftOut(where, why) {
      if (told.has(`${where} ${why}`)) return
      told.add(`${where} ${why}`)
      const hint = /\bE(ACCES|PERM)\b|first process/.test(why) ? 'run it as root' : undefined
      complain(where, { msg: `not seen: ${why}`, hint })
    },
  }
}
