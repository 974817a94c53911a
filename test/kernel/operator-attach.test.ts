/** `patchbay add`, `check`, `del` and `netns`: attachments by hand, which libcni's clients know as their own. */
// needs: nft ip

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { addresses, exists, inContainer, link } from '../harness/look.ts'
import { podmanNetwork } from '../harness/netavark.ts'
import { bridgeNetwork, hostLocal, ptpNetwork } from '../harness/networks.ts'
import { answerOf, operate } from '../harness/operate.ts'
import { executables, type Result } from '../harness/plugin.ts'
import { snapshot, withoutNumbers } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lists = '/etc/cni/net.d'
const podmanLists = '/etc/containers/networks'
const cache = '/var/lib/cni/results'
ownEtc(lists, podmanLists)

const file = `${executables()}/patchbay`
const patchbay = (words: string, status = 0, env: Record<string, string> = {}) =>
  operate(file, words, status, env)
const cached = () => (existsSync(cache) ? readdirSync(cache) : [])
const entry = () => JSON.parse(readFileSync(`${cache}/${cached()[0]}`, 'utf8'))

/** Writes a list to /etc/cni/net.d. @returns it */
function written(net: cnitool.Network): cnitool.Network {
  writeFileSync(`${lists}/${net.name}.conflist`, JSON.stringify(net))
  return net
}

const portmap = { type: 'portmap', capabilities: { portMappings: true } }
const asked = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }

/** A network of two plugins, with host ports. */
function published(): cnitool.Network {
  const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true })
  return written({ ...net, plugins: [...net.plugins, portmap] })
}

