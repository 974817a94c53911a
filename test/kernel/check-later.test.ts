/** What tuning and sbr of the reference change, later in the list, CHECK accepts; what nothing changed is still checked. */
// needs: nft bridge, link macvlan, link macvtap
// packages: containernetworking-plugins

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { farHost, type Netns, newContainer, privateHost } from '../harness/host.ts'
import { inContainer, link, routes } from '../harness/look.ts'
import { bridgeNetwork, hostLocal, newNetwork, single } from '../harness/networks.ts'
import { type Configuration, call, type Engine, type Result } from '../harness/plugin.ts'
import { checkMacByNftables, reference } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const engines: Engine[] = ['quickjs', 'node']
const mac = '02:00:00:00:00:99'
type Keys = Record<string, unknown>

interface Attached {
  engine: Engine
  container: Netns
  config: Configuration
  result: Result
}

/** ADD of a network's only plugin. */
async function attach(engine: Engine, config: Configuration): Promise<Attached> {
  const container = newContainer()
  const result = await added({ engine, config, containerID: container.name, netns: container.path })
  return { engine, container, config, result }
}

const ask = (verb: 'CHECK' | 'DEL', { engine, container, config }: Attached, prevResult: Result) =>
  call({
    verb,
    engine,
    config: { ...config, prevResult },
    containerID: container.name,
    netns: container.path,
  })

/** CHECK that finds something. @returns its message */
async function complaint(attached: Attached, result = attached.result): Promise<string> {
  return String((await ask('CHECK', attached, result)).json?.msg)
}

/** A chained plugin of the reference. @returns its result */
async function later(
  verb: 'ADD' | 'DEL',
  keys: Configuration,
  { container, config, result }: Attached,
): Promise<Result> {
  const { name, cniVersion } = config
  const chained = { ...keys, name: String(name), cniVersion: String(cniVersion), prevResult: result }
  const answer = await reference({
    verb,
    config: chained,
    containerID: container.name,
    netns: container.path,
  })
  assert.is(answer.status, 0, JSON.stringify(answer.json))
  if (verb === 'DEL') return result
  // Debian's version drops the MTU from the result; later ones keep it as it was.
  const changed = answer.json as unknown as Result
  const interfaces = result.interfaces.map((one, index) => ({ ...one, ...changed.interfaces[index] }))
  return { ...result, interfaces }
}

const networks: Record<string, () => Configuration> = {
  bridge: () => single(bridgeNetwork({}, '1.0.0')),
  ptp: () => single(newNetwork('ptp', {}, '1.0.0')),
  macvlan: () => single(newNetwork('macvlan', { master: 'uplink' }, '1.0.0')),
  'macvtap with promiscMode': () =>
    single(newNetwork('macvtap', { master: 'uplink', promiscMode: true }, '1.0.0')),
}

const tuning = { type: 'tuning', mtu: 1400, mac, promisc: true }

for (const engine of engines)
  for (const [what, network] of Object.entries(networks))
    test(`${what}: tuning changes the MTU, the MAC address, the queue and promiscuity, and CHECK accepts it (${engine})`, async () => {
      const attached = await attach(engine, network())
      const result = await later('ADD', tuning, attached)
      // `txQLen` came with 1.2; Debian 12 has 1.1.1.
      inContainer(attached.container, 'link set eth0 txqueuelen 777')
      const { mtu, address, txqlen, promiscuity } = link('eth0', attached.container)
      assert.equal([mtu, address, txqlen, promiscuity > 0], [1400, mac, 777, true])
      assert.equal(await ask('CHECK', attached, result), done)
      inContainer(attached.container, 'link set eth0 address 02:00:00:00:00:98')
      assert.match(await complaint(attached, result), `eth0 has MAC address 02:00:00:00:00:98, not ${mac}`)
      inContainer(attached.container, `link set eth0 address ${mac}`)
      await later('DEL', tuning, attached)
      inContainer(attached.container, `link set eth0 mtu 1300`)
      assert.match(await complaint(attached), 'eth0 has MTU 1300, not 1500')
      assert.equal(await ask('DEL', attached, result), done)
    })

const requests: Record<string, Keys> = {
  'the key': { mac },
  runtimeConfig: { runtimeConfig: { mac }, capabilities: { mac: true } },
}

for (const engine of engines) {
  for (const [what, keys] of Object.entries(requests))
    test(`macspoofchk, and tuning sets a MAC address by ${what}: CHECK warns that the frames are dropped (${engine})`, async () => {
      const attached = await attach(engine, spoofChecked())
      const { container, result } = attached
      const gateway = result.ips[0]?.gateway ?? ''
      assert.ok(pings(container, gateway))
      const given = link('eth0', container).address
      const tuned = await later('ADD', { type: 'tuning', ...keys }, attached)
      assert.ok(isSilent(container, gateway))
      const { json, status, stderr } = await ask('CHECK', attached, tuned)
      assert.equal([status, json], [0, undefined])
      assert.match(
        stderr,
        `macspoofchk drops the frames of eth0: they come from ${mac}, and ${given} is allowed`,
      )
      command('nft', 'flush set bridge patchbay macspoofchk-allowed')
      assert.match(await complaint(attached, tuned), `${given} is missing`)
      assert.equal(await ask('DEL', attached, tuned), done)
    })

  test(`macspoofchk of the reference, and tuning sets a MAC address: CHECK warns (${engine})`, async () => {
    const attached = await attach(engine, { ...spoofChecked(), macspoofchk: false })
    const { container, config, result } = attached
    const [, port] = result.interfaces
    const attachment = { network: String(config.name), containerID: container.name, ifname: 'eth0' }
    const given = link('eth0', container).address
    checkMacByNftables(attachment, port?.name ?? '', given)
    const checked = { ...attached, config: { ...config, macspoofchk: true } }
    assert.equal(await ask('CHECK', checked, result), done)
    const tuned = await later('ADD', { type: 'tuning', mac }, attached)
    const { status, stderr } = await ask('CHECK', checked, tuned)
    assert.is(status, 0)
    assert.match(stderr, `${given} is allowed`)
    assert.equal(await ask('DEL', checked, tuned), done)
  })

  test(`sbr moves the routes of both families to another table, and CHECK finds them there (${engine})`, async () => {
    const ipam = {
      ...hostLocal('10.5.0.0/24', 'fd05::/64'),
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    }
    const attached = await attach(engine, single(bridgeNetwork({ isGateway: true, ipam }, '1.0.0')))
    const { container, result } = attached
    await later('ADD', { type: 'sbr' }, attached)
    for (const family of [4, 6] as const) assert.not.ok(routes(family, container).includes('default'))
    assert.equal(await ask('CHECK', attached, result), done)
    for (const [family, route] of [
      ['-6', '::/0'],
      ['-4', '0.0.0.0/0'],
    ]) {
      inContainer(container, `${family} route flush table all default`)
      assert.match(await complaint(attached), `lacks its route ${route}`)
    }
    assert.equal(await ask('DEL', attached, result), done)
  })
}

function spoofChecked(): Configuration {
  return single(bridgeNetwork({ isGateway: true, macspoofchk: true }, '1.0.0'))
}

test.run()
