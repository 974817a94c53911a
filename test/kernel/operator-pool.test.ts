/** `patchbay pool` with a real etcd: pools are created, changed, closed and deleted, hosts released, a restored store opened. */
// etcd: 3.4

import { chmodSync, copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import type { answer as changeAnswer } from '../../cli/answers/pool-change.ts'
import type { answer as checkAnswer } from '../../cli/answers/pool-check.ts'
import type { answer as createAnswer } from '../../cli/answers/pool-create.ts'
import type { answer as deleteAnswer } from '../../cli/answers/pool-delete.ts'
import type { answer as lsAnswer } from '../../cli/answers/pool-ls.ts'
import type { answer as recoverAnswer } from '../../cli/answers/pool-recover.ts'
import type { answer as releaseAnswer } from '../../cli/answers/pool-release.ts'
import type { answer as showAnswer } from '../../cli/answers/pool-show.ts'
import { ownEtc } from '../harness/etc.ts'
import { startEtcd } from '../harness/etcd.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { answerOf, operate, run } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { epochID, hostID, since, uuid } from '../harness/pool-store.ts'
import { test } from '../harness/test.ts'

await privateHost()
ownEtc('/etc/cni/net.d', '/etc/patchbay')

const file = `${executables()}/patchbay`
executables('node')

const etcd = await startEtcd({ version: '3.4', tls: true, users: ['host'] })
const settings = etcd.store()
const isHost = (host: string) =>
  writeFileSync('/etc/patchbay/store.json', JSON.stringify({ ...settings, host }))
isHost('here')

const pool = <T>(verb: string, words: string, status = 0) => answerOf<T>(file, `pool ${verb}`, words, status)
const create = (words: string) => pool<z.infer<typeof createAnswer>>('create', words)
const change = (words: string) => pool<z.infer<typeof changeAnswer>>('change', words)
const remove = (words: string) => pool<z.infer<typeof deleteAnswer>>('delete', words)
const list = () => pool<z.infer<typeof lsAnswer>>('ls', '')
const show = (words: string) => pool<z.infer<typeof showAnswer>>('show', words)
const check = (status: number) => pool<z.infer<typeof checkAnswer>>('check', '', status)
const release = (words: string, status = 0) => pool<z.infer<typeof releaseAnswer>>('release', words, status)
const recover = (words: string, status = 0) => pool<z.infer<typeof recoverAnswer>>('recover', words, status)
const refused = (words: string, status = 1) => operate(file, `pool ${words}`, status)

const put = (key: string, value: object) => etcd.etcdctl('put', `/patchbay/${key}`, JSON.stringify(value))
const get = (key: string) => JSON.parse(etcd.etcdctl('get', '--print-value-only', `/patchbay/${key}`) || '{}')

const host = (name: string, epoch: string, seen = since) =>
  put(`hosts/${name}`, { id: hostID(name), epoch, counter: 1, nonce: 'n', seen })
const block = (digits: string, text: string, name: string, of = 'blue') =>
  put(`blocks/${of}/4/${digits}`, { block: text, host: name, id: hostID(name), network: 'net', since })

test('a dry run of create changes nothing; a pool is created once, and the same pool again is no fault', async () => {
  const words = 'blue --range 10.1.0.0/16,exclude=10.1.9.0/24 --range fd00:1::/64'
  assert.is((await create(`${words} --dry-run`)).outcome, 'would be created')
  assert.equal(await list(), [])
  assert.is((await create(words)).outcome, 'created')
  assert.is((await create(words)).outcome, 'present')
  const [blue] = await list()
  assert.equal(blue?.ranges, ['10.1.0.0/16,exclude=10.1.9.0/24', 'fd00:1::/64'])
  assert.equal(
    blue?.families.map(({ blocks }) => blocks),
    [
      { claimed: 0, total: 1020 },
      { claimed: 0, total: 2 ** 58 },
    ],
  )
})

test('another pool of the name, and one that shares addresses with a pool or with blocks of one that is gone, are refused', () => {
  assert.match(
    refused('create blue --range 10.2.0.0/16'),
    /another pool blue already\n.*10\.1\.0\.0\/16,exclude/,
  )
  assert.match(refused('create red --range 10.1.128.0/20'), /shares addresses with pool blue/)
  assert.match(refused('create red --range 10.1.128.0/20 --dry-run'), /shares addresses with pool blue/)
  block('0a070000', '10.7.0.0/26', 'node9', 'gone')
  assert.match(
    refused('create red --range 10.7.0.0/16'),
    /host node9 holds block 10\.7\.0\.0\/26 of pool gone, which is not there/,
  )
  etcd.etcdctl('del', '/patchbay/blocks/gone/4/0a070000')
})

test('a wrong command line is refused before etcd is asked', () => {
  assert.match(refused('create ../x --range 10.2.0.0/16', 2), /is no name of a pool/)
  assert.match(refused('create red', 2), /a pool needs a range/)
  assert.match(refused('create red --range 10.2.0.1/16', 2), /Network has host bits set/)
  assert.match(refused('create red --range 10.2.0.0/16 --block-size 40', 2), /from 8 to 32/)
  assert.match(refused('change blue', 2), /nothing is changed without one of/)
  assert.match(refused('release', 2), /which host/)
  assert.match(operate(file, 'pool', 2), 'word: create, change, delete, ls, show, check, release, recover')
  assert.match(refused('show blu'), /no pool "blu", did you mean blue/)
})

test('show, ls and check tell who holds what', async () => {
  // The first pool has begun the store.
  const { id: epoch } = get('epoch')
  host('node1', epoch, new Date().toISOString())
  host('node2', epoch)
  block('0a010000', '10.1.0.0/26', 'node1')
  block('0a010040', '10.1.0.64/26', 'node2')
  block('0a010180', '10.1.1.128/26', 'node2')
  assert.equal(
    (await show('blue')).hosts.map(({ host, blocks }) => [host, blocks.length]),
    [
      ['node1', 1],
      ['node2', 2],
    ],
  )
  assert.is((await show('blue 10.1.1.130')).address?.host, 'node2')
  assert.match(operate(file, 'pool show blue'), /node2 +net +2 +10\.1\.0\.64\/26 10\.1\.1\.128\/26/)
  // host.json is of no host here: nothing of this one is compared.
  assert.equal((await check(0)).findings, [])
  host('node2', uuid(9))
  assert.equal(
    (await check(1)).findings.map(({ kind, subject }) => [kind, subject]),
    [['unconfirmed', 'node2']],
  )
  host('node2', epoch)
})

test('a pool grows, and shrinks: hosts with blocks outside are told, and addresses that are lost', async () => {
  const grown = await change('blue --range 10.2.0.0/24')
  assert.equal(grown.families, [{ family: 4, gained: 253, lost: 0 }])
  const words = 'blue --range 10.1.0.0/16,end=10.1.0.255 --remove 10.2.0.0/24'
  const dry = await change(`${words} --dry-run`)
  assert.is(dry.outcome, 'would be changed')
  assert.equal(dry.outside, [{ host: 'node2', network: 'net', block: '10.1.1.128/26' }])
  assert.equal(dry.families, [{ family: 4, gained: 0, lost: 65534 - 256 - 255 + 253 }])
  assert.is((await list())[0]?.ranges.length, 3)
  assert.is((await change(words)).outcome, 'changed')
  assert.is((await change('blue --range 10.1.0.0/16,end=10.1.0.255')).outcome, 'present')
  assert.equal(
    (await check(1)).findings.map(({ kind, subject }) => [kind, subject]),
    [['outside', 'blue 10.1.1.128/26']],
  )
  assert.match(
    refused('change blue --block-size 27'),
    /block size cannot change while hosts hold blocks: there are 3/,
  )
  assert.match(
    refused('change blue --remove 10.3.0.0/16', 2),
    /has no such subnet\n.*10\.1\.0\.0\/16, fd00:1::\/64/,
  )
})

test('a pool in use is not deleted, and names its hosts; it closes, opens again, and is deleted when all is back', async () => {
  assert.match(refused('delete blue'), /2 hosts hold blocks of it\n.*node2 \(2 blocks\), node1 \(1 blocks\)/)
  assert.is((await remove('blue --close --dry-run')).outcome, 'would be closing')
  assert.not((await list())[0]?.closing)
  assert.is((await remove('blue --close')).outcome, 'closing')
  assert.ok((await list())[0]?.closing)
  assert.match(refused('create blue --range 10.1.0.0/16'), /pool blue is being deleted/)
  assert.is((await change('blue --reopen')).outcome, 'changed')
  assert.not((await list())[0]?.closing)
  await create('red --range 10.9.0.0/24')
  assert.is((await remove('red --dry-run')).outcome, 'would be deleted')
  assert.is((await remove('red')).outcome, 'deleted')
  assert.equal(
    (await list()).map(({ name }) => name),
    ['blue'],
  )
})

test('release shows what a host holds, warns of one that was seen lately, and frees it with --yes', async () => {
  isHost('node1')
  const dry = await release('--host node1 --dry-run')
  assert.is(dry.outcome, 'would be released')
  assert.match(dry.warnings.join('\n'), /name of this host.*\n.*seen .* ago/)
  const shown = await release('--host node2', 1)
  assert.equal([shown.outcome, shown.blocks.length, shown.warnings], ['needs --yes', 2, []])
  put('vteps/100/node2', { address: '192.0.2.2', mac: '02:00:00:00:00:01', port: 4789, since })
  const freed = await release('--host node2 --yes')
  assert.equal([freed.outcome, freed.blocks.length, freed.peers], ['released', 2, 1])
  assert.equal(
    (await show('blue')).hosts.map(({ host }) => host),
    ['node1'],
  )
  assert.is((await release('--host node2 --yes', 1)).outcome, 'unknown')
  assert.is(etcd.etcdctl('get', '--prefix', '--keys-only', '/patchbay/vteps/'), '')
})

test('what a host held before it was installed anew is freed alone, as check says', async () => {
  put('hosts/node2', { id: uuid(77), epoch: epochID, counter: 1, nonce: 'n', seen: since })
  block('0a010100', '10.1.1.0/26', 'node2')
  put('blocks/blue/4/0a010140', {
    ...{ block: '10.1.1.64/26', host: 'node2', id: uuid(77), network: 'net', since },
  })
  const { findings } = await check(1)
  const found = findings.find(({ kind, subject }) => kind === 'unknown-host' && subject === 'node2')
  assert.match(found?.mend ?? '', 'pool release --host node2 --earlier')
  assert.match((await release('--host node2 --dry-run')).warnings.join(), 'an earlier installation')
  const freed = await release('--host node2 --earlier --yes')
  assert.equal(
    freed.blocks.map(({ block }) => block),
    ['10.1.1.0/26'],
  )
  assert.is((await release('--host node2 --earlier', 1)).outcome, 'unknown')
  assert.is((await release('--host node2 --yes')).blocks.length, 1)
})

test('a restored store is opened when all hosts have confirmed', async () => {
  host('node2', epochID)
  put('epoch', { ...get('epoch'), id: uuid(20), state: 'closed' })
  host('node1', uuid(20))
  const closed = await recover('', 1)
  assert.equal(
    closed.hosts.map(({ host, confirmed }) => [host, confirmed]),
    [
      ['node1', true],
      ['node2', false],
    ],
  )
  assert.match(refused('recover --open'), /node2/)
  await release('--host node2 --yes')
  assert.ok((await recover('--open')).opened)
  assert.is((await recover('')).state, 'open')
})

test('the store is that of --store, of store.json, or the one that all networks name', async () => {
  const { prefix, ...others } = settings
  rmSync('/etc/patchbay/store.json')
  assert.match(refused('ls'), /no store: there is no \/etc\/patchbay\/store\.json/)
  const network = (name: string, store: object) =>
    writeFileSync(
      `/etc/cni/net.d/${name}.conf`,
      JSON.stringify({ cniVersion: '1.0.0', name, type: 'ptp', ipam: { type: 'pool', pool: 'blue', store } }),
    )
  network('a', settings)
  network('b', settings)
  assert.is((await list()).length, 1)
  network('b', { ...others, prefix: '/other/' })
  assert.match(refused('ls'), /several stores: give --store FILE/)
  writeFileSync(`${scratch}/store.json`, JSON.stringify(settings))
  assert.is((await pool<unknown[]>('ls', `--store ${scratch}/store.json`)).length, 1)
  writeFileSync(`${scratch}/store.json`, JSON.stringify({ endpoints: ['etcd'] }))
  assert.match(refused(`ls --store ${scratch}/store.json`), /endpoints\[0\] is "etcd", must be a URL/)
})

/** What a user who is not root is told. The directories of the build may be root's alone: it has a copy. */
function asUser(words: string): string {
  const copy = `${scratch}/patchbay-agent`
  if (!existsSync(copy)) copyFileSync(`${executables('node')}/patchbay`, copy)
  const done = run('setpriv', `--reuid=65534 --regid=65534 --clear-groups ${copy} ${words}`)
  assert.is(done.status, 1, done.stdout)
  return done.stderr
}

test('another prefix is refused by etcd, an open key file by us, and an etcd that is away is said', async () => {
  writeFileSync(`${scratch}/store.json`, JSON.stringify({ ...settings, prefix: '/other/' }))
  assert.match(refused(`ls --store ${scratch}/store.json`), /user may not use \/other\/.*\n.*`prefix`/)
  writeFileSync(`${scratch}/store.json`, JSON.stringify(settings))
  chmodSync(settings.key ?? '', 0o644)
  assert.match(refused(`ls --store ${scratch}/store.json`), /others have access to it/)
  chmodSync(settings.key ?? '', 0o600)
  chmodSync(`${scratch}/store.json`, 0o600)
  assert.match(asUser(`pool ls --store ${scratch}/store.json`), /only root can read it\n.*run it as root/)
  chmodSync(`${scratch}/store.json`, 0o644)
  assert.match(asUser(`pool ls --store ${scratch}/store.json`), /store.key: .*EACCES\n.*run it as root/)
  for (const { kill } of etcd.members) await kill()
  assert.match(refused(`ls --store ${scratch}/store.json`), /etcd does not answer/)
})

test.run()
