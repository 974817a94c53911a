/** Packets of containers that a chain of another program drops: those that the host routes, and those between ports of a bridge. */

import { netfilter } from '../../../shared/firewall/table.ts'
import { unlessUnsupported } from '../../../shared/firewall/unsupported.ts'
import { families } from '../../../shared/ip/address.ts'
import { contains } from '../../../shared/ip/subnet.ts'
import { readSysctl } from '../../../shared/kernel/sysctl.ts'
import { findChain, listTables } from '../../../shared/netlink/nftables-chains.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { bridgeRules, type Closed, closedForward, subnetRules } from './closed.ts'
import type { Packet } from './packet.ts'
import { type Sample, samplesOf } from './routed.ts'
import { setting } from './sysctls.ts'
import { bridgeNameOf, isRouted, type Wired, wiredOf } from './wired.ts'

export const forwardDrop: Fault = {
  id: 'forward-drop',
  title: 'the firewall drops what containers send through this host',
  severity: 'error',
  look(view) {
    const samples = samplesOf(view)
    if (samples.length === 0) return []
    return closedForward(view).flatMap((closed) => {
      const shut = samples.filter((sample) => closed.drops(packetOf(sample)))
      return shut.length > 0 ? [dropped(closed, shut)] : []
    })
  },
}

function packetOf({ family, address, from }: Sample): Packet {
  return { family, source: address, from }
}

function dropped(closed: Closed, shut: readonly Sample[]): Finding {
  const networks = [...new Set(shut.map(({ wired }) => wired.network))]
  return {
    subject: closed.name,
    cause: `${closed.name} has ${closed.how}, none of its rules accepts what containers of ${networks.join(', ')} send, and no other table can open it`,
    evidence: [{ where: closed.see, value: closed.how }],
    mend: [
      ...new Set(
        shut.flatMap((one) => closed.accepting(one.family, subnetRules(packetOf(one), one.subnet.prefix))),
      ),
    ],
  }
}

const hooked = { 4: 'bridge-nf-call-iptables', 6: 'bridge-nf-call-ip6tables' } as const

export const bridgeDrop: Fault = {
  id: 'bridge-drop',
  title: 'the firewall drops what containers of one bridge send to each other',
  severity: 'error',
  look(view) {
    const isHooked = families.filter((family) => readSysctl('bridge', hooked[family]) === '1')
    if (isHooked.length === 0) return []
    const packets = packetsWithin(view).filter(({ packet }) => isHooked.includes(packet.family))
    return packets.length === 0 ? [] : closedForward(view).flatMap((closed) => shutWithin(closed, packets))
  },
}

interface Within {
  bridge: string
  wired: Wired
  packet: Packet
}

/** A packet from the first to the second container of each bridge, unless the network keeps them apart. */
function packetsWithin(view: View): Within[] {
  const bridges = Map.groupBy(
    wiredOf(view).filter((one) => bridgeNameOf(one) !== undefined && !isApart(one)),
    (one) => `${bridgeNameOf(one)} ${one.network}`,
  )
  return [...bridges.values()].flatMap(([first, second]) => {
    const bridge = first && bridgeNameOf(first)
    if (!first || !second || bridge === undefined) return []
    return first.addresses.flatMap(({ cidr }) => {
      const other = second.addresses.find((one) => contains(cidr, one.cidr.address))?.cidr.address
      const { address } = cidr
      const packet = { family: address.family, source: address, destination: other, from: bridge, to: bridge }
      return other ? [{ bridge, wired: first, packet }] : []
    })
  })
}

function isApart({ config, plugins }: Wired): boolean {
  return config.portIsolation === true || plugins.some(({ ingressPolicy }) => ingressPolicy === 'isolated')
}

/** What the fault `forward-drop` names, too, is left to it. */
function shutWithin(closed: Closed, packets: readonly Within[]): Finding[] {
  const shut = packets.filter(
    ({ packet, wired }) =>
      closed.drops(packet) &&
      !(isRouted(wired) && closed.drops({ ...packet, destination: undefined, to: undefined })),
  )
  return [...Map.groupBy(shut, ({ bridge }) => bridge)].map(([bridge, own]) => ({
    subject: bridge,
    cause: `br_netfilter hands frames between ports of ${bridge} to ${closed.name}, which has ${closed.how}`,
    evidence: [
      { where: closed.see, value: closed.how },
      ...own.map(({ packet: { family } }) => ({
        where: `/proc/sys/net/bridge/${hooked[family]}`,
        value: '1',
      })),
    ],
    mend: [
      ...new Set(own.flatMap(({ packet: { family } }) => closed.accepting(family, bridgeRules(bridge)))),
    ],
  }))
}

export const bridgeBypass: Fault = {
  id: 'bridge-bypass',
  title: 'services of Kubernetes do not answer pods of the same bridge',
  severity: 'error',
  look(view) {
    if (readSysctl('bridge', hooked[4]) === '1') return []
    // Services are used by the first interface of a pod; Multus adds others.
    const pods = wiredOf(view).filter((one) => isRouted(one) && one.ifname === 'eth0')
    const [bridge] = pods.flatMap((one) => bridgeNameOf(one) ?? [])
    const proxy = bridge !== undefined && kubeProxy()
    if (!bridge || !proxy) return []
    const isLoaded = readSysctl('bridge', hooked[4]) !== undefined
    return [
      {
        subject: bridge,
        cause: `answers from one port of ${bridge} to another pass by the translation of kube-proxy, so a pod cannot use a service whose endpoint is on the same bridge`,
        evidence: [
          {
            where: `/proc/sys/net/bridge/${hooked[4]}`,
            value: readSysctl('bridge', hooked[4]) ?? 'no such file',
          },
          { where: proxy, value: 'exists' },
        ],
        mend: [...(isLoaded ? [] : ['modprobe br_netfilter']), setting(['bridge', hooked[4]], '1')],
      },
    ]
  },
}

/** The command that shows the rules of kube-proxy for IPv4; undefined when it has none. */
function kubeProxy(): string | undefined {
  return unlessUnsupported(() => {
    if (findChain(netfilter(), { family: 'ip', name: 'nat' }, 'KUBE-SERVICES'))
      return 'nft list chain ip nat KUBE-SERVICES'
    const isOfProxy = ({ family, name }: { family: string; name: string }) =>
      family === 'ip' && name === 'kube-proxy'
    return listTables(netfilter()).some(isOfProxy) ? 'nft list table ip kube-proxy' : undefined
  })
}