/** Plugins that are scripts, beside ours. @returns their directory */
function scripts(plugins: Record<string, string>): string {
  const directory = `${scratch}/scripts`
  mkdirSync(directory, { recursive: true })
  for (const [name, lines] of Object.entries(plugins))
    writeFileSync(`${directory}/${name}`, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  return directory
}

const refusing = `cat > /dev/null
test $CNI_COMMAND = DEL || { echo '{"cniVersion": "1.0.0", "code": 100, "msg": "no cable"}'; exit 1; }`

test('what add has attached, cnitool checks and deletes; and the other way round', async () => {
  const net = published()
  const before = snapshot()
  const container = newContainer()
  const clean = snapshot()
  const result = await answerOf<Result>(file, 'add', `${net.name} ${container.name}`)
  assert.ok(pings(undefined, ...addressesOf(result.ips)))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  assert.equal(cached(), [])
  await cnitool.add(net, container)
  assert.match(patchbay(`check ${net.name} ${container.name}`), /^passes +bridge\npasses +portmap\n$/)
  assert.match(patchbay(`del ${net.name} ${container.name}`), /\/eth0: deleted\n$/)
  assert.equal(cached(), [])
  patchbay(`del ${net.name} ${container.name}`)
  removeContainer(container)
  assert.ok(clean.length >= before.length)
})

test('the entry of the cache is that of cnitool: the same keys in the same order, with arguments and capabilities', async () => {
  const net = published()
  const container = newContainer()
  const args = { MAC: '02:00:00:00:00:05', IgnoreUnknown: '1' }
  await cnitool.add(net, container, { args, capabilities: asked })
  const theirs = entry()
  await cnitool.del(net, container, { args, capabilities: asked })
  const words = [
    'add',
    net.name,
    container.path,
    '--args',
    'MAC=02:00:00:00:00:05',
    'IgnoreUnknown=1',
    '--capabilities',
  ]
  operate(file, [...words, JSON.stringify(asked)].join(' '))
  const ours = entry()
  assert.equal(Object.keys(ours), Object.keys(theirs))
  const fixed = ({ result, ...rest }: Record<string, unknown>) => rest
  assert.equal(fixed(ours), fixed(theirs))
  assert.equal(Object.keys(ours.result).sort(), Object.keys(theirs.result).sort())
  assert.is(link('eth0', container).address, args.MAC)
  patchbay(`del ${net.name} ${container.path}`)
})

test('a single configuration, a file by its path, another interface and ID; del works without namespace and list', async () => {
  const { plugins, ...net } = ptpNetwork({}, '0.4.0')
  const path = `${scratch}/single.conf`
  writeFileSync(path, JSON.stringify({ ...net, ...plugins[0] }))
  const before = snapshot()
  const container = newContainer()
  const words = `${container.name} --interface lan1 --container box`
  const { ips } = await answerOf<Result>(file, 'add', `${path} ${words}`)
  assert.equal(
    addresses('lan1', container),
    ips.map(({ address }) => address),
  )
  assert.equal(cached(), [`${net.name}-box-lan1`])
  assert.match(patchbay(`check ${net.name} ${words}`), 'passes')
  rmSync(path)
  removeContainer(container)
  patchbay(`del ${net.name} ${words}`)
  assert.equal(cached(), [])
  unchanged(before)
})

test('a plugin that fails is named, and what others made is deleted', async () => {
  const path = `${executables()}:${scripts({ refusing })}`
  const net = bridgeNetwork()
  written({ ...net, plugins: [...net.plugins, { type: 'refusing' }] })
  const container = newContainer()
  patchbay(`add ${net.name} ${container.name}`, 1, { CNI_PATH: path })
  const before = snapshot()
  const said = patchbay(`add ${net.name} ${container.name}`, 1, { CNI_PATH: path })
  assert.match(said, 'ADD of refusing: no cable')
  unchanged(before)
  assert.not.ok(exists('eth0', container))
  assert.equal(cached(), [])
})

test('an attachment or an interface that is there already is refused and stays', async () => {
  const net = published()
  const other = written(ptpNetwork())
  const container = newContainer()
  patchbay(`add ${net.name} ${container.name}`)
  const before = snapshot()
  assert.match(patchbay(`add ${net.name} ${container.name}`, 1), 'is attached already')
  assert.match(patchbay(`add ${other.name} ${container.name}`, 1), 'there is an interface eth0')
  unchanged(before)
  patchbay(`check ${net.name} ${container.name}`)
  patchbay(`del ${net.name} ${container.name}`)
})

test('--dry-run names each call in its order, and calls nothing', async () => {
  const net = published()
  const container = newContainer()
  const before = snapshot()
  type Planned = { command: string; plugin: string; environment: Record<string, string> }[]
  const calls = await answerOf<Planned>(file, 'add', `${net.name} ${container.name} --dry-run`)
  assert.equal(
    calls.map(({ plugin }) => plugin),
    ['bridge', 'portmap'],
  )
  assert.is(calls[0]?.environment.CNI_NETNS, container.path)
  const deletions = await answerOf<Planned>(file, 'del', `${net.name} ${container.name} --dry-run`)
  assert.equal(
    deletions.map(({ command, plugin }) => `${command} ${plugin}`),
    ['DEL portmap', 'DEL bridge'],
  )
  unchanged(before)
})

test('a slip is misuse and names what is meant: network, capability, namespace', async () => {
  const net = published()
  const container = newContainer()
  const refused = (words: string, status: number, why: RegExp | string) =>
    assert.match(patchbay(words, status), why)
  refused(`add ${net.name}x ${container.name}`, 2, `did you mean ${net.name}?`)
  refused(
    `add ${net.name} ${container.name} --capabilities {"bandwidth":{}}`,
    2,
    'takes the capability "bandwidth"',
  )
  refused(`add ${net.name} ${container.name} --args MAC`, 2, 'no KEY=VALUE')
  refused(`add ${net.name} nowhere`, 1, 'there is no network namespace /run/netns/nowhere')
  refused(`add ${net.name} ${container.name} --capabilities x`, 2, 'is no JSON object')
  refused(`add ${net.name} ${process.pid}`, 1, 'own network namespace')
  refused(`check ${net.name} ${container.name}`, 1, 'no cache has eth0')
})

test('check fails with what the plugin says, and asks the others, too', async () => {
  const net = published()
  const container = newContainer()
  patchbay(`add ${net.name} ${container.name}`)
  inContainer(container, 'address flush dev eth0')
  type Checked = { plugins: { plugin: string; passes: boolean; problem?: string }[] }
  const { plugins } = await answerOf<Checked>(file, 'check', `${net.name} ${container.name}`, 1)
  assert.equal(
    plugins.map(({ plugin, passes }) => [plugin, passes]),
    [
      ['bridge', false],
      ['portmap', true],
    ],
  )
  patchbay(`del ${net.name} ${container.name}`)
})

test('a network of podman, of a driver of ours, is attached by its option ipam; of podman’s subnets by addresses that are named', async () => {
  const write = (net: ReturnType<typeof podmanNetwork>) => {
    writeFileSync(`${podmanLists}/${net.name}.json`, JSON.stringify(net))
    return net.name
  }
  const own = write(
    podmanNetwork('ptp', { name: 'own', options: { ipam: JSON.stringify(hostLocal('10.240.1.0/24')) } }),
  )
  const subnets = [{ subnet: '10.240.2.0/24', gateway: '10.240.2.1' }]
  const given = write(podmanNetwork('ptp', { name: 'given', subnets }))
  const foreign = write(podmanNetwork('bridge', { name: 'foreign', subnets }))
  const container = newContainer()
  patchbay(`add ${own} ${container.name}`)
  assert.equal(addresses('eth0', container), ['10.240.1.2/24'])
  patchbay(`check ${own} ${container.name}`)
  patchbay(`del ${own} ${container.name}`)
  assert.match(patchbay(`add ${given} ${container.name}`, 2), 'podman allocates the addresses')
  patchbay(`add ${given} ${container.name} --capabilities {"ips":["10.240.2.9"]}`)
  assert.equal(addresses('eth0', container), ['10.240.2.9/24'])
  patchbay(`del ${given} ${container.name}`)
  assert.match(patchbay(`add ${foreign} ${container.name}`, 2), "netavark's own driver bridge")
})

test('names and results with terminal escapes reach no terminal', () => {
  const hostile = '\u001b]0;x\u0007\n'
  const result = { cniVersion: '1.0.0', interfaces: [{ name: hostile, sandbox: hostile }], ips: [] }
  const directory = scripts({ hostile: `cat > /dev/null\nprintf %s '${JSON.stringify(result)}'` })
  written({ cniVersion: '1.0.0', name: 'hostile', plugins: [{ type: 'hostile' }] })
  writeFileSync(`${lists}/00-bad.conflist`, JSON.stringify({ name: hostile, plugins: [] }))
  const container = newContainer()
  const env = { CNI_PATH: directory }
  const said = ['add', 'del'].map((verb) => patchbay(`${verb} hostile ${container.name}`, 0, env)).join('')
  assert.match(said, /left out: invalid characters found in network name/)
  assert.not.match(said.replaceAll('\n', ''), /\p{Cc}/u)
  rmSync(`${lists}/00-bad.conflist`)
})

type Upped = { attachments: { interface: string; state: string; addresses: string[] }[] }
const states = ({ attachments }: Upped) => attachments.map((one) => `${one.interface} ${one.state}`)

test('netns up makes what is missing, once; netns down removes all', async () => {
  const [one, two] = [published(), written(ptpNetwork())]
  const words = `blue ${one.name} ${two.name}`
  // Makes what DEL keeps: the bridge.
  for (const line of [`up ${words}`, 'down blue']) patchbay(`netns ${line}`)
  const before = withoutNumbers(snapshot())
  patchbay(`netns up ${words} --dry-run`)
  assert.not.ok(existsSync('/run/netns/blue'))
  const first = await answerOf<Upped>(file, 'netns up', words)
  assert.equal(states(first), ['eth0 added', 'eth1 added'])
  const blue = { name: 'blue', path: '/run/netns/blue' }
  assert.equal(addresses('eth1', blue), first.attachments[1]?.addresses)
  assert.ok(pings(blue, '127.0.0.1'))
  assert.equal(states(await answerOf<Upped>(file, 'netns up', words)), ['eth0 there', 'eth1 there'])
  patchbay(`del ${one.name} blue`)
  assert.equal(states(await answerOf<Upped>(file, 'netns up', words)), ['eth0 added', 'eth1 there'])
  // As after a boot: the cache is on disk, the namespace is not.
  removeContainer(blue)
  assert.equal(states(await answerOf<Upped>(file, 'netns up', words)), ['eth0 added', 'eth1 added'])
  assert.match(patchbay('netns down blue'), /eth1: deleted\n.*eth0: deleted\n\/run\/netns\/blue: removed\n$/)
  assert.match(patchbay('netns down blue'), 'not there')
  assert.equal(cached(), [])
  unchanged(before, () => withoutNumbers(snapshot()))
})

test('netns down leaves the namespace of a runtime’s container', () => {
  const net = written(ptpNetwork())
  const container = newContainer()
  patchbay(`add ${net.name} ${container.name} --container pod1`)
  const before = snapshot()
  assert.match(patchbay(`netns down ${container.name}`, 1), 'is that of the container pod1')
  unchanged(before)
  patchbay(`del ${net.name} ${container.name} --container pod1`)
})

test('netns up that fails leaves nothing of what it made, and keeps what was there', async () => {
  const env = { CNI_PATH: `${executables()}:${scripts({ refusing })}` }
  const [one, broken] = [written(ptpNetwork()), written(cnitool.network('broken', { type: 'refusing' }))]
  const before = withoutNumbers(snapshot())
  assert.match(patchbay(`netns up green ${one.name} ${broken.name}`, 1, env), 'no cable')
  assert.not.ok(existsSync('/run/netns/green'))
  unchanged(before, () => withoutNumbers(snapshot()))
  patchbay(`netns up green ${one.name}`)
  patchbay(`netns up green ${one.name} ${broken.name}`, 1, env)
  assert.ok(exists('eth0', { name: 'green', path: '/run/netns/green' }))
  patchbay('netns down green')
})

test('SIGINT ends add between two plugins, and what was made is deleted', async () => {
  const waiting = `cat > /dev/null
test $CNI_COMMAND = DEL && exit
touch ${scratch}/waits
until test -e ${scratch}/goes; do sleep 0.02; done
echo '{"cniVersion": "1.0.0"}'`
  const net = ptpNetwork()
  written({ ...net, plugins: [...net.plugins, { type: 'waiting' }] })
  const container = newContainer()
  const before = withoutNumbers(snapshot())
  const env = { CNI_PATH: `${executables()}:${scripts({ waiting })}`, PATH: process.env.PATH }
  const child = spawn(file, ['add', net.name, container.name], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  await until('the second plugin runs', () => existsSync(`${scratch}/waits`))
  child.kill('SIGINT')
  writeFileSync(`${scratch}/goes`, '')
  const status = await new Promise((resolve) => child.on('close', resolve))
  assert.is(status, 1)
  assert.match(said, 'interrupted')
  unchanged(before, () => withoutNumbers(snapshot()))
  assert.equal(cached(), [])
})

test.run()
