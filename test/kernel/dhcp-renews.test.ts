/** `patchbay dhcp`: leases are renewed as RFC 2131 section 4.4.5 says, what servers change is applied, and the end of a lease takes the address. */
// needs: link macvlan
// unpacked: kea-dhcp4-server

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual as isEqual } from 'node:util'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { answer4 } from '../harness/dhcp-hostile.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { entryOf, startRenewer } from '../harness/dhcp-renewer.ts'
import { station } from '../harness/dhcp-segment.ts'
import { checked, type Given, givenBy, newServed, serve } from '../harness/dhcp-served.ts'
import { openFiles } from '../harness/helper.ts'
import { type Netns, privateHost, setSysctl } from '../harness/host.ts'
import { addresses, link, routes } from '../harness/look.ts'
import { within } from '../harness/netns.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const renewer = await startRenewer()
const said = (text: string) => renewer.log().some((line) => line.includes(text))

test('a lease is renewed at T1 by its server alone, without a broadcast', async () => {
  const at = newServed()
  const [subnet, pool] = [`${at.prefix}.0/24`, `${at.prefix}.9-${at.prefix}.9`]
  const kea = await keaOn(at.at, { subnet, pool, times: [30, 1, 20], options: { routers: at.server } })
  const guest = await attach(at.net)
  const first = kea.leases()[0]?.expiry ?? 0
  await until('Kea has renewed it', () => (kea.leases()[0]?.expiry ?? 0) > first)
  const [renewal] = at.ear.dhcp().filter(({ type, ciaddr }) => type === 'REQUEST' && ciaddr !== '0.0.0.0')
  assert.equal(
    [renewal?.ciaddr, renewal?.from.address, renewal?.to.address],
    [at.yiaddr, at.yiaddr, at.server],
  )
  assert.equal([renewal?.server, renewal?.requested, renewal?.to.mac], [undefined, undefined, at.at.mac])
  await until('the journal has it', () => (entryOf(guest)?.lease4?.since ?? 0) > 0)
  assert.is(await checked(guest), 'fine')
  await guest.del()
  await until('it is released', () => kea.leases().length === 0)
  await kea.end()
})

test('without its server a lease goes to another one at T2', async () => {
  const at = newServed()
  const one = await serve(at, { times: [40, 1, 5] })
  const guest = await attach(at.net)
  await one.end()
  const other = station(at.lan, 'other', `${at.prefix}.2/24`)
  const kea = await keaOn(other, { subnet: `${at.prefix}.0/24`, pool: `${at.prefix}.9-${at.prefix}.9` })
  await until('the other server has it', () => entryOf(guest)?.lease4?.server === `${at.prefix}.2`)
  const [rebinding] = at.ear
    .dhcp()
    .filter(
      ({ type, to, ciaddr }) =>
        type === 'REQUEST' && to.address === '255.255.255.255' && ciaddr !== '0.0.0.0',
    )
  assert.is(rebinding?.ciaddr, at.yiaddr)
  assert.equal(addresses('eth0', guest), [`${at.yiaddr}/24`])
  await guest.del()
  await kea.end()
})

test('when all servers are silent to the end, the address goes, and comes back with a server', async () => {
  const at = newServed()
  const server = await serve(at, { times: [3, 1, 2] })
  const guest = await attach(at.net)
  server.behave({})
  await until('the address is gone', () => addresses('eth0', guest).length === 0)
  assert.ok(link('eth0', guest).flags.includes('UP'))
  assert.equal(routes(4, guest), [])
  assert.match(await checked(guest), /has a lease that has ended/)
  assert.ok(said(`changed from ${at.yiaddr}/24 to none`))
  server.behave(givenBy(at))
  await until('the address is back', () => addresses('eth0', guest).length > 0)
  await until('the change is complete', () => entryOf(guest)?.former === undefined)
  const discover = at.ear.dhcp().findLast(({ type }) => type === 'DISCOVER')
  assert.is(discover?.requested, at.yiaddr)
  assert.is(await checked(guest), 'fine')
  await until('it says so', () => said('has answered again'))
  await guest.del()
  await server.end()
})

/** The four things that a server may change, as the kernel has them. */
function shownOf(guest: Netns) {
  const [cidr] = addresses('eth0', guest)
  const gateway = routes(4, guest)
    .find((line) => line.startsWith('default'))
    ?.split(' ')[2]
  return { cidr, mtu: link('eth0', guest).mtu, gateway }
}

