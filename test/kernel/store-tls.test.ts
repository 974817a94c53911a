/** The client of etcd by TLS: each certificate that cannot work is named in one sentence, and etcd's refusals are, too. */
// etcd: 3.4, 3.5

import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type Sites, sitesOf } from '../../cli/agent/sites.ts'
import { CniError, linesOf } from '../../shared/error/error.ts'
import { silent } from '../../shared/error/log.ts'
import type { StoreConfig } from '../../shared/store/config.ts'
import type { Connection, StoreStep } from '../../shared/store/connection.ts'
import { connect } from '../../shared/store/etcd.ts'
import { StoreAway } from '../../shared/store/protocol.ts'
import { expired, newAuthority, notYetValid } from '../harness/certificates.ts'
import { type Etcd, startEtcd } from '../harness/etcd.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const put = (key: string): StoreStep => ({
  kind: 'transact',
  when: [{ key, created: 0 }],
  do: [{ put: { key, value: '"x"' } }],
  otherwise: [{ range: { from: key } }],
})

/** The error of a transaction, as it is printed. */
async function errorOf(store: StoreConfig, key?: string): Promise<string> {
  let error = ''
  await until('etcd answers in time', async () => {
    error = await errorOfOne(store, key)
    return !/no answer/.test(error)
  })
  return error
}

async function errorOfOne(store: StoreConfig, key = '/patchbay/a'): Promise<string> {
  let connection: Connection | undefined
  try {
    connection = await connect?.(store)
    await connection?.ask(put(key))
    return 'none'
  } catch (error) {
    if (!(error instanceof CniError))
      return `${(error as Error).constructor.name}: ${(error as Error).message}`
    assert.ok(error.message.length < 200, error.message)
    return [error.message, ...linesOf(error.complaint)].join('\n')
  } finally {
    connection?.close()
  }
}

async function serveWith(
  etcd: Etcd,
  ...certificate: Parameters<NonNullable<Etcd['tls']>['serve']>
): Promise<void> {
  etcd.tls?.serve(...certificate)
  for (const member of etcd.members) {
    await member.kill()
    member.start()
    await member.ready()
  }
}

const etcd = await startEtcd({ tls: true, users: ['host1'] })
const tls = etcd.tls as NonNullable<Etcd['tls']>
const good = etcd.store('host1')

test('a user writes below the prefix, and not elsewhere', async () => {
  assert.is(await errorOf(good), 'none')
  assert.match(
    await errorOf(good, '/other/a'),
    /^etcd refuses: this host's user may not use \/other\/a\n.*role.*docs\/cluster/,
  )
  assert.match(await errorOf(etcd.store('host2')), "etcd refuses: this host's user may not use /patchbay/a")
})

test('the key file is refused when others can read it, and the message says what to do', async () => {
  const { key = '' } = good
  chmodSync(key, 0o640)
  const error = await errorOf(good)
  assert.match(error, `store.key: ${key} is refused: others have access to it (mode 0640)`)
  assert.match(error, `chmod 600 ${key}`)
  assert.not.match(error, readFileSync(key, 'utf8').slice(40, 80))
  chmodSync(key, 0o600)
})

test('files that are missing, no certificates, or do not belong together are named', async () => {
  assert.match(await errorOf({ ...good, ca: '/etc/none.pem' }), /^store\.ca: .*\/etc\/none\.pem.*ENOENT/)
  assert.match(await errorOf({ ...good, cert: '/etc/none.pem' }), /^store\.cert: .*\/etc\/none\.pem.*ENOENT/)
  assert.match(await errorOf({ ...good, key: '/etc/none.pem' }), /^store\.key: .*\/etc\/none\.pem.*ENOENT/)
  const broken = `${scratch}/broken.pem`
  writeFileSync(broken, 'broken')
  assert.match(await errorOf({ ...good, ca: broken }), `store.ca: ${broken} is no certificate in PEM`)
  const other = tls.issue('host1')
  assert.match(await errorOf({ ...good, key: other.key }), 'the key is not that of the certificate')
})

test('a client certificate that etcd refuses: expired since when, not valid yet, unknown, missing', async () => {
  const day = (date: Date | undefined) => date?.toISOString().slice(0, 10)
  const [old, early] = [expired(), notYetValid()]
  const whose = "this host's client certificate (CN=host1, the file `cert`)"
  assert.match(
    await errorOf({ ...good, ...tls.issue('host1', old) }),
    `${whose} has expired: it was valid until ${day(old.to)}`,
  )
  assert.match(
    await errorOf({ ...good, ...tls.issue('host1', early) }),
    `${whose} is not valid yet: only from ${day(early.from)}`,
  )
  assert.match(
    await errorOf({ ...good, ...tls.stranger('host1') }),
    /it refuses this host's client certificate \(CN=host1; [\s\S]*-in FILE/,
  )
  assert.match(await errorOf({ ...good, cert: undefined, key: undefined }), 'it demands a client certificate')
})

let sites: Sites | undefined
const isTold = (pattern: RegExp) => sites?.troubles().some((trouble) => pattern.test(trouble)) ?? false
const isUp = () =>
  sites?.metrics().some(({ name, samples: [first] }) => name === 'patchbay_store_up' && first?.value === 1) ??
  false

