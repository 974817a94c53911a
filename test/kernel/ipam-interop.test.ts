/** The reference's main plugins with Patchbay's IPAM plugins, and the other way round. */
// needs: full speed
// packages: containernetworking-plugins, dnsmasq-base

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { command, ip, ipJson } from '../harness/command.ts'
import { type Netns, newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { executables, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { retried, until } from '../harness/until.ts'
import { isLateForReference } from '../harness/way-calls.ts'

await privateHost()

/** Debian's build of the reference's plugins. */
const peer = '/usr/lib/cni'
const dataDir = `${scratch}/networks`
test.before.each(() => rmSync(dataDir, { recursive: true, force: true }))

type Make = 'ours' | 'theirs'
const directoryOf = (make: Make) => (make === 'ours' ? executables() : peer)

/** A directory with a main plugin of one project and IPAM plugins of another. */
function mixed(main: Make, ipam: Make, ...types: string[]): string {
  const bin = `${scratch}/${main}-${ipam}-${types.join('-')}`
  if (existsSync(bin)) return bin
  mkdirSync(bin)
  symlinkSync(`${directoryOf(main)}/bridge`, `${bin}/bridge`)
  for (const type of types) symlinkSync(`${directoryOf(ipam)}/${type}`, `${bin}/${type}`)
  return bin
}

type Verb = 'ADD' | 'DEL' | 'CHECK'

/** Runs a directory's bridge as a runtime does. */
async function bridge(bin: string, verb: Verb, { name, path }: Netns, config: object): Promise<Result> {
  const env = {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: verb,
    CNI_CONTAINERID: name,
    CNI_NETNS: path,
    CNI_IFNAME: 'eth0',
    CNI_PATH: bin,
  }
  const options = { env, extendEnv: false, input: JSON.stringify(config), reject: false } as const
  const { exitCode, stdout } = await execa(`${bin}/bridge`, options)
  assert.is(exitCode, 0, stdout)
  return stdout === '' ? ({} as Result) : JSON.parse(stdout)
}

function add(bin: string, container: Netns, config: object): Promise<Result> {
  const call = (verb: Verb) => bridge(bin, verb, container, config)
  return retried(
    () => call('ADD'),
    isLateForReference,
    () => call('DEL'),
  )
}

function addressesIn({ name }: Netns): string[] {
  const [link] = ipJson<{ addr_info: { local: string; scope: string }[] }>(`-n ${name} address show dev eth0`)
  return (link?.addr_info ?? []).filter(({ scope }) => scope === 'global').map(({ local }) => local)
}

const network = (number: number, ipam: object) => ({
  cniVersion: '1.0.0',
  name: `net${number}`,
  type: 'bridge',
  bridge: `br${number}`,
  isGateway: true,
  ipam,
})

const ranges = [[{ subnet: '10.1.2.0/24' }], [{ subnet: '2001:db8::/64' }]]
const hostLocal = { type: 'host-local', dataDir, ranges }
const fixed = {
  type: 'static',
  addresses: [{ address: '10.3.0.5/24', gateway: '10.3.0.1' }, { address: 'fd00:3::5/64' }],
  routes: [{ dst: '0.0.0.0/0' }],
}
const reserved = (name: string) => reservedIn(`${dataDir}/${name}`)

let networks = 0

for (const [main, ipam] of [
  ['ours', 'theirs'],
  ['theirs', 'ours'],
] as const) {
  test(`${main === 'ours' ? "our bridge, the reference's" : "the reference's bridge, our"} host-local`, async () => {
    const bin = mixed(main, ipam, 'host-local')
    const config = network(++networks, hostLocal)
    const container = newContainer()
    const prevResult = await add(bin, container, config)
    assert.equal(addressesIn(container), ['10.1.2.2', '2001:db8::2'])
    assert.is(readFileSync(`${dataDir}/${config.name}/10.1.2.2`, 'latin1'), `${container.name}\r\neth0`)
    await bridge(bin, 'CHECK', container, { ...config, prevResult })
    await bridge(bin, 'DEL', container, config)
    assert.equal(reserved(config.name), [])
    removeContainer(container)
  })

  test(`${main === 'ours' ? "our bridge, the reference's" : "the reference's bridge, our"} static`, async () => {
    const bin = mixed(main, ipam, 'static')
    const config = network(++networks, fixed)
    const container = newContainer()
    const prevResult = await add(bin, container, config)
    assert.equal(addressesIn(container), ['10.3.0.5', 'fd00:3::5'])
    assert.match(ip(`-n ${container.name} route show default`), 'via 10.3.0.1')
    await bridge(bin, 'CHECK', container, { ...config, prevResult })
    await bridge(bin, 'DEL', container, config)
    removeContainer(container)
  })
}

test("the reference's bridge with Patchbay's ipam-list: each family from its own plugin", async () => {
  const bin = mixed('theirs', 'ours', 'ipam-list', 'host-local', 'static')
  const list = [
    { type: 'host-local', family: 4, dataDir, ranges: [[{ subnet: '10.1.2.0/24' }]] },
    { type: 'static', family: 6, addresses: [{ address: 'fd00:3::5/64' }] },
  ]
  const config = network(++networks, { type: 'ipam-list', list })
  const container = newContainer()
  const prevResult = await add(bin, container, config)
  assert.equal(addressesIn(container), ['10.1.2.2', 'fd00:3::5'])
  await bridge(bin, 'CHECK', container, { ...config, prevResult })
  await bridge(bin, 'DEL', container, config)
  assert.equal(reserved(config.name), [])
  removeContainer(container)
})

test('both projects on one network at once: no address is given twice, and each releases its own', async () => {
  const config = network(++networks, hostLocal)
  const makes = [mixed('ours', 'ours', 'host-local'), mixed('theirs', 'theirs', 'host-local')]
  const containers = Array.from({ length: 16 }, () => newContainer())
  const first = newContainer()
  await add(makes[0] as string, first, config)
  const binOf = (at: number) => makes[at % 2] as string
  await Promise.all(containers.map((container, at) => add(binOf(at), container, config)))
  const given = containers.flatMap(addressesIn)
  assert.is(new Set(given).size, 32)
  assert.equal([...given, ...addressesIn(first)].sort(), reserved(config.name).sort())
  await Promise.all(containers.map((container, at) => bridge(binOf(at), 'DEL', container, config)))
  assert.equal(reserved(config.name).sort(), addressesIn(first).sort())
  for (const container of containers) removeContainer(container)
})

test("Patchbay's bridge with the reference's dhcp and its daemon: a lease from a server on the network", async () => {
  const config = { ...network(++networks, { type: 'dhcp' }), isGateway: false }
  ip(`link add ${config.bridge} type bridge`)
  ip(`address add 10.4.0.1/24 dev ${config.bridge}`)
  ip(`link set ${config.bridge} up`)
  const listen = [`--interface=${config.bridge}`, '--bind-interfaces', '--port=0', '--keep-in-foreground']
  const files = [`--dhcp-leasefile=${scratch}/leases`, '--pid-file=', '--conf-file=/dev/null', '--user=root']
  const server = spawn('dnsmasq', [...listen, ...files, '--dhcp-range=10.4.0.100,10.4.0.110,1h'])
  mkdirSync('/run/cni', { recursive: true })
  const daemon = spawn(`${peer}/dhcp`, ['daemon'])
  await until('the daemon listens', () => existsSync('/run/cni/dhcp.sock'))
  await until('the server listens', () => command('ss', '-lun').includes(':67 '))
  const bin = mixed('ours', 'theirs', 'dhcp')
  const container = newContainer()
  await add(bin, container, config)
  assert.match(String(addressesIn(container)), /^10\.4\.0\.1(0\d|10)$/)
  assert.match(readFileSync(`${scratch}/leases`, 'utf8'), String(addressesIn(container)))
  await bridge(bin, 'DEL', container, config)
  daemon.kill()
  server.kill()
  removeContainer(container)
})

test.run()
