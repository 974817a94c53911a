/** From the reference's dhcp to ours and back: what the one has attached, the other deletes; and each is the IPAM plugin of the other's macvlan. */
// needs: link macvlan
// packages: containernetworking-plugins, dnsmasq-base
// newest: containernetworking-plugins

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { done, errorOf } from '../harness/attach.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { listenOn } from '../harness/dhcp-heard.ts'
import { startRenewer } from '../harness/dhcp-renewer.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { type Answer, type Call, call, executables, type Result } from '../harness/plugin.ts'
import { directoryOfReference, type Edition, reference } from '../harness/reference.ts'
import { type ReferenceDaemon, referenceDaemon } from '../harness/reference-dhcp.ts'
import { difference, snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const lan = segment('nic0')
const server = station(lan, 'server', '10.7.0.1/24')
const ear = listenOn(server)
// The reference's daemon looks after a lease after three seconds (T1).
const dnsmasq = await dnsmasqOn(server, {
  ranges: ['10.7.0.50,10.7.0.99,2h'],
  options: { router: '10.7.0.1', T1: '3', T2: '3600' },
})

await startRenewer()

const list = {
  cniVersion: '1.0.0',
  name: 'migrating',
  type: 'macvlan',
  master: 'nic0',
  ipam: { type: 'dhcp' },
}

/** Calls macvlan with dhcp. */
type Suite = (verb: Call['verb'], container: Netns, more?: object) => Promise<Answer>

const requestOf = (verb: Call['verb'], { name, path }: Netns, more = {}) => ({
  ...{ verb, containerID: name, netns: path },
  config: { ...list, ...more },
})

const ours: Suite = (...about) => call(requestOf(...about))

function theirs(edition: Edition): Suite {
  return (...about) => reference(requestOf(...about), edition)
}

/** Our macvlan, which finds the reference's dhcp in CNI_PATH. */
function oursWithTheirDhcp(edition: Edition): Suite {
  return (...about) => call({ ...requestOf(...about), env: { CNI_PATH: directoryOfReference(edition) } })
}

/** The reference's macvlan, which finds our dhcp in CNI_PATH. */
function theirsWithOurDhcp(edition: Edition): Suite {
  const under = ['sh', '-c', `exec ${directoryOfReference(edition)}/macvlan`]
  return (...about) => call({ ...requestOf(...about), under, env: { CNI_PATH: executables() } })
}

interface Attached extends Netns {
  result: Result
  address: string
}

/** ADD that succeeds, and gives what the server has given. */
async function attachedBy(suite: Suite, more = {}, container = newContainer()): Promise<Attached> {
  const { status, json } = await suite('ADD', container, more)
  assert.is(status, 0, JSON.stringify(json))
  const result = json as unknown as Result
  const address = bare(result.ips[0]?.address ?? '')
  assert.ok(isLeased(address), address)
  return { ...container, result, address }
}

const isLeased = (address: string) => dnsmasq.leases().some((lease) => lease.address === address)

const look = ({ name }: Netns) => [...snapshot(), ...snapshotOf(name)]

/** DEL that succeeds, after which the server has the address back. */
async function released(suite: Suite, { address, result, ...container }: Attached, more = {}): Promise<void> {
  assert.equal(await suite('DEL', container, { ...more, prevResult: result }), done)
  await until(`the server has ${address} back`, () => !isLeased(address))
}

const failed = async (answer: Promise<Answer>) => errorOf(await answer).said

const editions: readonly Edition[] = ['installed', 'newest']
const daemons = new Map<Edition, ReferenceDaemon>()

/** What the daemon says when an interface is gone that it has not released. 1.1.1 tries without a pause until T2. */
const missing = {
  installed: /(eth0: no such device\n.*){100}/,
  newest: /eth0 no longer exists or link check failed, terminating lease maintenance/,
} as const

for (const edition of editions) {
  const other = theirs(edition)

  test(`reference ${edition}, daemon up: ours attaches beside it, and the reference deletes that, but for our journal, which our GC clears`, async () => {
    daemons.set(edition, await referenceDaemon(edition))
    const container = newContainer()
    const before = look(container)
    const { result } = await attachedBy(ours, {}, container)
    assert.equal(await other('DEL', container, { prevResult: result }), done)
    const left = difference(before, look(container))
    assert.is(
      left.filter((line) => !line.startsWith('+ file /run/patchbay/dhcp/')).length,
      0,
      left.join('\n'),
    )
    assert.is(left.length, 1)
    assert.equal(await ours('GC', container, { cniVersion: '1.1.0', 'cni.dev/valid-attachments': [] }), done)
    unchanged(before, () => look(container))
  })

  test(`reference ${edition}: our CHECK of what it has attached names the remedy, and our DEL leaves nothing`, async () => {
    const container = newContainer()
    const before = look(container)
    const { result, address } = await attachedBy(other, {}, container)
    const said = await failed(ours('CHECK', container, { prevResult: result }))
    assert.match(said, /eth0 of container c\d+ has no lease of a DHCP server: run DEL and ADD/)
    const asked = ear.asked().length
    assert.equal(await ours('DEL', container, { prevResult: result }), done)
    unchanged(before, () => look(container))
    await until('the daemon misses the interface', () =>
      missing[edition].test(daemons.get(edition)?.log() ?? ''),
    )
    assert.not.ok(ear.asked().slice(asked).includes('RELEASE'))
    assert.ok(isLeased(address), 'the lease ends by itself')
    await daemons.get(edition)?.end('SIGKILL')
  })

  test(`the dhcp of reference ${edition} is the IPAM plugin of our macvlan: ADD, CHECK, and DEL releases before the interface goes`, async () => {
    const daemon = await referenceDaemon(edition)
    const mixed = oursWithTheirDhcp(edition)
    const attached = await attachedBy(mixed)
    assert.equal(await mixed('CHECK', attached, { prevResult: attached.result }), done)
    const asked = ear.asked().length
    assert.equal(await mixed('DEL', attached, { prevResult: attached.result }), done)
    await until('RELEASE is on the wire', () => ear.asked().slice(asked).includes('RELEASE'))
    // 1.9.1 sends it from 0.0.0.0, which a server on Linux does not receive.
    if (edition === 'installed')
      await until('the server has the address back', () => !isLeased(attached.address))
    await daemon.end()
  })

  test(`reference ${edition}, daemon down: its DEL of what we have attached fails until ours has deleted it`, async () => {
    const attached = await attachedBy(ours)
    const more = { prevResult: attached.result }
    assert.match(await failed(other('DEL', attached, more)), /error dialing DHCP daemon: dial unix/)
    await released(ours, attached)
    assert.match(await failed(other('DEL', attached, more)), /error dialing DHCP daemon: dial unix/)
  })

  const versions = ['0.3.1', '0.4.0', '1.0.0', ...(edition === 'newest' ? ['1.1.0'] : [])]
  for (const cniVersion of versions)
    test(`our dhcp is the IPAM plugin of the macvlan of reference ${edition} in version ${cniVersion}`, async () => {
      const mixed = theirsWithOurDhcp(edition)
      const attached = await attachedBy(mixed, { cniVersion })
      const { result, address } = attached
      assert.is(result.cniVersion, cniVersion)
      assert.is(result.ips[0]?.version, cniVersion < '1' ? '4' : undefined)
      assert.equal(result.routes, [{ dst: '0.0.0.0/0', gw: '10.7.0.1' }])
      assert.ok(addresses('eth0', attached).includes(`${address}/24`))
      if (cniVersion !== '0.3.1')
        assert.equal(await mixed('CHECK', attached, { cniVersion, prevResult: result }), done)
      await released(mixed, attached, { cniVersion })
    })
}

test.run()
