/** The settings of a link below net/ipv4/conf and net/ipv6/conf. The kernel resets them to `default` when the link changes its namespace. */

import { tolerate } from '../kernel/errno.ts'
import { readDirectory, writeInPlace } from '../kernel/files.ts'
import { readSysctl } from '../kernel/sysctl.ts'

const families = ['ipv4', 'ipv6'] as const

/** Recorded in any case: disable_ipv6 is set on members; bonding does not restore mtu; the kernel sets accept_dad where flags say noarp. */
const always = ['ipv6/disable_ipv6', 'ipv6/mtu', 'ipv6/accept_dad']

/**
 * The settings in which a link of the current namespace differs from `default`, by family and name. The others follow the
 * host's: it may have begun to forward meanwhile.
 */
export function ownSysctls(link: string): Record<string, string> {
  const entries = families.flatMap((family) => namesIn(family, link).map((name) => `${family}/${name}`))
  return Object.fromEntries(
    entries.flatMap((key) => {
      const value = read(link, key)
      const isOwn = value !== undefined && (always.includes(key) || value !== read('default', key))
      return isOwn ? [[key, value]] : []
    }),
  )
}

/** Setting stable_secret changes addr_gen_mode, so it comes first. */
function namesIn(family: string, link: string): string[] {
  const files = tolerate(() => readDirectory(`/proc/sys/net/${family}/conf/${link}`), 'ENOENT') ?? []
  const names = files.map(({ name }) => name)
  return [
    ...names.filter((name) => name === 'stable_secret'),
    ...names.filter((name) => name !== 'stable_secret'),
  ]
}

/** EIO: a stable_secret that was never set. */
function read(link: string, key: string): string | undefined {
  const [family = '', name = ''] = key.split('/')
  return tolerate(() => readSysctl(family, 'conf', link, name), 'EIO')
}

/** Sets one of them, unless it has the value. @throws KernelError */
export function restoreSysctl(link: string, key: string, value: string): void {
  const [family = '', name = ''] = key.split('/')
  if (read(link, key) !== value) writeInPlace(`/proc/sys/net/${family}/conf/${link}/${name}`, value)
}
