/** Every protocol with a peer that is not Patchbay's: made with iproute2, as an operator would. */
// needs: link bond, link macsec, link team, link vlan, link vxlan

import * as assert from 'uvu/assert'
import { added } from '../harness/attach.ts'
import { enginesOfRow } from '../harness/by-node.ts'
import { cables, joined } from '../harness/cables.ts'
import { ip } from '../harness/command.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { exists, inContainer, link } from '../harness/look.ts'
import { layCable, macsecNetwork, writeKeys } from '../harness/macsec.ts'
import { fixed, single } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
layCable()

/** What peers leave on the host. */
test.after.each(() => {
  for (const name of ['peer0', 'outer', 'under']) if (exists(name)) ip(`link delete ${name}`)
})

type Keys = Record<string, unknown>

const network = (type: string, keys: Keys): Configuration => ({
  type,
  name: 'ours',
  cniVersion: '1.0.0',
  ...keys,
})

/** ADD, traffic with the peer, CHECK, DEL. */
async function meets(
  peer: string,
  config: Configuration,
  { engine, container = newContainer() }: { engine: Engine; container?: Netns },
  ready: (container: Netns) => unknown = () => {},
): Promise<void> {
  const attachment = { config, engine, containerID: container.name, netns: container.path }
  const prevResult = await added(attachment)
  await ready(container)
  assert.ok(pings(container, peer))
  assert.equal(
    (await call({ verb: 'CHECK', ...attachment, config: { ...config, prevResult } })).json,
    undefined,
  )
  assert.equal((await call({ verb: 'DEL', ...attachment })).json, undefined)
}

const salt = '5a0102030405060708090a0b'
const sci = { ours: '02000000000a0001', its: '02000000000b0001' }

/** A macsec of iproute2 at the other end of the cable. */
function secured(cipher: string, key: { a: string; b: string }): void {
  const parameters = (ssci: number) =>
    cipher.includes('XPN') ? `xpn 1 on salt ${salt} ssci ${ssci}` : 'pn 1 on'
  ip(`link add link nic1 peer0 type macsec sci ${sci.its} cipher ${cipher.toLowerCase()} encrypt on`)
  ip(`macsec add peer0 tx sa 0 ${parameters(2)} key 02 ${key.b}`)
  ip(`macsec add peer0 rx sci ${sci.ours} on`)
  ip(`macsec add peer0 rx sci ${sci.ours} sa 0 ${parameters(1)} key 01 ${key.a}`)
  ip('address add 10.181.0.2/24 dev peer0')
  ip('link set peer0 up')
}

for (const [cipherSuite, bytes] of [
  ['GCM-AES-128', 16],
  ['GCM-AES-256', 32],
  ['GCM-AES-XPN-128', 16],
  ['GCM-AES-XPN-256', 32],
] as const)
  for (const engine of enginesOfRow())
    test(`${engine}: macsec with ${cipherSuite} and iproute2's macsec understand each other`, async () => {
      const [key, isExtended] = [
        { a: '0a'.repeat(bytes), b: 'b1'.repeat(bytes) },
        cipherSuite.includes('XPN'),
      ]
      const secret = (key: string) => (isExtended ? { key, salt } : key)
      writeKeys({ a: secret(key.a), b: secret(key.b) })
      secured(cipherSuite, key)
      const ssci = (number: number) => (isExtended ? { ssci: number } : {})
      const ours = macsecNetwork(0, { cipherSuite, ...ssci(1) }, ssci(2))
      await meets('10.181.0.2', single(ours), { engine })
    })

for (const engine of enginesOfRow())
  test(`${engine}: vlan and iproute2's vlan reach each other, tagged twice too`, async () => {
    ip('link add link nic1 name outer up type vlan protocol 802.1ad id 7')
    ip('link add link outer name peer0 up type vlan id 8')
    ip('address add 10.182.0.2/24 dev peer0')
    await meets(
      '10.182.0.2',
      network('vlan', { master: 'nic0', tags: [7, 8], ipam: fixed('10.182.0.1/24') }),
      {
        engine,
      },
    )
  })

/** Another host with a VTEP of iproute2: its container is the VTEP itself. */
function overlay(words: string): void {
  const far = newContainer()
  ip(`link add under address 02:00:00:00:00:0c type veth peer name under netns ${far.name}`)
  ip('address add 192.0.2.1/24 dev under')
  ip('link set under up')
  inContainer(far, 'address add 192.0.2.2/24 dev under')
  inContainer(far, 'link set under up')
  inContainer(
    far,
    `link add peer0 up type vxlan id 77 local 192.0.2.2 remote 192.0.2.1 dstport 4789 ${words}`,
  )
  inContainer(far, 'address add 10.183.0.2/24 dev peer0')
}

for (const direct of [false, true])
  for (const engine of enginesOfRow())
    test(`${engine}: vxlan, direct ${direct}, and a VTEP of iproute2 reach each other`, async () => {
      overlay('udpcsum')
      const keys = { vni: 77, local: '192.0.2.1', remote: '192.0.2.2', direct, ipam: fixed('10.183.0.1/24') }
      await meets('10.183.0.2', network('vxlan', keys), { engine })
    })

/** A bond of iproute2 over both cables. */
function bonded(peer: Netns, words: string): void {
  inContainer(peer, `link add peer0 type bond miimon 50 ${words}`)
  for (const name of cables) {
    inContainer(peer, `link set ${name} down`)
    inContainer(peer, `link set ${name} master peer0`)
  }
  inContainer(peer, 'address add 10.184.0.2/24 dev peer0')
  inContainer(peer, 'link set peer0 up')
}

for (const [type, mode, words] of [
  ['bond', '802.3ad', 'mode 802.3ad lacp_rate fast'],
  ['bond', 'balance-rr', 'mode balance-rr'],
  ['team', 'roundrobin', 'mode balance-rr'],
  ['team', 'loadbalance', 'mode balance-xor'],
] as const)
  test(`${type} in mode ${mode} and a bond of iproute2 reach each other`, async () => {
    const [container, peer] = joined()
    bonded(peer, words)
    const own = mode === '802.3ad' ? { lacpRate: 'fast' } : {}
    const links = cables.map((name) => ({ name }))
    const keys = { mode, ...own, linksInContainer: true, links, ipam: fixed('10.184.0.1/24') }
    const engine = mode === 'balance-rr' || mode === 'loadbalance' ? 'node' : 'quickjs'
    await meets('10.184.0.2', network(type, keys), { engine, container }, async (container) => {
      if (mode !== '802.3ad') return
      const info = () => link('eth0', container).linkinfo?.info_data?.ad_info as { num_ports: number }
      await until('both members are in one aggregator', () => info().num_ports === 2)
    })
  })

test.run()
