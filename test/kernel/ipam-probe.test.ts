/** ipam.probe: an address that another machine on the network has is not given to a container. */

import * as assert from 'uvu/assert'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { call, type Result } from '../harness/plugin.ts'
import { snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const squatterMac = '02:00:5e:00:53:01'

/** A machine on the bridge with addresses that IPAM did not give. */
async function squatter(bridge: string, ...addresses: string[]): Promise<Netns> {
  const netns = newContainer()
  ip(
    `link add ${netns.name} master ${bridge} up type veth peer name eth0 address ${squatterMac} netns ${netns.name}`,
  )
  ip(`-n ${netns.name} link set eth0 up`)
  for (const address of addresses) {
    const nodad = address.includes(':') ? ' nodad' : ''
    ip(`-n ${netns.name} address add ${address} dev eth0${nodad}`)
  }
  await until('its port forwards', () =>
    command('bridge', 'link', 'show', 'dev', netns.name).includes('state forwarding'),
  )
  return netns
}

/** A network with a first container, so that its bridge exists; the next addresses end in 3. */
async function network(ipam: object = {}) {
  const net = bridgeNetwork()
  const config = { bridge: '', ...single(net) }
  const first = newContainer()
  const { status, json } = await call({ verb: 'ADD', config, containerID: first.name, netns: first.path })
  assert.is(status, 0, JSON.stringify(json))
  const own = (config as unknown as { ipam: { ranges: { subnet: string }[][] } }).ipam
  const prefixes = own.ranges.map(([range]) => range?.subnet.replace(/(0\/24|\/64)$/, '') ?? '')
  const at = (host: number) => prefixes.map((prefix) => `${prefix}${host}`)
  return { config: { ...config, ipam: { ...own, probe: true, ...ipam } }, at }
}

type Config = Awaited<ReturnType<typeof network>>['config']

const attach = (config: Config, { name, path }: Netns, args = '') =>
  call({ verb: 'ADD', config, containerID: name, netns: path, args })
const addresses = (json: unknown) => (json as Result).ips.map(({ address }) => address.replace(/\/\d+$/, ''))

test('addresses that do not answer are given as without probe', async () => {
  const { config, at } = await network()
  const { status, json } = await attach(config, newContainer())
  assert.is(status, 0, JSON.stringify(json))
  assert.equal(addresses(json), at(3))
})

for (const [family, index] of [
  ['IPv4', 0],
  ['IPv6', 1],
] as const)
  test(`an ${family} address that answers is skipped, with its MAC address in a log line`, async () => {
    const { config, at } = await network()
    const [three = '', four = ''] = [at(3)[index], at(4)[index]]
    const other = await squatter(config.bridge, `${three}/${index === 0 ? 24 : 64}`)
    const { status, json, stderr } = await attach(config, newContainer())
    assert.is(status, 0, JSON.stringify(json))
    assert.is(addresses(json)[index], four)
    assert.match(stderr, `${three} is in use by ${squatterMac}: the next address is tried`)
    removeContainer(other)
  })

test('several used addresses in a row are skipped', async () => {
  const { config, at } = await network()
  const taken = [3, 4, 5].map((host) => `${at(host)[0]}/24`)
  const other = await squatter(config.bridge, ...taken)
  const { json } = await attach(config, newContainer())
  assert.is(addresses(json)[0], at(6)[0])
  removeContainer(other)
})

test('a requested address that another machine has is an error, and nothing is left', async () => {
  const { config, at } = await network()
  const [nine = ''] = at(9)
  const other = await squatter(config.bridge, `${nine}/24`)
  const container = newContainer()
  const before = snapshotOf(container.name)
  const { json } = await attach(config, container, `IP=${nine}`)
  assert.equal(
    [json?.code, json?.msg],
    [11, `${nine} is in use already: ${squatterMac} has it, so leave it out of the range`],
  )
  assert.match(String(json?.details), `leave ${nine} out of the range`)
  unchanged(before, () => snapshotOf(container.name))
  ip(`link delete ${other.name}`) // A namespace ends later, and answers until then.
  removeContainer(other)
  const { status, json: result } = await attach(config, container, `IP=${nine}`)
  assert.is(status, 0, JSON.stringify(result))
  assert.equal(addresses(result)[0], nine)
})

test('when no other address is free, the error names the MAC address that has this one', async () => {
  const subnet = '10.200.0.0/30'
  const { config } = await network({ ranges: [[{ subnet }]] })
  const other = await squatter(config.bridge, '10.200.0.2/30')
  const { json } = await attach(config, newContainer())
  assert.equal(
    [json?.code, json?.msg],
    [11, `10.200.0.2 is in use already: ${squatterMac} has it, so leave it out of the range`],
  )
  assert.match(String(json?.details), 'IPAM gave no other address: failed to allocate for range 0')
  removeContainer(other)
})

test('static addresses are probed too', async () => {
  const fixed = { type: 'static', ranges: undefined, addresses: [{ address: '10.201.0.5/24' }] }
  const { config } = await network(fixed)
  const other = await squatter(config.bridge, '10.201.0.5/24')
  const { json } = await attach(config, newContainer())
  assert.equal(
    [json?.code, json?.msg],
    [11, `10.201.0.5 is in use already: ${squatterMac} has it, so leave it out of the range`],
  )
  removeContainer(other)
})

test.run()
