/** tuning beside the reference: each restores what the other has changed; what the reference fails at. */
// packages: containernetworking-plugins

import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ask, fileOf, tuned } from '../harness/behind.ts'
import { unchanged } from '../harness/expect.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { inContainer, link, sysctl } from '../harness/look.ts'
import { call, type Result } from '../harness/plugin.ts'
import { reference } from '../harness/reference.ts'
import { snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const mac = '02:00:5e:10:00:01'

for (const [one, other] of [
  [reference, call],
  [call, reference],
] as const)
  test(`what ${one === call ? 'we have' : 'the reference has'} changed, ${one === call ? 'the reference' : 'we'} restore${one === call ? 's' : ''} on an interface that stays`, async () => {
    const { container, request } = tuned({ mac, mtu: 1400, promisc: true, allmulti: true }, '1.0.0')
    const before = snapshotOf(container.name)
    for (const [verb, caller] of [
      ['ADD', one],
      ['DEL', other],
    ] as const) {
      const { status, json } = await caller({ ...request, verb })
      assert.is(status, 0, JSON.stringify(json))
      assert.is(link('eth0', container).mtu, verb === 'ADD' ? 1400 : 1500)
    }
    unchanged(before, () => snapshotOf(container.name))
    assert.not.ok(existsSync(fileOf(container)))
    removeContainer(container)
  })

// What the reference fails at. Debian's knows no newer version than 1.0.0.

test('args.cni.sysctl without sysctl is applied; the reference panics', async () => {
  const { container, request } = tuned(
    { args: { cni: { sysctl: { 'net.core.somaxconn': '700' } } } },
    '1.0.0',
  )
  const { status, json } = await reference({ ...request, verb: 'ADD' })
  assert.equal([status, json], [2, undefined])
  await added(request)
  assert.is(sysctl('net/core/somaxconn', container), '700')
  removeContainer(container)
})

test('CHECK replaces IFNAME; the reference 1.1.1 looks for a file with that name', async () => {
  const { container, request } = tuned({ sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } }, '1.0.0')
  await added(request)
  const { json } = await reference({
    ...request,
    config: { ...request.config, cniVersion: '1.0.0' },
    verb: 'CHECK',
  })
  assert.match(String(json?.msg), 'IFNAME')
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('the MTU is in the result; the reference leaves the old one, or none', async () => {
  const { container, request } = tuned({ mtu: 1400 }, '1.0.0')
  const answer = await reference({ ...request, verb: 'ADD' })
  assert.is.not((answer.json as unknown as Result).interfaces[1]?.mtu, 1400)
  assert.equal(await ask('DEL', request), done)
  assert.is((await added(request)).interfaces[1]?.mtu, 1400)
  removeContainer(container)
})

test('CHECK takes a space for the kernel’s tab; the reference does not', async () => {
  const { container, request } = tuned({ sysctl: { 'net.ipv4.ip_local_port_range': '20000 60001' } }, '1.0.0')
  await added(request)
  const { json } = await reference({ ...request, verb: 'CHECK' })
  assert.match(String(json?.msg), 'current value is 20000\t60001')
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('CHECK does not mind that something listens to all frames; the reference fails then', async () => {
  const { container, request } = tuned({ mtu: 1400 }, '1.0.0')
  await added(request)
  inContainer(container, 'link set eth0 promisc on')
  const { json } = await reference({
    ...request,
    config: { ...request.config, cniVersion: '1.0.0' },
    verb: 'CHECK',
  })
  assert.match(String(json?.msg), 'promisc')
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('DEL removes the file of a container that is gone; the reference leaves it', async () => {
  const { container, request } = tuned({ mtu: 1400 }, '1.0.0')
  await added(request)
  removeContainer(container)
  assert.is((await reference({ ...request, verb: 'DEL' })).status, 0)
  assert.ok(existsSync(fileOf(container)))
  assert.equal(await ask('DEL', request), done)
  assert.not.ok(existsSync(fileOf(container)))
})

test.run()
