/** `patchbay ls` and `patchbay show`: what the host's containers have, by all that tells of them. */
// needs: nft ip, link macvlan

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import type { answer as lsAnswer } from '../../cli/answers/ls.ts'
import type { answer as showAnswer } from '../../cli/answers/show.ts'
import { type Attached, added, attach } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { attachment, create, drive, podmanNetwork } from '../harness/netavark.ts'
import { bridgeNetwork, newNetwork, ptpNetwork, single } from '../harness/networks.ts'
import { answerOf, operate, run } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
ownEtc('/etc/cni/net.d', '/etc/containers/networks')

const file = `${executables()}/patchbay`
const cache = '/var/lib/cni/results'
const ls = (words = '') => answerOf<z.infer<typeof lsAnswer>>(file, 'ls', words)
const show = (words: string) => answerOf<z.infer<typeof showAnswer>>(file, 'show', words)

const pod = (name: string) => ({ IgnoreUnknown: '1', K8S_POD_NAMESPACE: 'shop', K8S_POD_NAME: name })
const portmap = { type: 'portmap', capabilities: { portMappings: true } }
const bandwidth = { type: 'bandwidth', capabilities: { bandwidth: true } }

ip('link add nic0 type veth peer name nic1')
for (const nic of ['nic0', 'nic1']) ip(`link set ${nic} up`)
const bridged = bridgeNetwork({ isGateway: true, ipMasq: true })
const [front, back, side, gone] = await attachAll()

/** One container on each kind of network; the last one ended without DEL. */
async function attachAll(): Promise<[Attached, Attached, Attached, Attached]> {
  const net = { ...bridged, plugins: [...bridged.plugins, portmap, bandwidth, { type: 'firewall' }] }
  const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]
  const capabilities = { portMappings, bandwidth: { ingressRate: 10_000_000, ingressBurst: 1_000_000 } }
  const front = await attach(net, { args: pod('front'), capabilities })
  const back = await attach(ptpNetwork(), { args: pod('back') })
  const side = await attach(newNetwork('macvlan', { master: 'nic0' }))
  const gone = await attach(net, { args: pod('gone') })
  await vanish(gone)
  return [front, back, side, gone]
}

const idOf = (path: string) =>
  readdirSync(cache)
    .map((name) => JSON.parse(readFileSync(`${cache}/${name}`, 'utf8')))
    .find(({ result }) => JSON.stringify(result).includes(`"${path}"`))?.containerId

test('ls has each attachment with pod, addresses, host end, parent, ports and age', async () => {
  const all = await ls()
  assert.equal(
    all.map(({ pod, parent, life, plugins }) => [pod, parent, life, plugins[0]]),
    [
      ['shop/front', 'br1', 'lives', 'bridge'],
      ['shop/gone', 'br1', 'ended', 'bridge'],
      [undefined, 'nic0', 'lives', 'macvlan'],
      ['shop/back', undefined, 'lives', 'ptp'],
    ].sort((one, other) => order(all, one) - order(all, other)),
  )
  const [one] = all.filter((each) => each.pod === 'shop/front')
  assert.equal(
    one?.addresses,
    front.result.ips?.map(({ address }) => address),
  )
  assert.equal(one?.ports, [{ protocol: 'tcp', hostPort: 8080, containerPort: 80 }])
  assert.is(one?.namespace, front.path)
  assert.is(one?.mac, front.result.interfaces?.find(({ sandbox }) => sandbox)?.mac)
  assert.match(ip(`link show ${one?.hostInterface}`), 'master br1')
  assert.ok((one?.age ?? 99) < 60)
})

/** The answer is in the order of networks. */
const order = (all: { pod?: string; parent?: string }[], [pod, parent]: unknown[]) =>
  all.findIndex((one) => one.pod === pod && one.parent === parent)

