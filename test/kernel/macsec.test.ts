/** macsec: traffic between containers of two hosts, and what another machine on the cable can see and do. */
// needs: link macsec

import * as assert from 'uvu/assert'
import { openPacketSocket, sendFrame } from '../../shared/netlink/packet.ts'
import { attachTwo } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { insisting } from '../harness/insisting.ts'
import { exists, link } from '../harness/look.ts'
import {
  addressOf,
  framesOn,
  layCable,
  macsecNetwork,
  received,
  secrets,
  writeKeys,
} from '../harness/macsec.ts'
import { exampleNetwork, fixed, single } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings, pingsWith } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
writeKeys()
layCable()

/** A container on either side, with the same keys in their configurations. */
const both = (keys: Record<string, unknown> = {}) => attachTwo(macsecNetwork(0, keys), macsecNetwork(1, keys))

/** A ping whose payload is recognizable on the cable. */
function pingMarked(from: Netns, address: string): boolean {
  return pingsWith(['-c', '2', '-p', 'feedc0de'], from, address)
}
const mark = Buffer.from('feedc0defeedc0de', 'hex')

function etherTypes(frames: Buffer[]): string[] {
  return [...new Set(frames.map((frame) => frame.toString('hex', 12, 14)))]
}

for (const encrypt of [true, false])
  test(`encrypt ${encrypt}: containers reach each other; the cable has EtherType 88e5 only, and the payload is ${encrypt ? 'not ' : ''}visible`, async () => {
    const { one, end } = await both({ encrypt })
    const frames = await framesOn('nic0', () => assert.ok(pingMarked(one, addressOf(1))))
    assert.ok(frames.length >= 4)
    assert.equal(etherTypes(frames), ['88e5'])
    assert.is(
      frames.some((frame) => frame.includes(mark)),
      !encrypt,
    )
    await end()
  })

for (const [cipherSuite, bytes] of [
  ['GCM-AES-128', 16],
  ['GCM-AES-256', 32],
  ['GCM-AES-XPN-128', 16],
  ['GCM-AES-XPN-256', 32],
] as const)
  test(`${cipherSuite}: containers reach each other, and CHECK succeeds`, async () => {
    const isExtended = cipherSuite.includes('XPN')
    const secret = (key: string) => (isExtended ? { key, salt: '5a'.repeat(12) } : key)
    writeKeys({ a: secret('0a'.repeat(bytes)), b: secret('0b'.repeat(bytes)) })
    const ssci = (side: number) => (isExtended ? { ssci: side + 1 } : {})
    const side = (number: 0 | 1) => macsecNetwork(number, { cipherSuite, ...ssci(number) }, ssci(1 - number))
    const { one, end } = await attachTwo(side(0), side(1))
    assert.ok(pings(one, addressOf(1)))
    await end()
    writeKeys()
  })

for (const own of [{ endStation: true }, { scb: true }, { sendSci: false }])
  test(`${JSON.stringify(own)}: containers reach each other with frames that are 8 bytes shorter`, async () => {
    const lengths: number[] = []
    for (const keys of [{}, own]) {
      const { one, end } = await both(keys)
      const frames = await framesOn('nic0', () => assert.ok(pingMarked(one, addressOf(1))))
      lengths.push(Math.max(...frames.map(({ length }) => length)))
      await end()
    }
    const [longer = 0, shorter] = lengths
    assert.is(shorter, longer - 8)
  })

test('protect false, and validate disabled: frames pass unprotected', async () => {
  const { one, end } = await both({ protect: false, validate: 'disabled' })
  const frames = await framesOn('nic0', () => assert.ok(pingMarked(one, addressOf(1))))
  assert.ok(etherTypes(frames).includes('0800'))
  assert.not.ok(etherTypes(frames).includes('88e5'))
  await end()
})

test('with another key of the same name no traffic passes, in either direction', async () => {
  const keyFile = '/run/secrets/other.json'
  writeKeys({ a: '0a'.repeat(16), b: '55'.repeat(16) }, 0o600, keyFile)
  const { one, other, end } = await attachTwo(macsecNetwork(0), macsecNetwork(1, { keyFile }))
  assert.ok(isSilent(one, addressOf(1)))
  assert.ok(isSilent(other, addressOf(0)))
  await end()
})

