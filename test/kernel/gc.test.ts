/** `patchbay gc`: what containers that ended without DEL have left goes, and what lives stays. */
// needs: nft ip, nft bridge

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, attach } from '../harness/attach.ts'
import type * as cnitool from '../harness/cnitool.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { attachment, create, drive, podmanNetwork } from '../harness/netavark.ts'
import { bridgeNetwork, ptpNetwork, single } from '../harness/networks.ts'
import { operate } from '../harness/operate.ts'
import { type Engine, executables } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
const lists = '/etc/cni/net.d'
const podmanLists = '/etc/containers/networks'
const cache = '/var/lib/cni/results'
ownEtc(lists, podmanLists)

const gc = (words = '', status = 0, engine?: Engine) =>
  operate(`${executables(engine)}/patchbay`, `gc ${words}`.trim(), status)
const reserved = ({ name }: { name: string }) => reservedIn(`/var/lib/cni/networks/${name}`).length
const cached = () => readdirSync(cache)

/** A network with all that a container can have on the host. */
function full(): cnitool.Network {
  const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true })
  const portmap = { type: 'portmap', capabilities: { portMappings: true } }
  const firewall = { type: 'firewall', ingressPolicy: 'same-bridge' }
  const shaped = { type: 'bandwidth', ingressRate: 1e6, ingressBurst: 1e6 }
  return { ...net, plugins: [...net.plugins, portmap, firewall, { type: 'tuning', mtu: 1400 }, shaped] }
}

const asking = (hostPort: number) => ({
  capabilities: { portMappings: [{ hostPort, containerPort: 7000, protocol: 'tcp' }] },
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: all that an ended container has left goes, a live one keeps all, and a second run has nothing to do`, async () => {
    const net = full()
    const live = await attach(net, asking(8080))
    const before = snapshot()
    const ended = await attach(net, asking(8081))
    await vanish(ended)
    const said = gc('', 0, engine)
    assert.match(
      said,
      new RegExp(`^${net.name}/\\S+/eth0: deleted, its namespace ${ended.path} is gone$`, 'm'),
    )
    assert.match(said, 'attachments: 1 live, 1 deleted')
    unchanged(before)
    assert.is(cached().length, 1)
    await live.check()
    assert.is(gc('', 0, engine), 'attachments: 1 live\n')
    await live.del()
    assert.is(gc('', 0, engine), 'no attachments\n')
  })

test('--dry-run changes nothing, and names what would be deleted', async () => {
  const net = full()
  await vanish(await attach(net))
  const look = () => [...snapshot(), ...cached()]
  const before = look()
  const said = gc('--dry-run')
  assert.match(said, /eth0: would be deleted, its namespace \S+ is gone\nattachments: 1 would be deleted\n$/)
  unchanged(before, look)
  gc()
  assert.is(reserved(net), 0)
})

test('of a network that is named, only its attachments are deleted', async () => {
  const [one, other] = [ptpNetwork(), ptpNetwork()]
  for (const net of [one, other]) await vanish(await attach(net))
  gc(one.name)
  assert.equal([reserved(one), reserved(other)], [0, 2])
  gc(`${other.name} --dry-run`)
  assert.is(reserved(other), 2)
  gc(other.name)
  assert.is(reserved(other), 0)
})

test('without a cache the list of /etc/cni/net.d says how to delete, the first file where two have the network', async () => {
  const net = full()
  const config = { ...single(net), containerID: 'uncached' }
  const before = snapshot()
  const container = newContainer()
  await added({ config, containerID: 'uncached', netns: container.path })
  await vanish(container)
  writeFileSync(`${lists}/20.conflist`, JSON.stringify({ ...net, plugins: [{ type: 'nosuch' }] }))
  writeFileSync(`${lists}/10.conflist`, JSON.stringify(net))
  assert.match(gc(), `${net.name}/uncached/eth0: deleted`)
  unchanged(withoutBridge(before), () => withoutBridge(snapshot()))
  for (const name of readdirSync(lists)) rmSync(`${lists}/${name}`)
})

/** The first container of a network makes its bridge, which stays. */
const withoutBridge = (lines: string[]) => lines.filter((line) => !/\bbr\d+\b/.test(line))

test('without any configuration nothing is removed; the status is 1, and the error says what to do', async () => {
  const net = ptpNetwork()
  const container = newContainer()
  await added({ config: single(net), containerID: 'orphan', netns: container.path })
  await vanish(container)
  const said = gc('', 1)
  assert.match(said, `no file has the network ${net.name} any more`)
  assert.match(said, `run patchbay gc ${net.name}`)
  assert.is(reserved(net), 2)
  writeFileSync(`${lists}/10.conflist`, JSON.stringify(net))
  gc(net.name)
  rmSync(`${lists}/10.conflist`)
  assert.is(reserved(net), 0)
})

test('a network of podman 5, whose records name the namespace: interface, ports and bridge are gone', async () => {
  const before = snapshot()
  const subnets = [{ subnet: '10.88.0.0/24', gateway: '10.88.0.1' }]
  const net = create(podmanNetwork('patchbay-bridge', { subnets }))
  const container = newContainer()
  const port_mappings = [{ container_port: 80, host_port: 8082, host_ip: '', protocol: 'tcp', range: 1 }]
  const wishes = { static_ips: ['10.88.0.5'], port_mappings }
  assert.is(drive(net.driver, ['setup', container.path], attachment(net, wishes)).status, 0)
  writeFileSync(`${podmanLists}/${net.name}.json`, JSON.stringify(net))
  assert.is(gc(), 'attachments: 1 live\n')
  await vanish(container)
  assert.match(gc(), /deleted/)
  unchanged(before)
  rmSync(`${podmanLists}/${net.name}.json`)
})

test('an ended container is deleted although another one has its path by now, which stays', async () => {
  const net = ptpNetwork()
  const ended = newContainer('same')
  await added({ config: single(net), containerID: 'ended', netns: ended.path })
  await vanish(ended)
  const other = await attach(net, { container: newContainer('same') })
  writeFileSync(`${lists}/10.conflist`, JSON.stringify(net))
  assert.match(gc(), 'attachments: 1 live, 1 deleted')
  assert.is(reserved(net), 2)
  await other.check()
  await other.del()
  rmSync(`${lists}/10.conflist`)
})

test('a container that has one interface in a namespace that lives keeps those of another one', async () => {
  const net = ptpNetwork()
  const [first, second] = [newContainer(), newContainer()]
  const call = { config: single(net), containerID: 'again' }
  await added({ ...call, netns: first.path })
  await vanish(first)
  await added({ ...call, ifname: 'eth1', netns: second.path })
  writeFileSync(`${lists}/10.conflist`, JSON.stringify(net))
  assert.is(gc(), 'attachments: 2 live\n')
  await vanish(second, 'eth1')
  assert.is(gc().match(/deleted, its/g)?.length, 2)
  rmSync(`${lists}/10.conflist`)
})

test('an address of which no file tells the namespace stays, and is named', () => {
  const directory = '/var/lib/cni/networks/old'
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${directory}/10.0.0.2`, 'unknown\r\neth0')
  assert.is(gc(), 'old/unknown/eth0: stays, no file tells its namespace\nattachments: 1 unknown\n')
  assert.is(reserved({ name: 'old' }), 1)
  rmSync(directory, { recursive: true })
})