test('--live, --ended and a network choose; a slip names the network that is meant', async () => {
  assert.equal(
    (await ls('--ended')).map(({ pod }) => pod),
    ['shop/gone'],
  )
  assert.is((await ls('--live')).length, 3)
  assert.is((await ls(bridged.name)).length, 2)
  assert.match(operate(file, `ls ${bridged.name}x`, 2), `did you mean ${bridged.name}?`)
  const text = operate(file, 'ls')
  assert.match(text, /^NETWORK +POD +CONTAINER +IFACE +ADDRESSES +HOST END +ON +PORTS +AGE +LIFE$/m)
  assert.match(text, /shop\/front .* 8080->80\/tcp .*lives/)
  assert.not.match(text, front.path)
  assert.match(operate(file, 'ls --wide'), front.path)
})

test('show finds a container by ID, its beginning, its pod and its namespace, and has all of it', async () => {
  const id = idOf(front.path)
  const words = [
    id,
    id.slice(0, 12),
    'shop/front',
    'front',
    front.path,
    front.name,
    front.path.replace('/run', '/var/run'),
  ]
  for (const word of words) assert.is((await show(word)).container, id, word)
  const { attachments, namespace, life } = await show('front')
  const [one] = attachments
  assert.is(life, 'lives')
  assert.is(namespace, front.path)
  assert.match(ip(`-n ${front.name} -d link show eth0`), one?.now?.mac ?? '?')
  for (const address of one?.addresses ?? ['?']) assert.ok(one?.now?.addresses.includes(address))
  assert.equal(one?.limits, [{ direction: 'ingress', rate: 10_000_000, burst: 1_000_000 }])
  assert.equal(one?.rules.map(({ feature }) => feature).sort(), ['ipMasq', 'portmap', 'portmap'])
  assert.match(one?.cache ?? '', cache)
  assert.ok(one?.records.some((path) => path.startsWith('/run/patchbay/firewall/portmap/')))
  for (const path of one?.records ?? []) assert.ok(path.startsWith('/var/lib') || path.startsWith('/run'))
  const text = operate(file, 'show front')
  assert.match(text, 'ingress    at most 10 Mbit/s')
  assert.match(text, /host end +veth\w+, up/)
})

test('show of a container that ended says so, and has no namespace to look into', async () => {
  const { life, attachments } = await show('gone')
  assert.is(life, 'ended')
  assert.is(attachments[0]?.now, undefined)
  assert.is(attachments[0]?.hostEnd, undefined)
  assert.is((await show(idOf(side.path))).attachments[0]?.now?.kind, 'macvlan')
})

test('a reader that has seen enough is no error, and half of a verb names the words that follow', () => {
  const shell = spawnSync('sh', ['-c', `${file} ls -w | true; ${file} show front | head -1`], {
    encoding: 'utf8',
  })
  assert.is(shell.stderr, '')
  assert.match(operate(file, 'ipam', 2), 'ipam needs one more word: ls, show, check, release')
  assert.match(operate(file, 'ipam chek', 2), 'did you mean ipam check?')
})

test('a container that is not there is misuse, and the containers are named', () => {
  const said = operate(file, 'show shop/fron', 2)
  assert.match(said, 'no container "shop/fron", did you mean shop/front?')
  assert.match(said, 'the containers are')
  assert.match(operate(file, 'show cnitool', 2), 'is the name of 4 containers')
})

test('containers without a cache are known by their host ends and records, which have their addresses, too', async () => {
  const section = (number: number) => ({
    type: 'static',
    addresses: [{ address: `10.99.0.${number}/24`, gateway: '10.99.0.1' }],
  })
  const masqueraded = ptpNetwork({ ipam: section(5), ipMasq: true })
  const bare = ptpNetwork({ ipam: section(6) })
  for (const net of [masqueraded, bare])
    await added({ config: single(net), containerID: `of-${net.name}`, netns: newContainer().path })
  const [one] = await ls(masqueraded.name)
  assert.equal(
    [one?.container, one?.life, one?.addresses],
    [`of-${masqueraded.name}`, 'lives', ['10.99.0.5/24']],
  )
  const [other] = await ls(bare.name)
  assert.equal([other?.container, other?.life, other?.addresses], [`of-${bare.name}`, 'lives', []])
  assert.match(ip(`link show ${other?.hostInterface}`), `patchbay:${bare.name}/of-${bare.name}/eth0`)
})

