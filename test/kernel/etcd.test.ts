/** The harness's etcd: members that are killed and hang, certificates and roles, backups, full disks. */
// etcd: 3.4, 3.5

import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import * as assert from 'uvu/assert'
import { type Certificate, expired, notYetValid } from '../harness/certificates.ts'
import { type Etcd, startEtcd } from '../harness/etcd.ts'
import { ctlEnvironment, patient } from '../harness/etcd-access.ts'
import { fillDisk } from '../harness/etcd-plan.ts'
import { etcdProgram } from '../harness/etcd-programs.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { runAlone } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

for (const version of ['3.4', '3.5'] as const)
  test(`etcd ${version}: compaction removes old revisions, a backup brings the old data back`, async () => {
    const { etcdctl, ...etcd } = await startEtcd({ version, members: version === '3.4' ? 1 : 3 })
    const backup = `${scratch}/backup-${version}`
    etcdctl('put', '/patchbay/a', 'old')
    etcd.snapshot(backup)
    etcdctl('put', '/patchbay/a', 'new')
    assert.is(etcd.revision(), 3)
    etcd.compact()
    assert.throws(() => etcdctl('get', '--rev=2', '/patchbay/a'), /compacted/)
    await etcd.restore(backup)
    assert.is(etcdctl('get', '--print-value-only', '/patchbay/a'), 'old\n')
    assert.is(etcd.revision(), 2)
    await etcd.end()
  })

test('the leader hangs or is killed: another leads, and the old one comes back; users have their prefix only', async () => {
  const etcd = await startEtcd({ members: 3, tls: true, users: ['host1'] })
  const first = await etcd.leader()
  first.pause()
  const second = await etcd.leader()
  assert.is.not(second.name, first.name)
  first.resume()
  await second.kill()
  await etcd.leader()
  second.start()
  await second.ready()
  const { tls } = etcd
  assert.ok(tls)
  const put = (name: string, key: string) => {
    const env = ctlEnvironment(etcd.endpoints, tls, tls?.issue(name))
    const { stdout, stderr } = runAlone(etcdProgram('3.5', 'etcdctl'), patient(['put', key, 'x']), { env })
    return stdout + stderr
  }
  // The new leader may change once more.
  await until('host1 may write', () => put('host1', '/patchbay/a') === 'OK\n')
  assert.match(put('host1', '/other'), 'permission denied')
  assert.match(put('host2', '/patchbay/a'), 'permission denied')
  assert.match(await versionAt(etcd, tls.issue('host1')), '3.5')
  for (const bad of [tls.issue('host1', expired()), tls.issue('host1', notYetValid()), tls.stranger('host1')])
    assert.match(await versionAt(etcd, bad), /bad certificate|certificate expired|unknown ca/)
  await etcd.end()
})

test('a full disk ends a member, and with room it starts again with its data', async () => {
  const { etcdctl, ...etcd } = await startEtcd({ diskBytes: 180_000_000 })
  const [member] = etcd.members
  assert.ok(member)
  etcdctl('put', '/patchbay/a', 'kept')
  const free = fillDisk(member)
  await until('etcd ends', () => {
    if (member.answers())
      succeeds(() => etcdctl('--command-timeout=1s', 'put', '/patchbay/b', 'b'.repeat(100_000)))
    return !member.answers()
  })
  free()
  member.start()
  await member.ready()
  assert.is(etcdctl('get', '--print-value-only', '/patchbay/a'), 'kept\n')
  await etcd.end()
})

/** What etcd answers to a request for its version, or why it does not. */
function versionAt({ endpoints: [endpoint], tls }: Etcd, { cert, key }: Certificate): Promise<string> {
  const files = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(tls?.ca ?? '') }
  return new Promise((resolve) => {
    get(`${endpoint}/version`, files, async (answer) => resolve(String(await answer.toArray()))).once(
      'error',
      ({ message }) => resolve(message),
    )
  })
}

function succeeds(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}

test.run()
