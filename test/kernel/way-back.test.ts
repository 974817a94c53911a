/** Back to the reference and here again: each suite checks and deletes what the other has attached. */
// needs: nft ip, nft bridge, link ifb, qdisc tbf
// packages: containernetworking-plugins

import { hostNics } from '../harness/cables.ts'
import { command } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import type { Configuration } from '../harness/plugin.ts'
import { masqueradeByNftables } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { networkName, testWays, type Way } from '../harness/way.ts'

await privateHost()
hostNics()

const limits = {
  ingressRate: 8_000_000,
  ingressBurst: 800_000,
  egressRate: 16_000_000,
  egressBurst: 1_600_000,
}
const subnets = ['10.9.0.0/24', 'fd09::/64']
/** The reference 1.1.1 cannot delete a masquerade that iptables does not have. */
const complaint = /Chain 'CNI-[0-9a-f]+' does not exist/
const masquerade = /^\+ nft table ip6? patchbay|^\+ nft \t|^\+ link \/run\/patchbay\/firewall\/ipMasq\//
/** What containers share, which the reference never removes. */
const filterChains =
  /^nft (table ip6? filter|\t+ ?(counter (jump|return)|[io]ifname "br9"|type filter hook forward|chain (CNI-|NOMAD-|FORWARD)))/
const filterRecords = /^\+ (file|link) \/run\/patchbay\/firewall\//
const iptables = { ipMasq: true, ipMasqBackend: 'iptables' }

/** The masquerade by nftables of a newer reference. */
function newer(plugin: Configuration): Way {
  const { ipMasq: _, ...theirs } = plugin
  return {
    plugins: [plugin],
    subnets,
    collects: true,
    theirs: theirs as Configuration,
    newer({ name }, { ips }) {
      const attachment = { network: networkName([plugin]), containerID: name, ifname: 'eth0' }
      masqueradeByNftables(
        attachment,
        ips.map(({ address }) => address),
      )
    },
    tidy: () => void command('nft', 'flush chain inet cni_plugins_masquerade masq_checks'),
  }
}

const ways: Record<string, Way> = {
  'bridge as gateway': { plugins: [{ type: 'bridge', bridge: 'br1', isDefaultGateway: true }], subnets },
  'bridge with macspoofchk': {
    plugins: [{ type: 'bridge', bridge: 'br2', macspoofchk: true }],
    subnets,
    collects: true,
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
    collects: true,
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
  },
  'bridge and sbr': {
    plugins: [{ type: 'bridge', bridge: 'br9', isDefaultGateway: true }, { type: 'sbr' }],
    subnets,
    // Its bridge looks for the routes in table main.
    unchecked: true,
  },
  'bridge with ipMasq by nftables': newer({ type: 'bridge', bridge: 'br5', ipMasq: true }),
  'bridge, firewall by iptables': {
    plugins: [
      { type: 'bridge', bridge: 'br8', isDefaultGateway: true },
      { type: 'firewall', backend: 'iptables' },
    ],
    subnets,
    leaves: filterRecords,
    remains: filterChains,
  },
  'bridge, firewall by iptables with an ingress policy': {
    plugins: [
      { type: 'bridge', bridge: 'br9', isDefaultGateway: true },
      {
        type: 'firewall',
        backend: 'iptables',
        ingressPolicy: 'same-bridge',
        iptablesAdminChainName: 'NOMAD-ADMIN',
      },
    ],
    subnets,
    leaves: filterRecords,
    remains: filterChains,
  },
  ptp: { plugins: [{ type: 'ptp' }], subnets },
  'ptp with ipMasq': { plugins: [{ type: 'ptp', ipMasq: true }], subnets, complaint, leaves: masquerade },
  'ptp with ipMasq by nftables': newer({ type: 'ptp', ipMasq: true, ipMasqBackend: 'nftables' }),
  'bridge and bandwidth with an IFB': {
    plugins: [
      { type: 'bridge', bridge: 'br8' },
      { type: 'bandwidth', ...limits, egress: 'ifb' },
    ],
    subnets,
    collects: true,
    outlives: /^link bwp/,
  },
  'bridge and bandwidth, what is received': {
    plugins: [
      { type: 'bridge', bridge: 'br9' },
      { type: 'bandwidth', ingressRate: 8_000_000, ingressBurst: 4_294_967_295 },
    ],
    subnets,
    // A burst that nothing asked for is another one here.
    unchecked: true,
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
    tidy: () => void command('ip', 'link', 'set', 'eth2', 'alias', ''),
    refusal: /failed to restore .* numerical result out of range/,
    // The device stays in the container, and its record. The address is released.
    leaves:
      /^- (link|sysctl) .*eth2|^\+ (link|sysctl|address) .*eth0|^\+ route .*"eth0"|^\+ file \/run\/patchbay\/lent\//,
  },
}

for (const [name, way] of Object.entries(ways)) testWays(name, way)

test.run()