test('a plugin of another project that is missing fails; ours are deleted, and the cache keeps the attachment for it', async () => {
  const net = ptpNetwork()
  const ended = await attach(net)
  await vanish(ended)
  const [file = ''] = cached().map((name) => `${cache}/${name}`)
  const entry = JSON.parse(readFileSync(file, 'utf8'))
  const plugins = [...net.plugins, { type: 'sriov' }]
  const config = Buffer.from(JSON.stringify({ ...net, plugins })).toString('base64')
  writeFileSync(file, JSON.stringify({ ...entry, config }))
  assert.match(gc('', 1), 'failed to find plugin "sriov"')
  assert.is(reserved(net), 0)
  assert.is(cached().length, 1)
  rmSync(file)
})

test('a damaged entry of a cache is named, and the others are collected', async () => {
  const net = ptpNetwork()
  await vanish(await attach(net))
  writeFileSync(`${cache}/torn`, '{"kind":"cniCa')
  assert.match(gc(), `${cache}/torn: left out: it is no entry of libcni`)
  assert.is(reserved(net), 0)
  rmSync(`${cache}/torn`)
})

test('a result that another program’s cache has, beside libcni’s, counts as well', async () => {
  const net = ptpNetwork()
  const ended = await attach(net)
  const live = await attach(net)
  mkdirSync('/var/lib/cni/multus')
  renameSync(cache, '/var/lib/cni/multus/results')
  await vanish(ended)
  assert.match(gc(), 'attachments: 1 live, 1 deleted')
  renameSync('/var/lib/cni/multus/results', cache)
  rmSync('/var/lib/cni/multus', { recursive: true })
  await live.check()
  await live.del()
})

test('containers that are added while gc runs keep all that they have', async () => {
  const net = full()
  await attach(net).then(vanish)
  const adding = Array.from({ length: 12 }, () => attach(net))
  let done = false
  const all = Promise.all(adding).finally(() => (done = true))
  while (!done) {
    gc()
    await new Promise(setImmediate)
  }
  for (const one of await all) {
    await one.check()
    await one.del()
  }
  assert.is(gc(), 'no attachments\n')
})

test('a network that is not there is misuse: the status is 2, and the one that is meant is named', async () => {
  const live = await attach(ptpNetwork())
  const name = live.result && cached()[0]?.split('-')[0]
  assert.match(gc(`${name}x`, 2), `no network "${name}x", did you mean ${name}?`)
  assert.match(gc('--dryrun', 2), 'did you mean --dry-run?')
  await live.del()
})

test.run()
