/** Kinds of links that the configured plugins make, and that the kernel neither has nor can load. */

import { hostSocket } from '../../../shared/attachment/sides.ts'
import { requireKind } from '../../../shared/link/kind.ts'
import { addCommand } from '../../../shared/netlink/kinds.ts'
import type { Fault, View } from '../frame/fault.ts'
import { hostOf } from '../frame/host.ts'
import { typeOf } from './wired.ts'

/** What plugins make. Those that are not here make what their name says, or nothing. */
const made: Readonly<Record<string, readonly string[]>> = {
  bridge: ['bridge', 'veth'],
  ptp: ['veth'],
  wire: ['veth'],
  vxlan: ['vxlan', 'bridge', 'veth'],
  tap: ['tun'],
}

/** Modules that are not named like their kind. By its own name a module is loaded although its alias is on a blacklist of modprobe.d. */
const modules: Readonly<Record<string, string>> = { vlan: '8021q', bond: 'bonding' }

const itself = [
  'macvlan',
  'macvtap',
  'ipvlan',
  'ipvtap',
  'vlan',
  'dummy',
  'vrf',
  'bond',
  'team',
  'macsec',
  'vcan',
  'vxcan',
]

export const kindMissing: Fault = {
  id: 'kind-missing',
  title: 'the kernel lacks a kind of link that a list needs',
  severity: 'error',
  before: true,
  look(view) {
    return [...needed(view)].flatMap(([kind, networks]) => {
      if (hasKind(kind)) return []
      const cause = `the kernel has no links of the kind ${kind}: containers of ${[...networks].join(', ')} are refused until its module is loaded, or the package of the kernel's extra modules is installed`
      const evidence = [{ where: addCommand(kind, 'lo'), value: 'Unknown device type' }]
      return [{ subject: kind, cause, evidence, mend: [`modprobe ${modules[kind] ?? kind}`] }]
    })
  },
}

/** Each kind with the networks that need it. */
function needed(view: View): Map<string, Set<string>> {
  const kinds = new Map<string, Set<string>>()
  for (const { raw, network } of hostOf(view).configurations.configured) {
    const type = typeOf(view, raw)
    for (const kind of made[type] ?? (itself.includes(type) ? [type] : []))
      kinds.set(kind, (kinds.get(kind) ?? new Set()).add(network))
  }
  return kinds
}

function hasKind(kind: string): boolean {
  try {
    requireKind(hostSocket(), kind)
    return true
  } catch {
    return false
  }
}
