/**
 * What a test file may need of the kernel that not every kernel has. It says so in a line of its own near the top,
 * `// needs: bridge vlan_filtering, nft ip`, and the runner takes it to a kernel that has it.
 */

import { declared } from '../harness/declared.ts'

/** How a kernel is asked for a feature: a shell line that succeeds where it is there, run in an empty network namespace. */
export const probes: Record<string, string> = {
  'bridge vlan_filtering': 'ip link add probe type bridge && bridge vlan add dev probe vid 2 self',
  'can gateway': 'modprobe can-gw',
  // Some tests run a plugin thousands of times: one kernel is enough for them, and the machine's own is the fastest.
  'full speed': '! grep -q "User Mode Linux" /proc/cpuinfo',
  // User-Mode Linux 6.1 has it for the legacy tool, 7.2 for neither.
  iptables: 'iptables-legacy -A INPUT -j ACCEPT || iptables -A INPUT -j ACCEPT',
  'link bond': 'ip link add probe type bond',
  'link dummy': 'ip link add probe type dummy',
  'link ipvlan': onParent('ipvlan'),
  'link macsec': onParent('macsec'),
  'link ipvtap': onParent('ipvtap'),
  'link macvtap': onParent('macvtap'),
  'link macvlan': onParent('macvlan'),
  'link team': 'ip link add probe type team',
  'link vcan': 'ip link add probe type vcan',
  'link vlan': onParent('vlan id 2'),
  'link vrf': 'ip link add probe type vrf table 10',
  'link vxcan': 'ip link add probe type vxcan',
  'link vxlan': 'ip link add probe type vxlan id 2 dstport 4789',
  'nft bridge': 'nft add table bridge probe',
  'nft ip': 'nft add table ip probe && nft add table ip6 probe',
  // Without a policy it takes every context.
  selinux: 'printf system_u:system_r:container_t:s0 > /proc/self/attr/exec',
}

/** A kind of link that sits on another one. */
function onParent(kind: string): string {
  return `ip link add probe type veth && ip link add link probe type ${kind}`
}

/** Words for sh that print the kernel's version, and then the names of the features there are. */
export function probeCommand(): string[] {
  const script =
    'uname -r; while [ $# -gt 0 ]; do unshare --net sh -c "$2" >/dev/null 2>&1 && echo "$1"; shift 2; done; true'
  return ['sh', '-c', script, 'probe', ...Object.entries(probes).flat()]
}

/** The features that a test file names. @throws for one that has no probe */
export function needsOf(source: string): string[] {
  const names = declared(source, 'needs')
  const unknown = names.filter((name) => !(name in probes))
  if (unknown.length > 0) throw new Error(`test/guest/features.ts has no probe for: ${unknown.join(', ')}`)
  return names
}
