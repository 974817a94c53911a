/** The life of `patchbay dhcp`: its end loses nothing, its start drops what is gone, there is one on a host. DHCPv6 is renewed, too. */
// needs: link macvlan
// unpacked: kea-dhcp6-server

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { newBootId } from '../harness/boot.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { changeEntry, entryOf, type Renewer, startRenewer } from '../harness/dhcp-renewer.ts'
import { station } from '../harness/dhcp-segment.ts'
import { checked, givenBy, newServed, serve } from '../harness/dhcp-served.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { executables } from '../harness/plugin.ts'
import { runAlone } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const at = newServed()
const server = await serve(at)

const hasLine = (renewer: Renewer, text: string) => renewer.log().some((line) => line.includes(text))

test('killed and started again, it goes on with the lease; SIGTERM ends it at once', async () => {
  const guest = await attach(at.net)
  const first = await startRenewer()
  const since = () => entryOf(guest)?.lease4?.since ?? 0
  const begun = since()
  await until('the lease is renewed', () => since() > begun)
  await first.end('SIGKILL')
  const second = await startRenewer()
  assert.ok(hasLine(second, '1 leases'))
  const killed = since()
  await until('the lease is renewed again', () => since() > killed)
  assert.equal(addresses('eth0', guest), [`${at.yiaddr}/24`])
  await second.end('SIGTERM')
  assert.ok(hasLine(second, 'ends: the leases stay'))
  assert.is(await checked(guest), 'fine')
  await guest.del()
})

test('a lease that ended while none ran is asked for again before its address goes', async () => {
  const guest = await attach(at.net)
  changeEntry(guest, ({ lease4 }) => ({ lease4: { ...lease4, renew: 0.1, rebind: 0.2, expire: 0.3 } }))
  await until('it has ended', async () => (await checked(guest)).includes('has ended'))
  const before = at.ear.asked().length
  const renewer = await startRenewer()
  await until('it has the lease', async () => (await checked(guest)) === 'fine')
  assert.equal(at.ear.asked().slice(before, before + 1), ['REQUEST'])
  assert.is(
    at.ear.dhcp().findLast(({ type, requested }) => type === 'REQUEST' && requested)?.requested,
    at.yiaddr,
  )
  assert.not.ok(renewer.log().some((line) => line.includes('changed')))
  await renewer.end()
  await guest.del()
})

test('a change in which it was killed is completed', async () => {
  const guest = await attach(at.net)
  server.behave(givenBy(at, { times: [600, 300, 500] }))
  const now = {
    ips: [{ address: '10.1.0.33/24', gateway: at.server }],
    routes: [{ dst: '0.0.0.0/0', gw: at.server }],
    dns: {},
  }
  changeEntry(guest, (entry) => ({
    now,
    former: entry.now,
    lease4: { ...entry.lease4, address: '10.1.0.33/24', renew: 300, rebind: 500, expire: 600 },
  }))
  const renewer = await startRenewer()
  await until('the change is complete', () => entryOf(guest)?.former === undefined)
  assert.equal(addresses('eth0', guest), ['10.1.0.33/24'])
  assert.is(await checked(guest), 'fine')
  await renewer.end()
  server.behave(givenBy(at))
  await guest.del()
})

test('what is gone when it starts is dropped: a namespace, another one at its path, an interface, another boot', async () => {
  server.behave(givenBy(at, { times: [600, 300, 500] }))
  const guests = [
    await attach(at.net),
    await attach(at.net),
    await attach(at.net),
    await attach(at.net),
  ] as const
  const [gone, other, without, boot] = guests
  removeContainer(gone)
  changeEntry(other, () => ({ namespace: '0:4/1' }))
  changeEntry(without, () => ({ ifindex: 4711 }))
  changeEntry(boot, () => ({ boot: 'another' }))
  const renewer = await startRenewer()
  assert.ok(hasLine(renewer, '0 leases'))
  assert.equal(readdirSync('/run/patchbay/dhcp'), [])
  const reasons = ['ENOENT', 'is another namespace now', 'eth0 is not in', 'it is of another boot']
  for (const reason of reasons) assert.ok(hasLine(renewer, reason), reason)
  await renewer.end()
  for (const guest of [other, without, boot]) await guest.del()
  server.behave(givenBy(at))
})