test('a container of podman 5 has the driver of its network, and the addresses that the kernel has in its namespace', async () => {
  const subnets = [{ subnet: '10.88.0.0/24', gateway: '10.88.0.1' }]
  const net = create(podmanNetwork('patchbay-bridge', { subnets }))
  const container = newContainer()
  const place = attachment(net, { static_ips: ['10.88.0.5'] })
  assert.is(drive(net.driver, ['setup', container.path], place).status, 0)
  writeFileSync(`/etc/containers/networks/${net.name}.json`, JSON.stringify(net))
  const [one] = await ls(net.name)
  assert.equal([one?.life, one?.addresses, one?.plugins], ['lives', ['10.88.0.5/24'], ['patchbay-bridge']])
  assert.is(one?.parent, net.network_interface)
  assert.is(one?.namespace, container.path)
  assert.is(drive(net.driver, ['teardown', container.path], place).status, 0)
  rmSync(`/etc/containers/networks/${net.name}.json`)
})

test('without root the pairs of the host are listed, and what could not be read is said', () => {
  const done = run('setpriv', `--reuid 65534 --clear-groups ${file} ls`)
  assert.is(done.status, 0, done.stderr)
  assert.match(done.stderr, 'left out')
  assert.match(done.stdout, new RegExp(`^\\S+ +${idOf(back.path)} .* lives$`, 'm'))
  const addresses = run('setpriv', `--reuid 65534 --clear-groups ${file} ipam ls`)
  assert.match(addresses.stdout, 'cannot be seen: run it as root')
})

const hostile = `\u001b]0;title\u0007\u009b31m\u202e\n<script>${'x'.repeat(1 << 16)}`

test('hostile names in a cache reach neither terminal nor JSON as they are', async () => {
  const [name = ''] = readdirSync(cache).filter((one) => one.startsWith(bridged.name))
  const entry = JSON.parse(readFileSync(`${cache}/${name}`, 'utf8'))
  const list = { cniVersion: '1.0.0', name: 'bad', plugins: [{ type: hostile, bridge: hostile }] }
  const bad = {
    ...entry,
    ...{ networkName: 'bad', containerId: 'bad', ifName: 'eth0', netns: '/run/netns/none' },
    config: Buffer.from(JSON.stringify(list)).toString('base64'),
    cniArgs: [['K8S_POD_NAME', hostile]],
    capabilityArgs: { portMappings: [{ hostPort: 1, containerPort: 2, protocol: hostile }] },
    result: {
      interfaces: [{ name: hostile, mac: hostile }],
      ips: [{ address: hostile }],
      routes: [{ dst: '0.0.0.0/0', gw: hostile }],
    },
  }
  writeFileSync(`${cache}/bad`, JSON.stringify(bad))
  for (const verb of ['ls', 'ls -w', 'ls -o json', 'show bad', 'show bad -o json', 'show bad -o yaml']) {
    const text = operate(file, verb)
    assert.not.match(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, verb)
    if (!verb.includes('-o')) assert.ok(text.length < 20_000, verb)
  }
  assert.is((await show('bad')).life, 'ended')
  rmSync(`${cache}/bad`)
  mkdirSync(`${cache}/directory`)
  writeFileSync(`${cache}/torn`, '{"kind":"cniCa')
  assert.match(operate(file, 'ls'), `${cache}/torn: left out`)
  rmSync(`${cache}/torn`)
  rmSync(`${cache}/directory`, { recursive: true })
})

test('nothing was changed by what only looks', async () => {
  for (const one of [front, back, side]) await one.check()
  for (const one of [front, back, side, gone]) await one.del()
})

test.run()
