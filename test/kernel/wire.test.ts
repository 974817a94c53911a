/** wire: two containers at the ends of a cable, and no third one. */

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { added, attach, attachTwo } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ipJson } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, inContainer, type Link, link } from '../harness/look.ts'
import { exampleNetwork, single, wireNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'

await privateHost()

/** The host's interfaces except lo: ends without a container. */
function waiting(): (Link & { ifalias?: string })[] {
  return ipJson<Link>('link show').filter(({ ifname }) => ifname !== 'lo')
}

test('the first container’s other end stays on the host, down, with an alias that names the container and the wire', async () => {
  const net = wireNetwork({ wire: 'green', mtu: 1400, txQueueLen: 300 })
  const container = newContainer()
  const { interfaces } = await cnitool.add(net, container)
  const [end] = waiting()
  assert.match(end?.ifname ?? '', /^wire[0-9a-f]{11}$/)
  assert.match(end?.ifalias ?? '', /^patchbay:net1\/.*\/eth0\/other end of wire green$/)
  assert.not.ok(end?.flags.includes('UP'))
  assert.equal([end?.mtu, end?.txqlen], [1400, 300])
  assert.is.not(link('eth0', container).operstate, 'UP')
  assert.equal(interfaces, [
    { name: 'eth0', mac: link('eth0', container).address, mtu: 1400, sandbox: container.path },
  ])
  await cnitool.del(net, container)
  assert.equal(waiting(), [])
})

test('the second container gets that end, with its own name and MAC address; nothing stays on the host', async () => {
  const net = wireNetwork({ mtu: 1400, txQueueLen: 300 })
  const [one, two] = [newContainer(), newContainer()]
  await cnitool.add(net, one)
  await cnitool.add(net, two, { ifname: 'port7', args: { MAC: '02:00:5e:00:00:07' } })
  const port = link('port7', two)
  assert.equal([port.address, port.mtu, port.txqlen], ['02:00:5e:00:00:07', 1400, 300])
  for (const { operstate } of [port, link('eth0', one)]) assert.is(operstate, 'UP')
  assert.equal(waiting(), [])
  await cnitool.check(net, one)
  await cnitool.check(net, two, { ifname: 'port7' })
})

test('the two containers reach each other over IPv4 and IPv6 without delay; the host and a third container receive nothing', async () => {
  const net = wireNetwork()
  const { one, other } = await attachTwo(net)
  const elsewhere = { ...net, plugins: net.plugins.map((plugin) => ({ ...plugin, wire: 'elsewhere' })) }
  const third = await attach(elsewhere)
  const heard = await overhear('any', 'icmp or icmp6 or arp', async () => {
    for (const address of other.addresses) {
      assert.ok(pings(one, address), address)
      assert.ok(isSilent(third, address), `${address} from another wire`)
      assert.ok(isSilent(undefined, address), `${address} from the host`)
    }
  })
  const [ipv4 = '', ipv6 = ''] = other.addresses
  assert.equal(
    heard.filter((line) => line.includes(ipv4) || line.includes(ipv6)),
    [],
  )
})

test('without ipam the wire has no addresses', async () => {
  const net = wireNetwork({ ipam: undefined })
  const { one, other } = await attachTwo(net)
  assert.equal(one.result.ips, undefined)
  inContainer(one, 'address add 10.240.0.1/24 dev eth0')
  inContainer(other, 'address add 10.240.0.2/24 dev eth0')
  assert.ok(pings(one, '10.240.0.2'))
})

test('a third container is refused with the holders of the ends, and does not disturb them', async () => {
  const config = single(wireNetwork({ wire: 'red' }))
  const [one, two, three] = [newContainer(), newContainer(), newContainer()]
  await added({ config, containerID: 'one', netns: one.path })
  await added({ config, containerID: 'two', netns: two.path, ifname: 'eth5' })
  const before = snapshot()
  const third = { config, containerID: 'three', netns: three.path }
  const { status, json } = await call({ verb: 'ADD', ...third })
  assert.equal([status, json?.code], [1, 11])
  assert.is(
    json?.msg,
    'wire red has no end left: container one (eth0) and container two (eth5) have them: delete one first',
  )
  assert.match(json?.details as string, 'delete one of them first')
  assert.is((await call({ verb: 'DEL', ...third })).status, 0)
  unchanged(before)
  assert.ok(pings(one, ...addresses('eth5', two).map(bare)))
})

test('a second ADD of an attachment is not connected to its own first', async () => {
  const config = single(wireNetwork())
  await call({ verb: 'ADD', config, containerID: 'again', netns: newContainer().path })
  const before = snapshot()
  const { status, json } = await call({
    verb: 'ADD',
    config,
    containerID: 'again',
    netns: newContainer().path,
  })
  assert.equal([status, json?.code], [1, 999])
  assert.match(json?.msg as string, 'this attachment exists already')
  unchanged(before)
})

for (const [keys, msg] of [
  [{ wire: 'a/b' }, 'wire is "a/b", must be a name of letters'],
  [{ wire: 7 }, 'wire is 7'],
  [{ mtu: 60 }, 'mtu: must be 0 or from 68'],
  [{ wires: 'green' }, 'unknown key wires, did you mean wire?'],
  [{ args: { cni: { mac: 'ff:ff:ff:ff:ff:ff' } } }, 'args.cni.mac'],
] as const)
  test(`${JSON.stringify(keys)} is refused: ${msg}`, async () => {
    const before = snapshot()
    const config = single(wireNetwork(keys))
    const { status, json } = await call({ verb: 'ADD', config, netns: newContainer().path })
    assert.equal([status, json?.code], [1, 7])
    assert.ok(`${json?.msg}`.includes(msg), `${json?.msg}`)
    unchanged(before)
  })

test('110-wire.conflist: the first two containers of the network are connected', async () => {
  const { one, other, end } = await attachTwo(exampleNetwork('110-wire.conflist'))
  assert.ok(pings(one, ...other.addresses))
  await end()
})

test.run()
