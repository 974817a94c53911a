/** tuning: failing calls, DEL and GC, many containers at once. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { ask, fileOf, type Keys, tuned } from '../harness/behind.ts'
import { unchanged } from '../harness/expect.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import { type Netns, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { call, type Engine } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const engines: Engine[] = ['quickjs', 'node']
const mac = '02:00:5e:10:00:01'

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

const rich = {
  sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1', 'net.ipv4.ip_local_reserved_ports': '8080,8081' },
  ...{ mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 9 },
}

test('a failing call of ADD leaves sysctls, attributes and files as they were, one of DEL is told', async () => {
  const { container, request } = tuned(rich)
  const tidy = () => setSysctl('net/ipv4/ip_local_reserved_ports', '', container.name)
  const look = () => [...snapshot(), ...snapshotOf(container.name)]
  setSysctl('net/ipv4/conf/eth0/arp_filter', 0, container.name)
  const restore = () => {
    tidy()
    setSysctl('net/ipv4/conf/eth0/arp_filter', 0, container.name)
  }
  assert.equal(await harmOfFailures({ ...request, verb: 'ADD' }, { look, tidy: restore }), [])
  assert.equal(await harmOfKills({ ...request, verb: 'ADD' }, { look, tidy: restore }), [])
  const { sysctl: _, ...config } = request.config as Keys & { type: string }
  assert.equal(await harmOfFailuresInDel({ ...request, config, verb: 'ADD' }, { look }), [])
  removeContainer(container)
})

test('an attribute that the kernel refuses: the earlier ones are as they were', async () => {
  const { container, request } = tuned({ ...rich, mtu: 65535 })
  inContainer(container, 'link delete eth0')
  inContainer(container, 'link add eth0 type veth peer name other')
  inContainer(container, 'link add link eth0 name eth1 type macvlan')
  const before = snapshotOf(container.name)
  const { code, json } = await refused({ ...request, ifname: 'eth1' }, container)
  assert.is(code, 999, JSON.stringify(json))
  assert.match(String(json.details), 'ip link set dev eth1 mtu 65535')
  unchanged(before, () => snapshotOf(container.name))
  removeContainer(container)
})

const gone: Record<string, (container: Netns) => string | undefined> = {
  'the interface': (container) => void inContainer(container, 'link delete eth0'),
  'the namespace': (container) => void removeContainer(container),
  'the namespace, and CNI_NETNS is empty': (container) => {
    removeContainer(container)
    return ''
  },
}

for (const engine of engines)
  for (const [what, remove] of Object.entries(gone))
    test(`${engine}: DEL removes the file when it finds no trace of ${what}, without prevResult, and again`, async () => {
      const { container, request } = tuned(rich)
      await added({ ...request, engine })
      assert.ok(existsSync(fileOf(container)))
      const netns = remove(container) ?? request.netns
      const { prevResult: _, ...config } = request.config
      for (let twice = 0; twice < 2; twice++)
        assert.equal(await ask('DEL', { ...request, config, netns, engine }), done)
      assert.not.ok(existsSync(fileOf(container)))
      if (what === 'the interface') removeContainer(container)
    })

test('DEL goes on when the kernel refuses a former value, and says so', async () => {
  const { container, request } = tuned({ mtu: 1400, txQLen: 9 })
  await added(request)
  const file = fileOf(container)
  writeFileSync(file, JSON.stringify({ ...read(file), mtu: 70_000_000 }))
  const { status, stderr } = await ask('DEL', request)
  assert.is(status, 0)
  assert.match(stderr, 'eth0 is not as it was before tuning')
  assert.equal([link('eth0', container).txqlen, existsSync(file)], [1000, false])
  removeContainer(container)
})

test('DEL with a damaged file, or with a configuration that is wrong, works', async () => {
  for (const text of ['', '{', '[]', '{"mtu":"x","mac":5,"promisc":null}']) {
    const { container, request } = tuned({ mtu: 1400, sysctl: 5, unheard: 'of' })
    mkdirSync('/run/cni/tuning', { recursive: true })
    writeFileSync(fileOf(container), text)
    assert.is((await ask('DEL', request)).status, 0)
    assert.not.ok(existsSync(fileOf(container)))
    removeContainer(container)
  }
})

test('GC removes the files of lost containers of its network, in dataDir, and no others', async () => {
  const dataDir = '/run/elsewhere'
  const [lost, kept] = [tuned({ mtu: 1400, dataDir }), tuned({ mtu: 1400, dataDir })]
  const other = tuned({ mtu: 1400, dataDir, name: 'another' })
  for (const { request } of [lost, kept, other]) await added(request)
  writeFileSync(`${dataDir}/foreign_eth0.json`, '{"mtu":1500}')
  for (const { container } of [lost, other]) removeContainer(container)
  const valid = [{ containerID: kept.container.name, ifname: 'eth0' }]
  const config = { ...lost.request.config, prevResult: undefined, 'cni.dev/valid-attachments': valid }
  assert.equal(await call({ verb: 'GC', config }), done)
  const names = [kept, other].map(({ container }) => `${container.name}_eth0.json`)
  assert.equal(readdirSync(dataDir).sort(), ['foreign_eth0.json', ...names].sort())
  removeContainer(kept.container)
})

test('twelve containers at once, two interfaces each', async () => {
  const before = snapshot()
  const all = Array.from({ length: 12 }, (_, index) => ({ index, ...tuned({ ...rich, mac: undefined }) }))
  const calls = all.flatMap(({ request, container }) => {
    inContainer(container, 'link set other name eth1')
    return ['eth0', 'eth1'].map((ifname) => ({ ...request, ifname }))
  })
  await Promise.all(calls.map(added))
  for (const answer of await Promise.all(calls.map((one) => ask('CHECK', one)))) assert.equal(answer, done)
  for (const answer of await Promise.all(calls.map((one) => ask('DEL', one)))) assert.equal(answer, done)
  for (const { container } of all) removeContainer(container)
  unchanged(before)
})

test.run()
