/** A hundred containers at once, from a pool of a hundred addresses. */
// needs: link macvlan
// packages: dnsmasq-base
// unpacked: kea-dhcp4-server

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { done, errorOf } from '../harness/attach.ts'
import { type Dnsmasq, dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { type Kea, keaOn } from '../harness/dhcp-kea.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { type Call, call, type Result } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
const at = station(lan, 'server', '10.1.0.1/24')
/** The calls for a new container. */
function attachment(timeout = 60): Omit<Call, 'verb'> {
  const { name, path } = newContainer()
  const ipam = { type: 'dhcp', timeout }
  const config = { name: 'lan', cniVersion: '1.0.0', type: 'macvlan', master: lan.nic, ipam }
  return { config, containerID: name, netns: path }
}

/** ADD of all, at once. @returns the addresses */
async function addAll(all: readonly Omit<Call, 'verb'>[]): Promise<string[]> {
  const answers = await Promise.all(all.map((one) => call({ verb: 'ADD', ...one })))
  const failed = answers.filter(({ status }) => status !== 0)
  assert.equal(failed.map(errorOf), [])
  return answers.flatMap(({ json }) => addressesOf((json as unknown as Result).ips))
}

/** Fills a pool twice, with a container too many each time. */
async function fill(server: Kea | Dnsmasq, size: number): Promise<void> {
  const before = snapshot()
  const all = Array.from({ length: size }, () => attachment())
  for (const round of [1, 2]) {
    assert.is(new Set(await addAll(all)).size, size, `round ${round}`)
    assert.is(server.leases().length, size)
    const { code, said } = errorOf(await call({ verb: 'ADD', ...attachment(1) }))
    assert.is(code, 11)
    assert.match(said, /no DHCP server answered on eth0 within 1 s.*a free address in its range/)
    for (const end of await Promise.all(all.map((one) => call({ verb: 'DEL', ...one }))))
      assert.equal(end, done)
    await until('the server has all of them back', () => server.leases().length === 0)
  }
  unchanged(before)
}

test('each of a hundred gets an address of its own, the next one none, and all come back and are given again', async () => {
  const pool = '10.1.0.100-10.1.0.199'
  const kea = await keaOn(at, { subnet: '10.1.0.0/24', pool, times: [600, 300, 500] })
  await fill(kea, 100)
  await kea.end()
})

test('dnsmasq, which offers an address to several at once, gives its last ones, too', async () => {
  const dnsmasq = await dnsmasqOn(at, { ranges: ['10.1.0.100,10.1.0.119,10m'] })
  await fill(dnsmasq, 20)
  assert.ok(
    dnsmasq.log().some((line) => line.includes('DHCPNAK')),
    'it has refused some',
  )
  await dnsmasq.end()
})

test.run()