test('a host without macsec reaches no container', async () => {
  const one = newContainer()
  const net = macsecNetwork(0)
  await cnitool.add(net, one)
  ip(`address add ${addressOf(1)}/24 dev nic1`)
  assert.ok(isSilent(undefined, addressOf(0)))
  ip(`address del ${addressOf(1)}/24 dev nic1`)
  await cnitool.del(net, one)
})

for (const replayProtect of [true, false])
  test(`replayProtect ${replayProtect}: a repeated frame is ${replayProtect ? 'dropped' : 'accepted'}`, async () => {
    const { one, other, end } = await both({ replayProtect })
    const frames = await framesOn('nic1', () => assert.ok(pingMarked(one, addressOf(1))))
    const sent = frames.filter((frame) => frame.toString('hex', 6, 12) === '02000000000a')
    const before = received(other)
    const { ifindex: index } = link('nic0')
    const socket = openPacketSocket({ name: 'nic0', index } as Parameters<typeof openPacketSocket>[0])
    for (const frame of sent) sendFrame(socket, frame)
    assert.ok(sent.length >= 2)
    const more = (count: keyof typeof before) => received(other)[count] - before[count]
    if (replayProtect) await until('all are dropped', () => more('InPktsLate') === sent.length)
    else await until('all are accepted', () => more('InPktsOK') + more('InPktsDelayed') >= sent.length)
    assert.is(more('InPktsLate'), replayProtect ? sent.length : 0)
    await end()
  })

test('180-macsec.conflist: the container and its peer on another host reach each other', async () => {
  layCable('eth0', 'eth1')
  writeKeys({ 'site-1': '11'.repeat(16), 'site-2': '22'.repeat(16) }, 0o600, secrets)
  const here = exampleNetwork('180-macsec.conflist')
  const own = here.plugins[0] as { type: string; sci: string; key: string; peers: [object] }
  const addresses = ['10.180.0.2', 'fd00:10:180::2']
  const there = cnitool.network('there', {
    ...own,
    ...own.peers[0],
    master: 'eth1',
    peers: [{ sci: own.sci, key: own.key }],
    ipam: fixed('10.180.0.2/24', 'fd00:10:180::2/64'),
  })
  const { one, end } = await attachTwo(here, there)
  for (const address of addresses) assert.ok(pings(one, address), address)
  await end()
  writeKeys()
})

test('on a device of the container: two containers reach each other with macsec over a cable', async () => {
  const wire = cnitool.network('wired', { type: 'wire' })
  const nets = ([0, 1] as const).map((side) => {
    const [one, two] = side === 0 ? ['1', '2'] : ['2', '1']
    const sci = (digit = '') => `000000000000000${digit}`
    const own = { master: 'wire0', linkInContainer: true, sci: sci(one) }
    return macsecNetwork(side, own, { sci: sci(two) })
  }) as [cnitool.Network, cnitool.Network]
  const containers = [newContainer(), newContainer()] as const
  for (const container of containers) await cnitool.add(wire, container, { ifname: 'wire0' })
  for (const side of [0, 1] as const) await cnitool.add(nets[side], containers[side])
  assert.ok(pings(containers[0], addressOf(1)))
  await cnitool.check(nets[0], containers[0])
  for (const side of [0, 1] as const) await cnitool.del(nets[side], containers[side])
  assert.ok(exists('wire0', containers[0]))
  await cnitool.del(wire, containers[0], { ifname: 'wire0' })
})

test('ten parallel ADDs and DELs on one parent, each with its own MAC address and peer, succeed', async () => {
  const requests: Call[] = Array.from({ length: 10 }, (_, number) => {
    const { name: containerID, path: netns } = newContainer()
    const config = single(macsecNetwork(0, { ipam: undefined }, { sci: `00000000000000b${number}` }))
    return { verb: 'ADD', config, containerID, netns, args: `MAC=02:00:00:00:01:0${number}` }
  })
  const before = snapshot()
  const added = await Promise.all(requests.map((request) => insisting(() => call(request))))
  assert.equal(
    added.flatMap(({ json }) => json?.msg ?? []),
    [],
  )
  await Promise.all(requests.map((request) => insisting(() => call({ ...request, verb: 'DEL' }))))
  unchanged(before)
})

test('DEL with the parent deleted leaves nothing, twice', async () => {
  layCable('short0', 'short1')
  const container = newContainer()
  const net = macsecNetwork(0, { master: 'short0' })
  await cnitool.add(net, container)
  ip('link delete short0')
  assert.not.ok(exists('eth0', container))
  await cnitool.del(net, container)
  await cnitool.del(net, container)
})

test.run()
