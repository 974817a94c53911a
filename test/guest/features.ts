/**
 * What a test file may need of the kernel that not every kernel has. It says so in a line of its own near the top,
 * `// needs: bridge vlan_filtering, nft ip`, and the runner takes it to a kernel that has it.
 */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { additionOf, kindFacts } from '../../shared/netlink/kinds.ts'
import { declared } from '../harness/declared.ts'

const root = join(import.meta.dirname, '../..')

/**
 * How a kernel is asked for a feature: a shell line that succeeds where it is there, run in an empty network namespace.
 * `link KIND` needs no line.
 */
const probes: Record<string, string> = {
  'bridge vlan_filtering': 'ip link add probe type bridge && bridge vlan add dev probe vid 2 self',
  'can gateway': 'modprobe can-gw',
  // Some tests run a plugin thousands of times: one kernel is enough for them, and the machine's own is the fastest.
  'full speed': '! grep -q "User Mode Linux" /proc/cpuinfo',
  // User-Mode Linux 6.1 has it for the legacy tool, 7.2 for neither.
  iptables: 'iptables-legacy -A INPUT -j ACCEPT || iptables -A INPUT -j ACCEPT',
  'nft bridge': 'nft add table bridge probe',
  'nft ip': 'nft add table ip probe && nft add table ip6 probe',
  // Without a policy it takes every context.
  selinux: 'printf system_u:system_r:container_t:s0 > /proc/self/attr/exec',
}

/** The probe of a feature; undefined for a name that is none. */
export function probeOf(feature: string): string | undefined {
  const [, kind] = /^link (\S+)$/.exec(feature) ?? []
  return kind ? linkProbe(kind) : probes[feature]
}

function linkProbe(kind: string): string {
  const add = additionOf(kind, 'probe')
  return kindFacts(kind).needsParent ? `ip link add probe type veth && ${add}` : add
}

/** Every feature that a kernel is asked for: those with a line here, and the kinds of links that test files need. */
export function features(): string[] {
  const sources = globSync('test/kernel/*.test.ts', { cwd: root }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  )
  return [...new Set([...Object.keys(probes), ...sources.flatMap(needsOf)])]
}

/** Words for sh that print the kernel's version, and then the names of the features there are. */
export function probeCommand(): string[] {
  const script =
    'uname -r; while [ $# -gt 0 ]; do unshare --net sh -c "$2" >/dev/null 2>&1 && echo "$1"; shift 2; done; true'
  return ['sh', '-c', script, 'probe', ...features().flatMap((name) => [name, probeOf(name) ?? 'false'])]
}

/** The features that a test file names. @throws for one that has no probe */
export function needsOf(source: string): string[] {
  const names = declared(source, 'needs')
  const unknown = names.filter((name) => !probeOf(name))
  if (unknown.length > 0) throw new Error(`test/guest/features.ts has no probe for: ${unknown.join(', ')}`)
  return names
}
