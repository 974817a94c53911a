import * as assert from 'uvu/assert'
import { ip, ipJson } from '../harness/command.ts'
import { type Netns, newContainer, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const config = { cniVersion: '1.0.0', name: 'lo', type: 'loopback' }

interface Shown {
  flags: string[]
  addr_info: { local: string }[]
}

const show = ({ name }: Netns) => ipJson<Shown>(`-n ${name} address show dev lo`)[0] as Shown
const isUp = (container: Netns) => show(container).flags.includes('UP')

for (const engine of ['quickjs', 'node'] as Engine[]) {
  test(`${engine}: ADD sets lo up and says so, CHECK notices when it is down, DEL sets it down`, async () => {
    const container = newContainer()
    const to = { config, netns: container.path, engine }
    const { status, json } = await call({ verb: 'ADD', ...to })
    assert.is(status, 0)
    assert.equal(json, {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'lo', mac: '00:00:00:00:00:00', mtu: 65536, sandbox: container.path }],
      ips: [
        { interface: 0, address: '127.0.0.1/8' },
        { interface: 0, address: '::1/128' },
      ],
    })
    assert.ok(isUp(container))
    assert.is((await call({ verb: 'CHECK', ...to })).status, 0)
    ip(`-n ${container.name} link set lo down`)
    assert.is((await call({ verb: 'CHECK', ...to })).json?.msg, 'lo is down')
    ip(`-n ${container.name} link set lo up`)
    for (const _ of ['once', 'twice']) assert.is((await call({ verb: 'DEL', ...to })).status, 0)
    assert.not(isUp(container))
    removeContainer(container)
    assert.is((await call({ verb: 'DEL', ...to })).status, 0, 'the namespace is gone')
  })
}

test('behind another plugin, its result is passed on', async () => {
  const container = newContainer()
  const prevResult = {
    cniVersion: '0.4.0',
    interfaces: [{ name: 'eth0', sandbox: container.path }],
    ips: [{ version: '4', interface: 0, address: '10.0.0.2/24' }],
    dns: {},
  }
  const { json } = await call({
    verb: 'ADD',
    config: { ...config, cniVersion: '0.4.0', prevResult },
    netns: container.path,
  })
  assert.equal(json, prevResult)
  assert.ok(isUp(container))
  removeContainer(container)
})

test('a non-loopback address on lo is refused, and lo is not changed', async () => {
  const container = newContainer()
  ip(`-n ${container.name} address add 192.0.2.1/32 dev lo`)
  const { status, json } = await call({ verb: 'ADD', config, netns: container.path })
  assert.is(status, 1)
  assert.is(json?.msg, 'loopback interface found with non-loopback address 192.0.2.1/32')
  assert.not(isUp(container))
  removeContainer(container)
})

test('without IPv6 there is no IPv6 address to report', async () => {
  const container = newContainer()
  setSysctl('net/ipv6/conf/lo/disable_ipv6', 1, container.name)
  const { json } = await call({ verb: 'ADD', config, netns: container.path })
  assert.equal(json?.ips, [{ interface: 0, address: '127.0.0.1/8' }])
  removeContainer(container)
})

test('a CNI_NETNS that is no namespace is refused', async () => {
  const { status, json } = await call({ verb: 'ADD', config, netns: '/run/netns/none' })
  assert.is(status, 1)
  assert.match(String(json?.msg), 'CNI_NETNS is no network namespace')
})

test('DEL with the namespace of the host leaves the host’s lo up', async () => {
  const { status, json } = await call({ verb: 'DEL', config, netns: '/proc/self/ns/net' })
  assert.is(status, 1)
  assert.is(json?.code, 8)
  assert.ok(ipJson<Shown>('address show dev lo')[0]?.flags.includes('UP'))
})

test.run()