/** What `ip monitor` says of addresses in a container, once it listens. */
async function watchAddresses({ name }: Netns) {
  const child = spawn('ip', ['-n', name, '-o', 'monitor', 'address'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  // Sk, Eth, Pid, Groups …
  const sockets = () => within(name, () => readFileSync('/proc/thread-self/net/netlink', 'utf8')).split('\n')
  const isOwn = ([, , pid, groups = '']: string[]) => pid === String(child.pid) && /[1-9a-f]/.test(groups)
  await until('ip listens', () => sockets().some((line) => isOwn(line.trim().split(/ +/))))
  return { lines: () => text.split('\n'), end: () => child.kill() }
}

test('another address, router and MTU are applied: the new ones first', async () => {
  const at = newServed()
  const server = await serve(at, { mtu: 1400 })
  const guest = await attach(at.net)
  assert.is(link('eth0', guest).mtu, 1400)
  const watched = await watchAddresses(guest)
  setSysctl('net/ipv4/conf/eth0/arp_accept', 1, at.at.name)
  server.behave(givenBy(at, { yiaddr: `${at.prefix}.10`, router: `${at.prefix}.2`, mtu: 1300 }))
  await until('the change is complete', () => {
    const entry = entryOf(guest)
    return entry?.lease4?.address === `${at.prefix}.10/24` && entry.former === undefined
  })
  assert.equal(addresses('eth0', guest), [`${at.prefix}.10/24`])
  assert.equal(
    routes(4, guest).filter((line) => line.startsWith('default')),
    [`default via ${at.prefix}.2`],
  )
  assert.is(link('eth0', guest).mtu, 1300)
  assert.is(await checked(guest), 'fine')
  assert.ok(
    said(
      `of ${entryOf(guest)?.containerID.slice(0, 12)} in ${at.net.name} changed from ${at.yiaddr}/24 to ${at.prefix}.10/24`,
    ),
  )
  const isOld = (line: string) => line.startsWith('Deleted') && line.includes(` ${at.yiaddr}/24`)
  await until('the old address has gone', () => watched.lines().some(isOld))
  const came = watched
    .lines()
    .findIndex((line) => !line.startsWith('Deleted') && line.includes(` ${at.prefix}.10/24`))
  assert.ok(came >= 0 && came < watched.lines().findIndex(isOld), watched.lines().join('\n'))
  const neighbour = ip(`-n ${at.at.name} neighbour show ${at.prefix}.10`)
  assert.match(neighbour, link('eth0', guest).address)
  watched.end()
  await guest.del()
  assert.ok(at.ear.asked().includes('RELEASE'))
  await server.end()
})

test('each of the four changes alone is applied, and CHECK agrees; no MTU is greater than that before ADD', async () => {
  const at = newServed()
  const server = await serve(at, { mtu: 1400 })
  const guest = await attach(at.net)
  const near = (host: string) => `${at.prefix}.${host}`
  let [given, wanted]: [Given, object] = [
    { mtu: 1400 },
    { cidr: `${at.yiaddr}/24`, mtu: 1400, gateway: at.server },
  ]
  const steps: [given: Given, becomes: Partial<ReturnType<typeof shownOf>>][] = [
    [{ mask: '255.255.0.0' }, { cidr: `${at.yiaddr}/16` }],
    [{ router: near('2') }, { gateway: near('2') }],
    [{ mtu: 1300 }, { mtu: 1300 }],
    [{ mtu: 9000 }, { mtu: 1500 }],
    [{ yiaddr: near('10') }, { cidr: near('10/16') }],
  ]
  for (const [change, becomes] of steps) {
    given = { ...given, ...change }
    wanted = { ...wanted, ...becomes }
    server.behave(givenBy(at, given))
    await until(`it has ${JSON.stringify(wanted)}`, () => isEqual(shownOf(guest), wanted))
    await until('the change is complete', () => entryOf(guest)?.former === undefined)
    assert.is(await checked(guest), 'fine')
  }
  await guest.del()
  await server.end()
})

test('a NAK takes the address at once, and a server is asked for another', async () => {
  const at = newServed()
  const server = await serve(at)
  const guest = await attach(at.net)
  const other = givenBy(at, { yiaddr: `${at.prefix}.77`, times: [60, 30, 50] })
  const nak = answer4('NAK', { server: at.server, yiaddr: '0.0.0.0' })
  server.behave({ ...other, REQUEST: [[nak], ...(other.REQUEST ?? [])] })
  await until(
    'it has another one',
    () => entryOf(guest)?.lease4?.address === `${at.prefix}.77/24` && !entryOf(guest)?.former,
  )
  assert.equal(addresses('eth0', guest), [`${at.prefix}.77/24`])
  assert.ok(said(`the server has taken its lease back: NAK of ${at.server}`))
  assert.is(await checked(guest), 'fine')
  await guest.del()
  await server.end()
})

const sockets = () => openFiles(renewer.pid).filter((file) => file.startsWith('socket:'))

test('DEL while a server is asked ends that, and the renewer keeps no socket', async () => {
  const at = newServed()
  const server = await serve(at)
  const guest = await attach(at.net)
  server.behave({})
  await until('it is asked', () => at.ear.asked().length > 2)
  await guest.del()
  await until('no socket is left', () => sockets().length === 0)
  assert.is(entryOf(guest), undefined)
  await server.end()
})

test.after(() => renewer.end())
test.run()
