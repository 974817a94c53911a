/** The keys of a vxlan network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { needs, notTogether, onlyIn } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  either,
  ifname,
  integer,
  ip,
  linkName,
  list,
  type Output,
  object,
  oneOf,
  optional,
  orObject,
  withDefault,
} from '../../shared/config/schema.ts'
import { possibleMtu, txQueueLen } from '../../shared/link/keys.ts'
import { store } from '../../shared/store/config.ts'
import { fittingAddresses, fittingPorts, fittingVniFilter, oneNetwork } from './rules.ts'

/** 24 bits (RFC 7348 section 5); the kernel accepts 0 too. */
const vni = integer({ min: 0, max: 0xffffff })
/** In a filter the kernel takes 0 for none (vxlan_vnifilter.c). */
const filteredVni = integer({ min: 1, max: 0xffffff })
const port = integer({ min: 1, max: 65535 })
const byteOrInherit = either(
  'a whole number from 0 to 255 or "inherit"',
  integer({ min: 0, max: 255 }),
  oneOf('inherit'),
)
const off = withDefault(boolean, false)

const vniRange = object({
  min: describe(filteredVni, 'First VNI of a range.'),
  max: describe(filteredVni, 'Last VNI of a range.'),
})

export type VniEntry = number | Output<typeof vniRange>

const shape = {
  vni: describe(optional(vni), 'The VXLAN network identifier: containers with the same VNI share a network.'),
  remote: describe(
    optional(ip),
    'The other VTEP, if there is only one: the same as `remotes` with one entry.',
  ),
  remotes: describe(
    optional(list(ip)),
    "The other VTEPs. The host's own addresses are skipped, so all hosts can have the same list.",
  ),
  group: describe(optional(ip), 'The multicast group by which VTEPs find each other. Needs `dev`.'),
  peers: describe(
    optional(oneOf('store')),
    'With "store" the hosts find each other by etcd: `patchbay agent` tells it of this host, and writes the others into the VTEP.',
  ),
  store: describe(
    optional(store),
    'Where etcd is, for `peers`. Default: the file `/etc/patchbay/store.json`, which has the same keys.',
  ),
  arpSuppress: describe(
    off,
    'The VTEP answers ARP requests and neighbour solicitations for the containers of other hosts itself, and sends none to them. Needs `peers`; the same on all hosts.',
  ),
  local: describe(
    optional(ip),
    "The address that packets are sent from, and that `peers` tells the others. Default: chosen by the routes; for `peers` the address of `dev` or of the default route's interface.",
  ),
  dev: describe(
    optional(linkName),
    'The NIC that packets are sent by; for a bond, a team or net_failover, any member. Default: chosen by the routes.',
  ),
  direct: describe(
    off,
    'Move the VTEP itself into the container, without a bridge: for one container on the host.',
  ),
  bridge: describe(
    optional(ifname),
    'The bridge on the host; made if it does not exist. Default: `vxbr` and the VNI.',
  ),
  mtu: describe(
    withDefault(integer({ min: 0, max: 65535 }), 0),
    'MTU of VTEP, bridge and containers. 0: what the paths to the remotes carry (with `peers` the interface to the underlay), less 50, or 70 on IPv6.',
  ),
  dstport: describe(withDefault(port, 4789), 'The UDP port of all VTEPs of the network.'),
  sourcePortRange: describe(
    optional(
      object({
        min: describe(port, 'First UDP port to send from.'),
        max: describe(port, 'Last UDP port to send from.'),
      }),
    ),
    'UDP ports to send from, chosen by flow. Default: `net.ipv4.ip_local_port_range`.',
  ),
  ttl: describe(
    optional(byteOrInherit),
    "TTL of outer packets. Default: the kernel's; for a group 1, so that packets do not pass routers.",
  ),
  tos: describe(optional(byteOrInherit), 'TOS of outer packets. Default: 0.'),
  df: describe(
    withDefault(oneOf('unset', 'set', 'inherit'), 'unset'),
    'Forbid routers to fragment outer packets (the DF bit).',
  ),
  learning: describe(
    optional(boolean),
    'Learn from received frames which remote has which MAC address. Default: true, but with `arpSuppress` false.',
  ),
  ageing: describe(
    withDefault(integer({ min: 1, max: 0x7fffffff }), 300),
    'Seconds after which a learnt MAC address is removed.',
  ),
  proxy: describe(
    off,
    "Answer ARP requests and neighbour solicitations for others from the VTEP's neighbour table.",
  ),
  l2miss: describe(
    off,
    'Notify user space of unknown MAC addresses (RTM_GETNEIGH), for a daemon that adds them.',
  ),
  l3miss: describe(off, 'Notify user space of unknown IP addresses, for a daemon that adds them.'),
  vniFilter: describe(
    optional(list(orObject('a VNI from 1 or an object of min and max', filteredVni, vniRange))),
    "With `direct` and without `vni`: the VTEP accepts these VNIs, and the container's routes choose the VNI of each packet.",
  ),
  udpCsum: describe(withDefault(boolean, true), 'UDP checksums on an IPv4 underlay.'),
  udp6ZeroCsumTx: describe(off, 'Send without UDP checksums on an IPv6 underlay (RFC 6935).'),
  udp6ZeroCsumRx: describe(off, 'Accept packets without UDP checksums on an IPv6 underlay.'),
  txChecksum: describe(
    optional(boolean),
    "Let the NIC compute checksums of inner packets. Set false if the NIC computes them wrong. Default: the kernel's.",
  ),
  gso: describe(
    optional(boolean),
    "Pass large inner packets to the NIC, which splits them (GSO). Default: the kernel's.",
  ),
  gro: describe(optional(boolean), "Join small inner packets on arrival (GRO). Default: the kernel's."),
  txQueueLen,
}

export type VxlanConfig = Config<typeof shape>

export const config = network<typeof shape>(shape, {
  rules: [
    oneNetwork,
    fittingAddresses,
    fittingPorts,
    fittingVniFilter,
    needs('group', 'dev'),
    notTogether('remote', 'remotes'),
    notTogether('remote', 'group', 'a group stands for all remotes'),
    notTogether('remotes', 'group', 'a group stands for all remotes'),
    ...['remote', 'remotes', 'group'].map((key) => notTogether('peers', key, 'the store has the remotes')),
    notTogether('peers', 'direct', "the agent changes no VTEP in a container's namespace"),
    needs('store', 'peers'),
    needs('arpSuppress', 'peers'),
    notTogether('direct', 'bridge', 'the VTEP itself is the interface of the container'),
    onlyIn('vniFilter', { direct: true }),
    possibleMtu,
  ],
})
