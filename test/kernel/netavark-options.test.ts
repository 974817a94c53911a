/** netavark's calls with options that are not the user's, and parts of podman's JSON that lead elsewhere than a configuration. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exists, routes } from '../harness/look.ts'
import {
  attachment,
  create,
  createError,
  drive,
  podmanNetwork,
  setup,
  setupError,
  teardown,
} from '../harness/netavark.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { bridgeHost, published } from './netavark-bridge.ts'

await privateHost()
const { net, subnets: dual } = bridgeHost(53)
const port = published(8100)

const ownIpam = JSON.stringify({ type: 'host-local', subnet: '10.99.0.0/24' })

test('an option of a container cannot rename its interface, nor bring a second allocator', () => {
  const macvlan = create(podmanNetwork('patchbay-macvlan', { network_interface: 'uplink', subnets: dual }))
  const box = newContainer()
  const before = snapshot()
  const refused: Record<string, string>[] = [
    { ifname: 'net9' },
    { IFNAME: 'net9' },
    { ipam: ownIpam },
    { IPAM: ownIpam },
    { prevResult: '{}' },
  ]
  for (const options of refused) {
    const input = attachment(macvlan, { static_ips: ['10.53.0.7'], options })
    assert.match(setupError(input, box), /cannot be set|both give addresses/, JSON.stringify(options))
  }
  unchanged(before)
})

test('create refuses an option that has no effect, one that is not the user’s, and two names of the host interface', () => {
  const refusals: [Record<string, string>, RegExp][] = [
    [{ colour: 'red' }, /^unknown key colour: .*mtu/],
    [{ ipMask: 'true' }, /^unknown key ipMask, did you mean ipMasq/],
    [{ disableCheck: 'true' }, /^unknown key disableCheck/],
    [{ 'cni.dev/attachments': '[]' }, /^option cni.dev\/attachments cannot be set/],
    [{ RuntimeConfig: '{}' }, /^option RuntimeConfig cannot be set/],
    [{ ipam: '{"type": "whereabouts"}' }, /^there is no IPAM plugin "whereabouts": .*host-local/],
    [{ ipam: '{"type": "../../bin/sh"}' }, /^ipam is /],
    [{ parent: 'br8', bridge: 'br9' }, /^the network has two interfaces of the host: "br8","br9"/],
    [{ parent: 'br8\n', bridge: 'br9' }, /^the network has two interfaces of the host: "br8\\n","br9"/],
  ]
  for (const [options, expected] of refusals)
    assert.match(createError(podmanNetwork('patchbay-bridge', { options })), expected)
  for (const options of [{ MTU: '1400' }, { 'com.example.owner': 'x' }, { _note: 'x' }] as Record<
    string,
    string
  >[])
    create(podmanNetwork('patchbay-bridge', { options }))
})

test('option parent names the bridge, which then is not made for the network', () => {
  const own = create(podmanNetwork('patchbay-bridge', { subnets: dual, options: { parent: 'br9' } }))
  const box = newContainer()
  const input = attachment(own, { static_ips: ['10.53.0.7'] })
  setup(input, box)
  assert.ok(exists('br9', undefined))
  teardown(input, box)
  ip('link delete br9')
})

test('an ID that is a path names neither a bridge nor a lock', () => {
  const box = newContainer()
  const before = snapshot()
  for (const id of ['', '../a', '/../../../tmp/x', '\u0000', 'F'.repeat(64)]) {
    const hostile = podmanNetwork('patchbay-bridge', { id, subnets: dual })
    assert.match(createError(hostile), /64 hexadecimal digits/)
    const network = { ...hostile, network_interface: `podman${id.slice(0, 9)}` }
    assert.is(
      drive('patchbay-bridge', ['teardown', box.path], attachment(network)).stderr.includes('lock'),
      false,
    )
    teardown(attachment(network), box)
  }
  unchanged(before)
})

test('teardown removes ports and rules although the mappings cannot be read, or the subnets are gone', () => {
  const before = snapshot()
  const box = newContainer()
  const edits = [
    { port_mappings: [{ ...port, protocol: 5 }] },
    { port_mappings: null },
    { network: { ...net, subnets: [] } },
  ]
  for (const edit of edits) {
    const input = attachment(net, { static_ips: ['10.53.0.7'], port_mappings: [port] })
    setup(input, box)
    teardown({ ...input, ...edit }, box)
  }
  removeContainer(box)
  unchanged(before)
})

test('a host interface for a driver that has none is refused by create; teardown of such a network succeeds', () => {
  const before = snapshot()
  const box = newContainer()
  const plain = create(podmanNetwork('ptp', { subnets: dual }))
  const edited = { ...plain, network_interface: 'eth9' }
  assert.match(createError(edited), /^ptp has no interface of the host to be told: "eth9"/)
  const input = attachment(plain, { static_ips: ['10.53.0.7'] })
  setup(input, box)
  teardown({ ...input, network: edited }, box)
  assert.not.ok(exists('eth0', box))
  removeContainer(box)
  unchanged(before)
})

test('a container with an address of one family has the default route of this family alone', () => {
  const box = newContainer()
  const defaults = () =>
    [4, 6].map((family) => routes(family as 4 | 6, box).filter((one) => /^default/.test(one)))
  const expected = { '10.53.0.7': [['default via 10.53.0.1'], []], 'fd53::7': [[], ['default via fd53::1']] }
  for (const [address, found] of Object.entries(expected)) {
    const input = attachment(net, { static_ips: [address] })
    setup(input, box)
    assert.equal(defaults(), found, address)
    teardown(input, box)
  }
})

test.run()