test('a namespace that ends while it runs is noticed at the next renewal; a damaged entry is set aside', async () => {
  writeFileSync('/run/patchbay/dhcp/damaged.json', '{')
  const renewer = await startRenewer()
  assert.ok(readdirSync('/run/patchbay/dhcp').includes('damaged.json.damaged'))
  const guest = await attach(at.net)
  removeContainer(guest)
  await until('it is dropped', () => entryOf(guest) === undefined)
  assert.ok(hasLine(renewer, 'its lease is forgotten'))
  await renewer.end()
})

test('a second one is refused, and names the first', async () => {
  const renewer = await startRenewer()
  const { status, stderr } = runAlone(join(executables(), 'patchbay'), ['dhcp'])
  assert.is(status, 1)
  assert.match(stderr, `runs on this host already: process ${renewer.pid} (patchbay)`)
  await renewer.end()
})

test('addresses of DHCPv6 are asked for, renewed at T1, and go at the end', async () => {
  const six = station(at.lan, 'six', 'fd00:1::1/64')
  const kea = await keaOn(six, { subnet: 'fd00:1::/64', pool: 'fd00:1::9-fd00:1::9' })
  server.behave(givenBy(at, { times: [600, 300, 500] }))
  const guest = await attach(at.net)
  const lease6 = { renew: 0, rebind: 0, expire: 0, server: '00', addresses: ['fd00:1::9'], dns: {} }
  changeEntry(guest, ({ lease4 }) => ({ lease6: { ...lease6, since: lease4?.since } }))
  const renewer = await startRenewer()
  const hasSix = () => addresses('eth0', guest).includes('fd00:1::9/128')
  await until('it has the address', hasSix)
  const first = kea.leases()[0]?.expiry ?? 0
  await until('Kea has renewed it', () => (kea.leases()[0]?.expiry ?? 0) > first)
  // After T2 it would be a REBIND.
  await until('it was asked at T1', () => at.ear.dhcp6().some(({ type }) => type === 'RENEW'))
  await kea.end()
  await until('the address is gone', () => !hasSix())
  assert.ok(addresses('eth0', guest).includes(`${at.yiaddr}/24`))
  await renewer.end()
  await guest.del()
})

test('its memory does not grow with what it reads and does', async () => {
  server.behave(givenBy(at, { times: [600, 300, 500] }))
  const guest = await attach(at.net)
  const text = JSON.stringify(entryOf(guest))
  for (let number = 0; number < 300; number++) writeFileSync(`/run/patchbay/dhcp/copy${number}.json`, text)
  const renewer = await startRenewer()
  const reads = () => renewer.log().filter((line) => line.endsWith('301 leases')).length
  for (let time = 2; time < 8; time++) {
    renewer.signal('SIGHUP')
    await until('it has read the journal again', () => reads() === time)
  }
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${renewer.pid}/status`, 'utf8')) ?? []
  assert.ok(Number(kilobytes) < 8000, `${kilobytes} KB`)
  await renewer.end()
  for (let number = 0; number < 300; number++) rmSync(`/run/patchbay/dhcp/copy${number}.json`)
  await guest.del()
  server.behave(givenBy(at))
})

test('after a boot it drops what was of the one before', async () => {
  const guest = await attach(at.net)
  newBootId()
  const renewer = await startRenewer()
  assert.ok(hasLine(renewer, 'it is of another boot'))
  assert.is(entryOf(guest), undefined)
  await renewer.end()
})

test.after(() => server.end())
test.run()
