/** The networks that both suites have, without kinds of links that some kernels lack: see way-back.test.ts. */

import { hostNics } from '../harness/cables.ts'
import { command } from '../harness/command.ts'
import type { Configuration } from '../harness/plugin.ts'
import { masqueradeByNftables } from '../harness/reference.ts'
import { networkName, type Way } from '../harness/way.ts'

const ports = [
  { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostPort: 5353, containerPort: 53, protocol: 'udp', hostIP: '192.0.2.1' },
]
const portmap = (keys: object) => ({ type: 'portmap', capabilities: { portMappings: true }, ...keys })
/** What containers share, which the reference never removes, and we do with the last one. */
const portChains = /^nft (table ip6? nat|\t.*(CNI-HOSTPORT|mark|type nat hook))/
/** Its DEL looks neither at our tables, nor at our records. */
const portRecords = /^\+ nft |^\+ (file|link) \/run\/patchbay\/firewall\//
const limits = {
  ingressRate: 8_000_000,
  ingressBurst: 800_000,
  egressRate: 16_000_000,
  egressBurst: 1_600_000,
}
const subnets = ['10.9.0.0/24', 'fd09::/64']
/** The reference cannot delete a masquerade that iptables does not have: 1.1.1 and 1.9.1. */
const complaint = /Chain 'CNI-[0-9a-f]+' does not exist/
const masquerade = /^\+ nft table ip6? patchbay|^\+ nft \t|^\+ link \/run\/patchbay\/firewall\/ipMasq\//
/** What containers share, which the reference never removes. */
const filterChains =
  /^nft (table ip6? filter|\t+ ?(counter (jump|return)|[io]ifname "br15"|type filter hook forward|chain (CNI-|NOMAD-|FORWARD)))/
const filterRules = /^nft \t\tip6? [sd]addr \S+ (ct state related,established )?counter accept/
const filterRecords = /^\+ (file|link) \/run\/patchbay\/firewall\//
const iptables = { ipMasq: true, ipMasqBackend: 'iptables' }

/** The masquerade by nftables of a newer reference. */
function newer(plugin: Configuration): Way {
  const { ipMasq: _, ...theirs } = plugin
  return {
    plugins: [plugin],
    subnets,
    theirs: theirs as Configuration,
    newer({ name }, { ips }) {
      const attachment = { network: networkName([plugin]), containerID: name, ifname: 'eth0' }
      masqueradeByNftables(
        attachment,
        ips.map(({ address }) => address),
      )
    },
    tidy: () => void command('nft', 'flush chain inet cni_plugins_masquerade masq_checks'),
    // 1.9.1 fails so for its own, too.
    newest: { failing: complaint, complaint, leaves: masquerade },
  }
}

