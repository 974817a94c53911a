/** CHECK without `master`: the parent is the one that ADD took, whatever prevResult and the default route name meanwhile. */
// needs: link macvlan, link macvtap, link ipvlan, link ipvtap, link vlan

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { enginesOfRow } from '../harness/by-node.ts'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { fixed } from '../harness/networks.ts'
import { type Configuration, call, type Engine, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
// A new uplink for each test: an ipvlan and a macvlan cannot share one.
test.before.each(() => {
  ip('link add uplink up type veth peer name far0')
  ip('route add default dev uplink')
  ip('link add backup up type veth peer name far1')
})
test.after.each(() => {
  for (const name of ['uplink', 'backup']) ip(`link delete ${name}`)
})

const base = { name: 'list', cniVersion: '1.1.0' }
const mac = '02:00:5e:10:00:21'

function attaching(engine: Engine) {
  const container = newContainer()
  const request = { engine, netns: container.path, containerID: container.name }
  const add = (config: Configuration, prevResult?: Result) =>
    added({ ...request, config: { ...base, ...config, prevResult } })
  const check = (config: Configuration, prevResult?: Result) =>
    call({ ...request, verb: 'CHECK', config: { ...base, ...config, prevResult } })
  return { container, add, check }
}

const lower = { type: 'bridge', ipam: fixed('10.3.0.2/24') }
/** What a list has above the interface of its first plugin: the first finds it, the second names it. */
const uppers = {
  macvlan: [{}, {}],
  macvtap: [{}, {}],
  ipvlan: [{ ipam: fixed('10.3.1.2/24') }, { ipam: fixed('10.3.2.2/24') }],
  ipvtap: [{ ipam: fixed('10.3.1.2/24') }, { ipam: fixed('10.3.2.2/24') }],
  vlan: [{ vlanId: 10 }, { vlanId: 20 }],
} as const

for (const [type, [first, second]] of Object.entries(uppers))
  for (const engine of enginesOfRow())
    test(`${engine}: ${type} on the interface of an earlier plugin: one of a later plugin, and a default route, are no parent`, async () => {
      const { container, add, check } = attaching(engine)
      const found = { type, linkInContainer: true, ifname: 'v10', ...first }
      const named = { type, linkInContainer: true, ifname: 'v20', master: 'eth0', ...second }
      let prevResult: Result | undefined
      for (const config of [lower, found, named]) prevResult = await add(config, prevResult)
      for (const config of [lower, found, named]) assert.equal(await check(config, prevResult), done)
      inContainer(container, 'link add other0 up type dummy')
      inContainer(container, 'route add default dev other0')
      assert.equal(await check(found, prevResult), done)
    })

for (const [type, keys] of [
  ['macvlan', { mode: 'passthru' }],
  ['macvtap', { mode: 'passthru' }],
  ['ipvlan', { ipam: fixed('10.3.1.2/24') }],
  ['ipvtap', { ipam: fixed('10.3.1.2/24') }],
] as const)
  for (const engine of enginesOfRow())
    test(`${engine}: ${type} follows the MAC address of an earlier plugin’s interface`, async () => {
      const { container, add, check } = attaching(engine)
      const config = { type, linkInContainer: true, ifname: 'upper', ...keys }
      const prevResult = await add(config, await add(lower))
      inContainer(container, `link set eth0 address ${mac}`)
      assert.is(link('upper', container).address, mac)
      assert.equal(await check(config, prevResult), done)
    })

for (const engine of enginesOfRow())
  test(`${engine}: ipvlan follows the MAC address of the host’s interface in prevResult`, async () => {
    const { add, check } = attaching(engine)
    const config = { type: 'ipvlan' }
    const interfaces = [{ name: 'backup', mac: link('backup').address }]
    const ips = [{ address: '10.4.0.2/24' }]
    const prevResult = await add(config, { ...base, interfaces, ips } as unknown as Result)
    ip(`link set backup address ${mac}`)
    assert.equal(await check(config, prevResult), done)
  })

for (const [type, keys] of [
  ['macvlan', {}],
  ['ipvlan', { ipam: fixed('10.5.0.2/24') }],
  ['vlan', { vlanId: 30 }],
  ['vlan', { tags: [30, 31] }],
] as const)
  for (const engine of enginesOfRow())
    test(`${engine}: ${type} ${JSON.stringify(keys)} stays where it is when the host’s default route moves`, async () => {
      const { add, check } = attaching(engine)
      const config = { type, ...keys }
      const prevResult = await add(config)
      ip('route replace default dev backup')
      assert.equal(await check(config, prevResult), done)
    })

for (const engine of enginesOfRow())
  test(`${engine}: a macvlan on a macvlan that an earlier plugin has made`, async () => {
    const { add, check } = attaching(engine)
    const outer = { type: 'macvlan', ipam: fixed('10.6.0.2/24') }
    const inner = { type: 'macvlan', linkInContainer: true, ifname: 'inner' }
    const last = { type: 'macvlan', linkInContainer: true, ifname: 'last', master: 'eth0' }
    let prevResult: Result | undefined
    for (const config of [outer, inner, last]) prevResult = await add(config, prevResult)
    assert.equal(await check(inner, prevResult), done)
  })

test.run()