/** The agent's sites for one network, in this program. It reads everything again ten times a second. */
async function sitesWith(store: StoreConfig): Promise<Sites> {
  const [conf, storeFile] = [`${scratch}/net.conf`, `${scratch}/store.json`]
  const ipam = { type: 'pool', pool: 'blue', dataDir: `${scratch}/networks` }
  writeFileSync(conf, JSON.stringify({ cniVersion: '1.0.0', name: 'net', type: 'bridge', ipam }))
  writeFileSync(storeFile, JSON.stringify(store))
  const settings = { beat: 600_000, emptyFor: 300_000 }
  const options = { confs: [conf], storeFile, metrics: undefined, settings, log: silent }
  const begun = sitesOf(options, 100)
  await begun.begin()
  return begun
}

test('the agent connects anew with a certificate, a key or an authority whose file has changed', async () => {
  mkdirSync(`${scratch}/own`)
  const own = { ca: `${scratch}/own/ca`, cert: `${scratch}/own/cert`, key: `${scratch}/own/key` }
  const right = { ca: tls.ca, ...tls.issue('host1') }
  const wrong = {
    ca: [newAuthority(scratch, 'foreign').ca, /not in the file `ca`/],
    cert: [tls.issue('host1', expired()).cert, /the key is not that of the certificate/],
    key: [tls.issue('host1').key, /the key is not that of the certificate/],
  } as const
  const parts = ['ca', 'cert', 'key'] as const
  for (const part of parts) cpSync(right[part], own[part])
  sites = await sitesWith({ ...good, ...own })
  await until('it is connected', isUp)
  for (const part of parts) {
    const [file, why] = wrong[part]
    cpSync(file, own[part])
    await until(`a wrong ${part} is told`, () => isTold(why))
    cpSync(right[part], own[part])
    await until(`it is connected with the right ${part}`, () => isUp() && !isTold(why))
  }
})

test("a member's certificate that is not trusted: another authority, another host, expired since when, not valid yet", async () => {
  const { ca } = newAuthority(scratch, 'stranger')
  assert.match(
    await errorOf({ ...good, ca }),
    "the member's certificate is signed by CN=test authority, which is not in the file `ca`",
  )
  const host = ['127.0.0.1']
  const day = (date: Date | undefined) => date?.toISOString().slice(0, 10)
  const [old, early] = [expired(), notYetValid()]
  await serveWith(etcd, tls.issue('member', { hosts: ['192.0.2.7'] }))
  assert.match(
    await errorOf(good),
    "the member's certificate is for IP Address:192.0.2.7, not for the endpoint's host",
  )
  await serveWith(etcd, tls.issue('member', { hosts: host, ...old }))
  assert.match(await errorOf(good), `the member's certificate has expired: it was valid until ${day(old.to)}`)
  await serveWith(etcd, tls.issue('member', { hosts: host, ...early }))
  assert.match(await errorOf(good), `the member's certificate is not valid yet: only from ${day(early.from)}`)
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  assert.match(await errorOf(good), "the member's certificate is not valid yet")
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  await serveWith(etcd, tls.issue('member', { hosts: host }))
  assert.is(await errorOf(good), 'none')
})

test('http where etcd wants https, and the other way round', async () => {
  const plain = good.endpoints.map((endpoint) => endpoint.replace('https', 'http'))
  assert.match(await errorOf({ endpoints: plain, prefix: '/patchbay/' }), /does it want https/)
  const open = await startEtcd({ version: '3.4' })
  const secure = open.endpoints.map((endpoint) => endpoint.replace('http', 'https'))
  assert.match(await errorOf({ ...good, endpoints: secure }), /is it an etcd without TLS\?\n.*http:\/\//)
  assert.is(await errorOf(open.store()), 'none')
  await open.end()
})

test('a member that is away is passed over; without any the reason of each is told', async () => {
  const [endpoint = ''] = good.endpoints
  const absent = 'https://127.0.0.1:1'
  assert.is(await errorOf({ ...good, endpoints: [absent, endpoint] }), 'none')
  assert.is(
    await errorOf({ ...good, endpoints: [absent] }),
    `${StoreAway.name}: ${absent}: connection refused`,
  )
})

test("etcd's quota is used up: the alarm is named, and what ends it", async () => {
  const small = await startEtcd({ quotaBytes: 1_000_000 })
  const connection = await connect?.(small.store())
  const fill = (index: number): StoreStep => ({
    kind: 'transact',
    when: [],
    do: [{ put: { key: `/patchbay/${index}`, value: 'x'.repeat(100_000) } }],
    otherwise: [],
  })
  let [refusal, index]: [unknown, number] = [undefined, 0]
  // etcd counts what is on its disk, where writes come a little later.
  await until('a write is refused', async () => {
    await connection?.ask(fill(index++)).catch((error) => {
      if (!(error instanceof StoreAway)) refusal = error
    })
    return refusal !== undefined
  })
  assert.instance(refusal, CniError)
  assert.match((refusal as CniError).message, 'its quota of disk space is used up (alarm NOSPACE)')
  assert.match(
    await errorOf(small.store()),
    /alarm NOSPACE\)\n.*etcdctl defrag.*disarm[\s\S]*etcdctl alarm list/,
  )
  connection?.close()
  await small.end()
})

test.after(async () => {
  await sites?.stop()
  await etcd.end()
})

test.run()
