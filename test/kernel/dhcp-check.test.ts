/** CHECK, STATUS and GC of dhcp: the journal says what an attachment has, and what a renewal has changed; nonsense in it stops no DEL. */
// needs: link macvlan
// packages: dnsmasq-base

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { type Call, call } from '../harness/plugin.ts'
import { engines } from '../harness/status.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const home = station(segment(), 'home', '10.1.0.1/24')
const server = await dnsmasqOn(home, {
  ranges: ['10.1.0.100,10.1.0.199,2m'],
  options: { router: '10.1.0.1' },
})

const config = { type: 'macvlan', master: 'eth0', cniVersion: '1.1.0', name: 'lan', ipam: { type: 'dhcp' } }
const journal = '/run/patchbay/dhcp'

/** Attaches a container. @returns calls for it, and its entry of the journal */
async function attached(containerID: string) {
  const container = newContainer()
  const request = { config, containerID, netns: container.path }
  const before = new Set(names())
  const prevResult = await added(request)
  const path = `${journal}/${names().find((name) => !before.has(name))}`
  const check: Call = { verb: 'CHECK', ...request, config: { ...config, prevResult } }
  return { container, path, check, del: { verb: 'DEL', ...request } as Call }
}

function names(): string[] {
  return existsSync(journal) ? readdirSync(journal) : []
}

/** Changes an entry as `patchbay dhcp` does. */
function edit(path: string, change: (entry: Entry) => void): void {
  const entry = JSON.parse(readFileSync(path, 'utf8')) as Entry
  change(entry)
  writeFileSync(path, JSON.stringify(entry))
}

interface Entry {
  lease4: { since: number }
  client: object
  now: { ips: { address: string; gateway?: string }[]; routes: { dst: string; gw?: string }[] }
}

async function released(del: Call): Promise<void> {
  assert.equal(await call(del), done)
  await until('the server has its address back', () => server.leases().length === 0)
}

const warning = 'warning: patchbay dhcp does not run on this host: no lease is renewed'

test('CHECK accepts what ADD has given, and warns that nothing renews it', async () => {
  const { check, del } = await attached('fresh')
  const { stderr, ...answer } = await call(check)
  assert.equal(answer, { status: 0, json: undefined })
  assert.match(stderr, warning)
  await released(del)
})

test('CHECK compares the interface with what a renewal has changed, no longer with what ADD gave', async () => {
  const { check, del, path, container } = await attached('renewed')
  edit(path, ({ now }) => {
    now.ips = [{ address: '10.1.7.7/24', gateway: '10.1.7.1' }]
    now.routes = [{ dst: '0.0.0.0/0', gw: '10.1.7.1' }]
  })
  assert.match(errorOf(await call(check)).said, '10.1.7.7/24')
  inContainer(container, 'address flush dev eth0 scope global')
  inContainer(container, 'address add 10.1.7.7/24 dev eth0')
  assert.match(errorOf(await call(check)).said, '0.0.0.0/0')
  inContainer(container, 'route add default via 10.1.7.1')
  assert.is((await call(check)).status, 0)
  // By the MAC address of the answer: the interface has the leased address no more.
  await released(del)
})

test('CHECK fails when the lease has ended, and when there is none', async () => {
  const { check, del, path } = await attached('ended')
  edit(path, ({ lease4 }) => {
    lease4.since -= 121_000
  })
  const { code, said } = errorOf(await call(check))
  assert.is(code, 7)
  assert.match(said, /eth0 of container ended has a lease that has ended: that of 10\.1\.0\.1\d\d\/24/)
  const entry = readFileSync(path)
  rmSync(path)
  const { said: none } = errorOf(await call(check))
  assert.match(none, 'eth0 of container ended has no lease of a DHCP server')
  writeFileSync(path, entry)
  await released(del)
})

test('GC gives back what attachments have that are not valid any more, and nothing else', async () => {
  const [kept, stale] = [await attached('kept'), await attached('stale')]
  const valid = [{ containerID: 'kept', ifname: 'eth0' }]
  const gc = { ...config, 'cni.dev/valid-attachments': valid }
  assert.equal(await call({ verb: 'GC', config: gc }), done)
  await until('the server has one address back', () => server.leases().length === 1)
  assert.equal(names(), [kept.path.slice(journal.length + 1)])
  assert.equal(await call(stale.del), done)
  await released(kept.del)
})

for (const engine of engines)
  test(`${engine}: STATUS warns that nothing renews leases, and fails where no packet socket can be opened`, async () => {
    const { stderr, status } = await call({ verb: 'STATUS', config, engine })
    assert.is(status, 0)
    assert.match(stderr, warning)
    const under = ['setpriv', '--inh-caps', '-net_raw', '--bounding-set', '-net_raw']
    const { code, said } = errorOf(await call({ verb: 'STATUS', config, engine, under }))
    assert.is(code, 50)
    assert.match(said, 'dhcp can open no packet socket (EPERM)')
  })

// The server keeps what they had.
const lease6 = { server: 'f', addresses: ['x', 'ff02::1'], dns: {}, since: -1 }
const nonsense: Record<string, (entry: Entry) => object> = {
  'an address that is none': ({ lease4 }) => ({ lease4: { ...lease4, address: 'x', server: '' } }),
  'times of long ago': ({ lease4 }) => ({ lease4: { ...lease4, since: -1e308, expire: -1 } }),
  'another client': ({ client }) => ({ client: { ...client, clientId: 'f', duid: 'x', iaid: -1 }, lease6 }),
  'options of no bytes': ({ client }) => ({ client: { ...client, provide: [[999, 'x']], request: [-1] } }),
  'another interface': () => ({ ifindex: 1, mac: '', via: 'x' }),
}

for (const [name, change] of Object.entries(nonsense))
  test(`an entry with ${name}: CHECK answers, and DEL succeeds and forgets it`, async () => {
    const { path, check, del } = await attached(name.replaceAll(' ', '-'))
    edit(path, (entry) => void Object.assign(entry, change(entry)))
    const { stderr, json } = await call(check)
    assert.not.match(stderr + JSON.stringify(json ?? ''), /undefined|NaN|Error:/)
    assert.is((await call(del)).status, 0)
    assert.not.ok(existsSync(path))
  })

test.run()
