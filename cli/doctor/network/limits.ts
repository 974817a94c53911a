/** Tables of the kernel that are nearly full: new connections and neighbours are dropped then. */

import { families } from '../../../shared/ip/address.ts'
import { tolerate } from '../../../shared/kernel/errno.ts'
import { readFileIfAny, readValueIfAny } from '../../../shared/kernel/files.ts'
import type { Fault, Finding } from '../frame/fault.ts'
import { setting } from './sysctls.ts'

/** From this part on a table counts as nearly full. */
const nearly = 0.9

export const conntrackFull: Fault = {
  id: 'conntrack-full',
  title: 'the table of connections is nearly full',
  severity: 'error',
  look() {
    const [count, max] = ['count', 'max'].map((name) =>
      numberIn(`/proc/sys/net/netfilter/nf_conntrack_${name}`),
    )
    if (!count || !max || count < max * nearly) return []
    const mend = setting(['netfilter', 'nf_conntrack_max'], String(2 * max))
    const cause = `the kernel tracks ${count} connections and drops new ones at ${max}`
    const file = '/proc/sys/net/netfilter/nf_conntrack_count'
    return [{ subject: 'conntrack', cause, evidence: [{ where: file, value: String(count) }], mend: [mend] }]
  },
}

function numberIn(file: string): number | undefined {
  const text = tolerate(() => readValueIfAny(file), 'EACCES')
  return text === undefined ? undefined : Number(text)
}

const caches = { 4: 'arp_cache', 6: 'ndisc_cache' } as const

export const neighboursFull: Fault = {
  id: 'neighbours-full',
  title: 'the table of neighbours is nearly full',
  severity: 'error',
  look: () => families.flatMap(full),
}

/** All namespaces share a table: its first column counts their entries, in hexadecimal digits. */
function full(family: 4 | 6): Finding[] {
  const file = `/proc/net/stat/${caches[family]}`
  const [, line = ''] = (readFileIfAny(file) ?? '').split('\n')
  const limit = ['neigh', 'default', 'gc_thresh3']
  const [count, max] = [Number.parseInt(line, 16), numberIn(`/proc/sys/net/ipv${family}/${limit.join('/')}`)]
  if (!max || !(count >= max * nearly)) return []
  const cause = `the kernel has ${count} neighbours of IPv${family} in all namespaces, and refuses new ones at ${max}`
  const mend = setting([`ipv${family}`, ...limit], String(2 * max))
  return [
    { subject: caches[family], cause, evidence: [{ where: file, value: line.slice(0, 8) }], mend: [mend] },
  ]
}
