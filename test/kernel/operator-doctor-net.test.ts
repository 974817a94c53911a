/** `patchbay doctor`: faults of links, addresses, routes, sysctls and firewall are made on a node, found, and mended by the printed commands. */
// needs: nft ip, nft bridge, iptables

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type Attached, attach } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { type Found, findings, foundAndMended, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { farHost, privateHost, scratch, setSysctl, usableAtOnce } from '../harness/host.ts'
import { hostEnd, link } from '../harness/look.ts'
import { bridgeNetwork, ptpNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'

await privateHost()
usableAtOnce()
farHost()
ownEtc('/etc/cni/net.d', '/etc/systemd/network', '/etc/NetworkManager')

const portmap = { type: 'portmap', capabilities: { portMappings: true } }

/** Two containers on a bridge with all that a network can have, and one behind ptp. */
const full = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true, bridge: 'br1' })
const net = { ...full, plugins: [...full.plugins, portmap, { type: 'firewall', ingressPolicy: 'same-bridge' }] }
const port = (hostPort: number) => ({
  capabilities: { portMappings: [{ hostPort, containerPort: 80, protocol: 'tcp' }] },
})
const one: Attached = await attach(net, port(8080))
await attach(net, port(8081))
const routed = await attach(ptpNetwork({ ipMasq: true }))
/** Containers of a bridge without a gateway. */
const flat = bridgeNetwork({ bridge: 'br3' })
const plain = await attach(flat)
await attach(flat)

const end = hostEnd(one).ifname
const [own = ''] = one.addresses
const gateway = own.replace(/\d+$/, '1')
const subnet = own.replace(/\d+$/, '0/24')

test('a node without faults gives no output', () => silent())

/** Faults that are found and mended, by the sentence of the test. */
const faults: Record<string, [fault: string, make: () => unknown, after?: () => unknown]> = {
  'IPv4 forwarding was switched off': ['forwarding-off', () => setSysctl('net/ipv4/ip_forward', 0)],
  'IPv6 forwarding was switched off': ['forwarding-off', () => setSysctl('net/ipv6/conf/all/forwarding', 0)],
  'forwarding was switched off on one link': ['forwarding-off', () => setSysctl('net/ipv4/conf/br1/forwarding', 0)],
  'the kernel ignores advertisements of the router that gave the default route': [
    'advertisements-ignored',
    () => {
      setSysctl('net/ipv6/conf/uplink/accept_ra', 1)
      ip('-6 route add default via fe80::1 dev uplink proto ra metric 4096')
    },
    () => ip('-6 route delete default via fe80::1 dev uplink proto ra metric 4096'),
  ],
  'a bridge is down': ['link-down', () => ip('link set br1 down')],
  'the host end of a ptp is down': ['link-down', () => ip(`link set ${hostEnd(routed).ifname} down`)],
  'a port was taken from its bridge': ['port-lost', () => ip(`link set ${end} nomaster`)],
  'a port was put into another bridge': ['port-lost', () => ip(`link set ${end} master br3`)],
  'the MTU of a host end is smaller than that of the container': ['mtu-mismatch', () => ip(`link set ${end} mtu 1400`)],
  'the bridge has lost its gateway address': ['gateway-missing', () => ip(`address delete ${gateway}/24 dev br1`)],
  'ptp has lost the route to a container': [
    'gateway-missing',
    () => ip(`route delete ${routed.addresses[0]} dev ${hostEnd(routed).ifname}`),
  ],
  'IPv6 was switched off on a bridge': ['ipv6-disabled', () => setSysctl('net/ipv6/conf/br1/disable_ipv6', 1)],
  'another link has the gateway address, too': ['gateway-twice', () => ip(`address add ${gateway}/32 dev uplink`)],
  'a route leads a part of the subnet elsewhere': [
    'subnet-diverted',
    () => ip(`route add ${subnet.replace('0/24', '128/25')} dev uplink`),
  ],
  'another link has an address in the subnet': [
    'subnet-diverted',
    () => ip(`address add ${gateway.replace(/\d+$/, '77')}/24 dev uplink`),
  ],
  'host ports do not answer at 127.0.0.1': [
    'route-localnet-off',
    () => setSysctl('net/ipv4/conf/br1/route_localnet', 0),
  ],
  'all rules were flushed': ['rules-missing', () => command('nft', 'flush', 'ruleset')],
  'the rules of a chain were flushed': [
    'rules-missing',
    () => command('nft', 'flush chain ip patchbay masquerade-postrouting'),
  ],
  'an element of a host port was deleted': [
    'rules-missing',
    () => command('nft', 'delete element ip patchbay portmap-ports { tcp . 8081 }'),
  ],
  'an element names an attachment that does not exist': [
    'rule-orphan',
    () =>
      command('nft', 'add element bridge patchbay macspoofchk-addresses { "veth0" comment "gone/c9/eth0" : 02:00:00:00:00:09 }'),
  ],
  'iptables drops what is forwarded': ['forward-drop', () => command('iptables-nft', '-P', 'FORWARD', 'DROP')],
}

for (const [sentence, [fault, make, after]] of Object.entries(faults))
  test(`${sentence}: found, and mended by the printed commands`, async () => {
    const { cause } = await foundAndMended(fault, make)
    assert.ok(cause.length > 20)
    after?.()
    await one.check()
  })

test.run()
void [chmodSync, mkdirSync, writeFileSync, findings, link, scratch, plain, {} as Found]
