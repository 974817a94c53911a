/**
 * Kernel features that not every kernel has. A test file names those that it needs in a line near the top,
 * `// needs: bridge vlan_filtering, nft ip`, and the runner runs it on a kernel that has them.
 */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addCommand, kindFacts } from '../../shared/netlink/kinds.ts'
import { declared } from '../harness/declared.ts'

const root = join(import.meta.dirname, '../..')

/**
 * The probe of each feature: a shell line that succeeds where the kernel has it, run in an empty network namespace.
 * `link KIND` and `qdisc KIND` need no line.
 */
const probes: Record<string, string> = {
  'bridge vlan_filtering': 'ip link add probe type bridge && bridge vlan add dev probe vid 2 self',
  'can gateway': 'modprobe can-gw',
  'ext4 image':
    'modprobe loop; f=$(mktemp) && truncate -s 4M $f && mkfs.ext4 -qF $f && unshare --mount mount -o loop $f /mnt; e=$?; rm $f; exit $e',
  // Tests that run a plugin thousands of times run on the machine's own kernel only, the fastest.
  'full speed': '! grep -q "User Mode Linux" /proc/cpuinfo',
  // To set: on the machine all other programs would see it.
  'clock of its own': 'grep -q "User Mode Linux" /proc/cpuinfo',
  // User-Mode Linux 6.1 has it for iptables-legacy only, 7.2 for neither tool.
  iptables: 'iptables-legacy -A INPUT -j ACCEPT || iptables -A INPUT -j ACCEPT',
  'nft bridge': 'nft add table bridge probe',
  'nft inet': 'nft add table inet probe',
  'nft ip': 'nft add table ip probe && nft add table ip6 probe',
  // What is said where the kernel cannot make a kind.
  'no link vlan': '! (ip link add probe type veth && ip link add link probe type vlan id 2)',
  // What is done by iptables only where nf_tables is missing.
  'no nft ip': '! nft add table ip probe',
  sctp: 'modprobe sctp; test -d /proc/sys/net/sctp',
  // Without a policy SELinux accepts every context.
  selinux: 'printf system_u:system_r:container_t:s0 > /proc/self/attr/exec',
}

/** The probe of a feature; undefined for an unknown name. */
export function probeOf(feature: string): string | undefined {
  const [, object, kind = ''] = /^(link|qdisc) (\S+)$/.exec(feature) ?? []
  if (object === 'link') return linkProbe(kind)
  return object === 'qdisc' ? qdiscProbe(kind) : probes[feature]
}

/** Options without which tc refuses a kind of qdisc. */
const qdiscOptions: Record<string, string> = { tbf: 'rate 1mbit burst 5000 limit 5000' }

function qdiscProbe(kind: string): string {
  return `tc qdisc add dev lo root ${kind} ${qdiscOptions[kind] ?? ''}`
}

function linkProbe(kind: string): string {
  const add = addCommand(kind, 'probe')
  return kindFacts(kind).needsParent ? `ip link add probe type veth && ${add}` : add
}

/** Every feature that is probed: those with a line here, and the kinds of links that test files need. */
export function features(): string[] {
  const sources = globSync('test/{kernel,clients}/*.test.ts', { cwd: root }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  )
  return [...new Set([...Object.keys(probes), ...sources.flatMap(needsOf)])]
}

/** Arguments of sh that print the kernel's version, then the names of its features. */
export function probeCommand(): string[] {
  const script =
    'uname -r; while [ $# -gt 0 ]; do unshare --net sh -c "$2" >/dev/null 2>&1 && echo "$1"; shift 2; done; true'
  return ['sh', '-c', script, 'probe', ...features().flatMap((name) => [name, probeOf(name) ?? 'false'])]
}

/** The features that a test file names. @throws for a feature without a probe */
export function needsOf(source: string): string[] {
  const names = declared(source, 'needs')
  const unknown = names.filter((name) => !probeOf(name))
  if (unknown.length > 0) throw new Error(`test/guest/features.ts has no probe for: ${unknown.join(', ')}`)
  return names
}
