/** ADD with hostile servers of DHCPv6: it is refused in time, and says what was seen; or the lease is that of the one good answer. Nothing is left. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { hexOf, nameOf } from '../harness/dhcp-advertisement.ts'
import { answer6, good6, noAddresses, noAnswers, usualTimes } from '../harness/dhcp-answer6.ts'
import { type Behaviour, hostileOn, type Reply } from '../harness/dhcp-hostile.ts'
import { type Leased, leased, unleasedSaying } from '../harness/dhcp-lease.ts'
import { iaNa, option6 } from '../harness/dhcp-message6.ts'
import { changeEntry, entryOf, startRenewer } from '../harness/dhcp-renewer.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
const evil = station(lan, 'evil')
const server = await hostileOn(evil, evil.linkLocal)

const [given, bad] = ['fd00::9', 'fd00::bad']
const good = good6(given)
const [offer, reply] = [
  answer6('ADVERTISE', 1, iaNa(given, usualTimes)),
  answer6('REPLY', 1, iaNa(given, usualTimes)),
]
const ipam = { ipv4: false, ipv6: 'dhcp6' }

/** Leases from a server that behaves so, and gives back. */
async function from(behaviour: Behaviour, look: (lease: Leased) => void | Promise<void>): Promise<void> {
  server.behave({ ...good, ...behaviour })
  const lease = await leased({ nic: lan.nic, ipam: { ...ipam, timeout: 20 } })
  assert.match(lease.stderr, /^[ -~\n]*$/)
  await look(lease)
  await lease.end()
}

/** ADD within a second from a server that behaves so is refused, and says this. */
async function failing(behaviour: Behaviour, ...says: string[]): Promise<string> {
  server.behave({ ...good, ...behaviour })
  const refusal = 'no DHCPv6 server gave eth0 an address within 1 s: '
  const said = await unleasedSaying({ nic: lan.nic, ipam }, refusal, ...says)
  // The longest error has eight sentences, and no text of a server's is longer than 100.
  assert.match(said, /^[ -~]{1,2000}$/)
  return said
}

const leases = ({ container }: Leased) => addresses('eth0', container).filter((text) => text.endsWith('/128'))
const isGood = (lease: Leased) => assert.equal(leases(lease), [`${given}/128`])

test('ADVERTISEs that are for others, of no server, cut off or overlong are none, and neither is a REPLY that was not asked for', async () => {
  const all = noAnswers('ADVERTISE', bad)
  const says = [...all.map(([, each]) => each), 'REPLY, which answers nothing that was asked']
  await failing({ SOLICIT: [[...all.map(([one]) => one), reply]] }, ...says)
})

test('ADVERTISEs without an address that an interface can have are refused, and text is shown without what a terminal obeys', async () => {
  const all = noAddresses('ADVERTISE', bad)
  await failing({ SOLICIT: [all.map(([one]) => one)] }, ...all.map(([, says]) => says))
})

test('among REPLYs that answer others, or are of servers that were not asked, the good one is the lease', () => {
  const others = [...noAnswers('REPLY', bad).map(([one]) => one), answer6('REPLY', 7, iaNa(bad, usualTimes))]
  return from({ REQUEST: [[...others, reply]] }, isGood)
})

test('a server that offers, and then gives what an interface cannot have, is asked anew', () =>
  from({ REQUEST: [[answer6('REPLY', 1, iaNa('ff05::1', usualTimes))], [reply]] }, isGood))

test('a flood of ADVERTISEs for others does not make ADD wait longer', async () => {
  const at = station(lan, 'flood')
  const other = await hostileOn(at, at.linkLocal)
  const [[flood] = [offer]] = noAnswers('ADVERTISE', bad)
  other.behave({ SOLICIT: [[{ ...flood, times: 1e9 }]] })
  server.behave({ ...good, SOLICIT: [] })
  const says = ['gave eth0 an address within 5 s: ', 'ADVERTISE of server ', ' to another request']
  await unleasedSaying({ nic: lan.nic, ipam: { ...ipam, timeout: 5 } }, ...says)
  await other.end()
})

test('among a thousand bad ADVERTISEs and bytes of chance the good one is found', () => {
  const noise = Array.from({ length: 50 }, (_, at) => ({ bytes: '020000'.repeat(at) }))
  const storm = noAnswers('ADVERTISE', bad).map(([one]) => ({ ...one, times: 90 }))
  return from({ SOLICIT: [[...noise, ...storm, offer], [offer]] }, isGood)
})

/** An IA_NA with these addresses. */
function many(all: readonly string[]): string {
  const inside = all.map((address) => option6(5, `${hexOf(address)}${'00000078'.repeat(2)}`))
  return option6(3, `{iaid}${'00'.repeat(8)}${inside.join('')}`)
}

/** What would be lines of resolv.conf, commands of a terminal, or two labels. */
const noNames = ['a b', 'a\nnameserver ::1', 'a\x1b[2J', '$(reboot)', 'a.b', '-a', 'ä']

test('of 40 addresses the first 16 that an interface can have are taken, and of DNS what a resolver can have', () => {
  const own = Array.from({ length: 40 }, (_, at) => `fd00::1:${(at + 1).toString(16)}`)
  const dns = option6(23, ['::', '::1', 'ff02::53', 'fe80::53', 'fd00::53'].map(hexOf).join(''))
  const search = option6(24, [...noNames.map((one) => nameOf(one)), nameOf('good', 'example')].join(''))
  const all = ['::1', 'ff02::9', ...own]
  return from({ REQUEST: [[answer6('REPLY', 1, many(all), dns, search)]] }, (lease) => {
    const first = own.slice(0, 16).map((text) => `${text}/128`)
    assert.equal(leases(lease).sort(), first.sort())
    assert.equal(lease.result.dns, { nameservers: ['fd00::53'], search: ['good.example'] })
  })
})

test('lists of domains that point to themselves, are overlong or break off give none', async () => {
  for (const list of ['0161c000', '3f61', `${'0161'.repeat(200)}00`])
    await from({ REQUEST: [[answer6('REPLY', 1, iaNa(given, usualTimes), option6(24, list))]] }, (lease) => {
      isGood(lease)
      assert.equal(lease.result.dns ?? {}, {}, list)
    })
})

/** Bad answers to RENEW: those that are none, and those of the lease's own server that give no address. The last of these takes it back, as that server may. */
function badReplies(): Reply[] {
  const own = noAddresses('REPLY', bad, 1).slice(0, -1)
  return [...noAnswers('REPLY', bad), ...noAddresses('REPLY', bad).slice(1), ...own].map(([one]) => one)
}

test('patchbay dhcp: hostile REPLYs to RENEW change nothing, and the good one after them renews', () =>
  from({ RENEW: [[...badReplies(), reply]] }, async (lease) => {
    const since = () => entryOf(lease.container)?.lease6?.since ?? 0
    const before = since()
    changeEntry(lease.container, ({ lease6 }) => ({ lease6: { ...lease6, since: before - 65_000 } }))
    const renewer = await startRenewer()
    await until('it is renewed', () => since() > before)
    isGood(lease)
    assert.not.match(renewer.log().join(), /warn|changed|taken/)
    await renewer.end()
  }))

test.run()
