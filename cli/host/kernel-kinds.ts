/** Which kinds of links the kernel of this host has. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { readDirectoryIfAny, readFileIfAny, readValueIfAny } from '../../shared/kernel/files.ts'
import { requireKind } from '../../shared/link/kind.ts'

/** The kernel's module of each kind that a plugin of ours makes. */
const modules: Readonly<Record<string, string>> = {
  bridge: 'bridge',
  veth: 'veth',
  macvlan: 'macvlan',
  macvtap: 'macvtap',
  ipvlan: 'ipvlan',
  ipvtap: 'ipvtap',
  vlan: '8021q',
  vxlan: 'vxlan',
  vrf: 'vrf',
  dummy: 'dummy',
  tun: 'tun',
  bond: 'bonding',
  team: 'team',
  macsec: 'macsec',
  vcan: 'vcan',
  vxcan: 'vxcan',
  ifb: 'ifb',
}

export interface Kinds {
  /** `uname -r` */
  release: string
  /** Built in, loaded, or a module of this kernel that is on the disk. */
  has: string[]
  /** None of these; undefined where it is not known. */
  lacks?: string[]
}

/**
 * Looks at /sys/module and /lib/modules/RELEASE, which loads nothing. Without the files of this kernel, as in a container, the kernel is asked
 * as STATUS of the plugins asks it, if this process may make links. @throws KernelError
 */
export function kindsOfKernel(): Kinds {
  const release = readValueIfAny('/proc/sys/kernel/osrelease') ?? ''
  const loaded = new Set(readDirectoryIfAny('/sys/module').map(({ name }) => name))
  const files = ['modules.builtin', 'modules.dep'].map((name) =>
    readFileIfAny(`/lib/modules/${release}/${name}`),
  )
  const isOnDisk = (module: string) => files.some((list) => list?.includes(`/${module}.ko`))
  const hasFiles = files.some((list) => list !== undefined)
  const mayAsk = !hasFiles && refuses('patchbay-none')
  const all = Object.entries(modules).map(([kind, module]) => {
    const isSeen = loaded.has(module) || isOnDisk(module)
    return { kind, isThere: isSeen || (mayAsk && !refuses(kind)) }
  })
  const kindsThat = (isThere: boolean) => all.filter((one) => one.isThere === isThere).map(({ kind }) => kind)
  return { release, has: kindsThat(true), ...((hasFiles || mayAsk) && { lacks: kindsThat(false) }) }
}

/** Whether the kernel says that it lacks a kind. It says nothing to a process that may not make links. */
function refuses(kind: string): boolean {
  try {
    requireKind(hostSocket(), kind)
    return false
  } catch {
    return true
  }
}