export const ways: Record<string, Way> = {
  'bridge with hairpin mode': { plugins: [{ type: 'bridge', bridge: 'br10', hairpinMode: true }], subnets },
  'bridge with isolated ports': {
    plugins: [{ type: 'bridge', bridge: 'br11', isGateway: true, portIsolation: true }],
    subnets,
    isNew: true,
  },
  tap: { plugins: [{ type: 'tap' }], subnets, isNew: true },
  'bridge and portmap by iptables': {
    plugins: [{ type: 'bridge', bridge: 'br12', isDefaultGateway: true }, portmap({ backend: 'iptables' })],
    subnets,
    ports,
    remains: portChains,
    // It looks for the port of an IPv4 address with ip6tables, too, where 1.9.1 has put it.
    unchecked: /could not check ipv6 dnat/,
    newest: { unchecked: undefined, doubts: /could not check ipv6 dnat/ },
    leaves: portRecords,
  },
  'bridge and portmap by nftables': {
    plugins: [{ type: 'bridge', bridge: 'br13', isDefaultGateway: true }, portmap({ backend: 'nftables' })],
    subnets,
    ports,
    isNew: true,
    doubts: /missing hostport rules/,
    leaves: portRecords,
    // Rules tell no network: GC leaves those whose address a link of the host leads to.
    stays: /^nft \t\t.* comment "c\d+"$/,
  },
  'bridge as gateway': { plugins: [{ type: 'bridge', bridge: 'br1', isDefaultGateway: true }], subnets },
  'bridge with macspoofchk': {
    plugins: [{ type: 'bridge', bridge: 'br2', macspoofchk: true }],
    subnets,
    leaves: /^\+ nft table bridge patchbay|^\+ nft \t|^\+ link \/run\/patchbay\/firewall\/macspoofchk\//,
  },
  'bridge with ipMasq': {
    plugins: [{ type: 'bridge', bridge: 'br3', ipMasq: true }],
    subnets,
    complaint,
    leaves: masquerade,
  },
  'bridge with ipMasq by iptables': {
    plugins: [{ type: 'bridge', bridge: 'br4', ...iptables }],
    subnets,
    leaves: /^\+ link \/run\/patchbay\/firewall\/(ipMasq|iptables)\//,
  },
  'bridge and tuning': {
    plugins: [
      { type: 'bridge', bridge: 'br8', isGateway: true },
      {
        type: 'tuning',
        sysctl: { 'net.ipv4.conf.eth0.arp_filter': '1' },
        ...{ mac: '02:00:5e:10:00:07', mtu: 1400, promisc: true, allmulti: true },
      },
    ],
    subnets,
    // It has no network in it: DEL removes it, and a reboot.
    stays: /^file \/run\/cni\/tuning\//,
  },
  'bridge and sbr': {
    plugins: [{ type: 'bridge', bridge: 'br9', isDefaultGateway: true }, { type: 'sbr' }],
    subnets,
    // Its bridge looks for the routes in table main.
    unchecked: /Failed to find/i,
    lost: /unknown FS magic/,
  },
  'bridge with ipMasq by nftables': newer({
    type: 'bridge',
    bridge: 'br5',
    ipMasq: true,
    ipMasqBackend: 'nftables',
  }),
  'bridge, firewall by iptables': {
    plugins: [
      { type: 'bridge', bridge: 'br14', isDefaultGateway: true },
      { type: 'firewall', backend: 'iptables' },
    ],
    subnets,
    leaves: filterRecords,
    // Rules of the reference tell an address only: DEL removes them.
    stays: filterRules,
    remains: filterChains,
  },
  'bridge, firewall by iptables with an ingress policy': {
    plugins: [
      { type: 'bridge', bridge: 'br15', isDefaultGateway: true },
      {
        type: 'firewall',
        backend: 'iptables',
        ingressPolicy: 'same-bridge',
        iptablesAdminChainName: 'NOMAD-ADMIN',
      },
    ],
    subnets,
    leaves: filterRecords,
    // Rules of the reference tell an address only: DEL removes them.
    stays: filterRules,
    remains: filterChains,
  },
  ptp: { plugins: [{ type: 'ptp' }], subnets },
  'ptp with ipMasq': { plugins: [{ type: 'ptp', ipMasq: true }], subnets, complaint, leaves: masquerade },
  'ptp with ipMasq by nftables': newer({ type: 'ptp', ipMasq: true, ipMasqBackend: 'nftables' }),
  'bridge and bandwidth with an IFB': {
    plugins: [
      { type: 'bridge', bridge: 'br16' },
      { type: 'bandwidth', ...limits, egress: 'ifb' },
    ],
    subnets,
    outlives: /^link bwp/,
  },
  'bridge and bandwidth, what is received': {
    plugins: [
      { type: 'bridge', bridge: 'br17' },
      { type: 'bandwidth', ingressRate: 8_000_000, ingressBurst: 4_294_967_295 },
    ],
    subnets,
    // A burst that nothing asked for is another one here.
    doubts: /./,
  },
  macvlan: { plugins: [{ type: 'macvlan', master: 'eth1' }], subnets },
  loopback: { plugins: [{ type: 'loopback' }], ifname: 'lo' },
  'bridge without a gateway, and static': {
    plugins: [
      {
        type: 'bridge',
        bridge: 'br7',
        ipam: { type: 'static', addresses: [{ address: '10.9.0.7/24', gateway: '10.9.0.1' }] },
      },
    ],
  },
  'host-device': {
    plugins: [{ type: 'host-device', device: 'eth2' }],
    subnets,
    // A veth, which the kernel deletes with the namespace.
    prepare: hostNics,
    tidy: () => void command('ip', 'link', 'set', 'eth2', 'alias', ''),
    lost: /failed to open netns/,
    refusal: /failed to (restore|rename) .* numerical result out of range/,
    // The device stays in the container, and its record. The address is released.
    leaves:
      /^- (link|sysctl) .*eth2|^\+ (link|sysctl|address) .*eth0|^\+ route .*"eth0"|^\+ file \/run\/patchbay\/lent\//,
  },
}
