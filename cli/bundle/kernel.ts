/** What the kernel has: links, addresses, routes, neighbours, forwarding databases by netlink; rules of the firewall; sysctls. */

import * as rt from 'netlink/dist/rt/structs.js'
import { hostSocket } from '../../shared/attachment/sides.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { type Address, formatAddress, fromBytes } from '../../shared/ip/address.ts'
import { formatMac } from '../../shared/ip/mac.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { run } from '../../shared/kernel/run.ts'
import { readSysctl } from '../../shared/kernel/sysctl.ts'
import { listAllAddresses } from '../../shared/netlink/address.ts'
import { listLinks } from '../../shared/netlink/link.ts'
import { listBaseChains, listTables } from '../../shared/netlink/nftables-chains.ts'
import { listRoutes } from '../../shared/netlink/route.ts'
import { listRules } from '../../shared/netlink/rule.ts'
import { dump, openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { programNamed } from '../host/runtimes.ts'
import { type Content, json, type Part } from './part.ts'
import { maximum } from './read.ts'

export function kernelParts(): Part[] {
  return [
    json('kernel/links.json', 'ip -d link show', () => listLinks(hostSocket())),
    json('kernel/addresses.json', 'ip address show', addresses),
    json('kernel/routes.json', 'ip route show table all', routes),
    json('kernel/rules.json', 'ip rule show', () =>
      ([4, 6] as const).flatMap((family) => listRules(hostSocket(), family)),
    ),
    json('kernel/neighbours.json', 'ip neighbour show', () => [
      ...neighbours(AF_INET),
      ...neighbours(AF_INET6),
    ]),
    json('kernel/fdb.json', 'bridge fdb show', () => neighbours(AF_BRIDGE)),
    json('kernel/sysctls.json', 'sysctl -a', sysctls),
    json('firewall/tables.json', 'nft list tables; nft list chains', tables),
    ...programs.map(program),
  ]
}

const links = () => new Map(listLinks(hostSocket()).map(({ index, name }) => [index, name]))

function addresses(): unknown {
  const names = links()
  return listAllAddresses(hostSocket()).map(({ address, prefix, link, ...flags }) => ({
    ...{ link: names.get(link) ?? link, address: formatCidr({ address, prefix }) },
    ...flags,
  }))
}

function routes(): unknown {
  const names = links()
  const text = (address: Address | undefined) => address && formatAddress(address)
  return ([4, 6] as const)
    .flatMap((family) => listRoutes(hostSocket(), family))
    .map(({ dst, gateway, source, link = 0, ...route }) => ({
      ...{
        dst: formatCidr(dst),
        gateway: text(gateway),
        source: text(source),
        link: names.get(link) ?? link,
      },
      ...route,
    }))
}

const [AF_INET, AF_BRIDGE, AF_INET6] = [2, 7, 10]

function neighbours(family: number): object[] {
  const names = links()
  const request = { type: rt.MessageType.GETNEIGH, payload: rt.formatNeighbor({ family }) }
  const attempt = 'list all neighbours'
  return dump(hostSocket(), { ...request, attempt, see: 'ip neighbour show' })
    .map(({ data }) => rt.parseNeighborMessage(data))
    .map(({ data: { ifindex = 0, state, flags }, attrs: { dst, lladdr, vlan } }) => ({
      link: names.get(ifindex) ?? ifindex,
      ...{ address: dst && formatAddress(fromBytes(dst)), mac: lladdr && formatMac(lladdr), vlan },
      ...{ state: setIn(state), flags: setIn(flags) },
    }))
}

/** The names of the bits that are set. */
function setIn(bits: object = {}): string[] {
  return Object.entries(bits).flatMap(([name, isSet]) => (isSet === true ? name : []))
}

function tables(): unknown {
  const socket = openSocket(Protocol.NETFILTER)
  return { tables: listTables(socket), baseChains: listBaseChains(socket) }
}

/** Each in the form that is read by people; they see what other programs have added, too. */
const programs = [['nft', 'list', 'ruleset'], ['iptables-save'], ['ip6tables-save']] as const

const bounds = { milliseconds: 10_000, bytes: 4 * maximum }

function program([name, ...words]: (typeof programs)[number]): Part {
  const read = () => {
    const path = programNamed(name)
    if (!path) throw new CniError(Code.IoFailure, { msg: 'it is not installed' })
    const { status, stdout, stderr, killed } = run(
      { path, arguments: words, input: '', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
      bounds,
    )
    if (killed || status !== 0)
      throw new CniError(Code.IoFailure, { msg: killed ?? `status ${status}: ${stderr.slice(0, 200)}` })
    return firstOf(stdout)
  }
  return { name: `firewall/${name}.txt`, source: [name, ...words].join(' '), isOurs: true, read }
}

function firstOf(text: string): Content {
  return text.length <= maximum
    ? { text }
    : { text: text.slice(0, maximum), cut: `the first ${maximum} characters` }
}

/** What forwards, filters and answers. */
const general = [
  'ipv4/ip_forward',
  'ipv4/ip_nonlocal_bind',
  'ipv4/conf/all/route_localnet',
  'ipv6/conf/all/forwarding',
  'ipv6/conf/all/disable_ipv6',
  'bridge/bridge-nf-call-iptables',
  'bridge/bridge-nf-call-ip6tables',
  'bridge/bridge-nf-call-arptables',
  'netfilter/nf_conntrack_max',
  'netfilter/nf_conntrack_count',
  'ipv4/neigh/default/gc_thresh1',
  'ipv4/neigh/default/gc_thresh2',
  'ipv4/neigh/default/gc_thresh3',
  'core/netdev_max_backlog',
  'core/somaxconn',
]

const ofLinks = {
  ipv4: [
    'forwarding',
    'rp_filter',
    'arp_ignore',
    'arp_announce',
    'proxy_arp',
    'route_localnet',
    'accept_local',
  ],
  ipv6: ['forwarding', 'disable_ipv6', 'accept_ra', 'accept_dad', 'proxy_ndp'],
}

/** Hosts have thousands of links; the first ones show what is usual. */
const mostLinks = 100

function sysctls(): Record<string, string | undefined> {
  const names = readDirectoryIfAny('/proc/sys/net/ipv4/conf')
    .map(({ name }) => name)
    .sort()
  const shown = [
    'all',
    'default',
    ...names.filter((name) => name !== 'all' && name !== 'default').slice(0, mostLinks),
  ]
  const each = Object.entries(ofLinks).flatMap(([family, keys]) =>
    shown.flatMap((link) => keys.map((key) => [family, 'conf', link, key])),
  )
  const all = [...general.map((path) => path.split('/')), ...each]
  return Object.fromEntries(all.map((path) => [`net/${path.join('/')}`, readSysctl(...path)]))
}
