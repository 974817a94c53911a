/** netavark's calls that meet what they did not expect: existing interfaces, edited networks, a boot, hostile input; and every form of published ports. */
// needs: nft ip

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, near, newContainer, privateHost, removeContainer, usableAtOnce } from '../harness/host.ts'
import { addresses, exists, link } from '../harness/look.ts'
import {
  attachment,
  create,
  drive,
  errorOf,
  podmanNetwork,
  setup,
  setupError,
  teardown,
} from '../harness/netavark.ts'
import type { Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings } from '../harness/traffic.ts'

await privateHost()
const outside = farHost()
usableAtOnce()
ip('address add 198.51.100.11/24 dev uplink')

const subnets = [{ subnet: '10.52.0.0/24', gateway: '10.52.0.1' }]
const net = create(podmanNetwork('patchbay-bridge', { subnets }))
const port = { container_port: 7000, host_port: 8100, host_ip: '', protocol: 'tcp', range: 1 }

test('a setup for an interface that exists fails, and leaves the container as it is', async () => {
  const box = newContainer()
  const input = attachment(net, { static_ips: ['10.52.0.7'], port_mappings: [port] })
  setup(input, box)
  assert.match(setupError(input, box), /eth0/)
  assert.equal(addresses('eth0', box), ['10.52.0.7/24'])
  const server = await mirrorIn(box)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8100), '198.51.100.1')
  server.stop()
  teardown(input, box)
})

test('a published range, several protocols and an address of the host are kept', async () => {
  const box = newContainer()
  const port_mappings = [
    { ...port, container_port: 6999, host_port: 8200, protocol: 'tcp,udp', range: 3 },
    { ...port, host_port: 8300, host_ip: '198.51.100.11' },
  ]
  const input = attachment(net, { static_ips: ['10.52.0.7'], port_mappings })
  setup(input, box)
  const server = await mirrorIn(box)
  for (const protocol of ['tcp', 'udp'] as const)
    assert.is(server.sourceOf(outside, near.ipv4, protocol, 8201), '198.51.100.1', protocol)
  assert.is(server.sourceOf(outside, '198.51.100.11', 'tcp', 8300), '198.51.100.1')
  assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8300), 'another address of the host')
  teardown(input, box)
  assert.throws(() => server.sourceOf(outside, '198.51.100.11', 'tcp', 8300), 'after teardown')
  server.stop()
})

test('an option of one container counts more than the same of its network', () => {
  const box = newContainer()
  const own = create(podmanNetwork('ptp', { subnets, options: { mtu: '1400' } }))
  const input = attachment(own, { static_ips: ['10.52.0.7'], options: { mtu: '1300' } })
  setup(input, box)
  assert.is(link('eth0', box).mtu, 1300)
  teardown(input, box)
})

test('teardown succeeds after the subnets of the network were edited', () => {
  const before = snapshot()
  const box = newContainer()
  const input = attachment(net, { static_ips: ['10.52.0.7'], port_mappings: [port] })
  setup(input, box)
  teardown({ ...input, network: { ...net, subnets: [{ subnet: '10.99.0.0/24' }] } }, box)
  assert.not.ok(exists('eth0', box))
  removeContainer(box)
  unchanged(before)
})

test('after a boot, teardown of what was set up before it succeeds, and a setup works', () => {
  const box = newContainer()
  const input = attachment(net, { static_ips: ['10.52.0.7'], port_mappings: [port] })
  setup(input, box)
  removeContainer(box)
  command('nft', 'flush', 'ruleset')
  ip(`link delete ${net.network_interface}`)
  rmSync('/run/patchbay', { recursive: true, force: true })
  rmSync('/run/cni', { recursive: true, force: true })
  teardown(input, box)
  const again = newContainer()
  setup(input, again)
  assert.ok(pings(again, '198.51.100.1'))
  teardown(input, again)
})

const deep = (levels: number) => `{"network":${'['.repeat(levels)}${']'.repeat(levels)}}`
const inputs: Record<string, string> = {
  nothing: '',
  'no JSON': '{"name": ',
  'another value than an object': '[[]]',
  'a level too many': deep(250),
  'half a million levels': deep(500_000),
  'a megabyte in a name': JSON.stringify({ ...net, name: 'x'.repeat(1_000_000) }),
  'a name that is a path': JSON.stringify({ ...net, name: '../../../etc/cni' }),
  'a name that a prototype has': JSON.stringify(net).replace('"name":"', '"__proto__":{"id":5},"name":"../'),
  'a driver that a prototype has': JSON.stringify({ ...net, driver: '__proto__' }),
  'a bridge that is a path': JSON.stringify({ ...net, network_interface: '../../x' }),
  'an option that a prototype has': JSON.stringify({ ...net, options: { constructor: '1', mtu: '[' } }),
  'bytes of no text': `{"name":"${'\u0000\u001b\ud800'}"}`,
}

for (const engine of ['quickjs', 'node'] as Engine[])
  test(`${engine}: hostile input is answered with one sentence by create, setup and teardown`, () => {
    const { path } = newContainer()
    const before = snapshot()
    for (const [what, input] of Object.entries(inputs))
      for (const words of [['create'], ['setup', path], ['teardown', path]]) {
        const outcome = drive('patchbay-bridge', words, input, { engine })
        const sentence = errorOf(outcome)
        assert.is(outcome.status, 1, what)
        assert.match(sentence, /^[^\n]{20,2000}$/, `${words[0]} of ${what}`)
        const all = sentence + outcome.stderr
        assert.not.match(
          all,
          /bug of|TypeError|not a function|undefined|\bat .*:\d+/,
          `${words[0]} of ${what}`,
        )
      }
    unchanged(before)
  })

test('names in an attachment that are paths are refused by setup and teardown', () => {
  const box = newContainer()
  const hostile = [{ container_id: '../../x' }, { interface_name: '../x' }, { static_mac: '../x' }]
  for (const wishes of hostile) {
    const input = attachment(net, { static_ips: ['10.52.0.7'], ...wishes })
    assert.match(setupError(input, box), /containerID|interface name|static_mac/)
    assert.not.ok(exists('eth0', box))
  }
  assert.match(errorOf(drive('ptp', ['teardown', 'relative'], attachment(net))), /absolute path/)
})

test.run()
