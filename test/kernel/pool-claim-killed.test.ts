/** `patchbay pool claim` killed at each of its steps, with a real etcd: the next call finds every block again, and no block is two networks'. */
// etcd: 3.5

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { formatAddress } from '../../shared/ip/address.ts'
import { parseCidr, plus } from '../../shared/ip/subnet.ts'
import { syscallNumbers } from '../../shared/kernel/syscall.ts'
import type { Holdings } from '../../shared/store/memory.ts'
import type { BlockValue } from '../../shared/store/values.ts'
import { ownEtc } from '../harness/etc.ts'
import { startEtcd } from '../harness/etcd.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { isLate } from '../harness/insisting.ts'
import { operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { fileChanges, preloaded } from '../harness/preload.ts'
import { runAlone, start } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
ownEtc('/etc/cni/net.d', '/etc/patchbay')

const file = `${executables('node')}/patchbay`
const etcd = await startEtcd()
writeFileSync('/etc/patchbay/store.json', JSON.stringify({ ...etcd.store(), host: 'node1' }))
operate(file, 'pool create blue --range 10.1.0.0/16 --block-size 30')

const dataDir = `${scratch}/networks`
const input = JSON.stringify({ network: 'net', dataDir, pool: 'blue', families: [4] })
const faults = preloaded()

/** Claims, as a plugin does. @param env faults to inject */
const claim = (env: Record<string, string> = {}) =>
  runAlone(file, ['pool', 'claim'], { input, env: { ...process.env, ...env } })

/** A claim, again while etcd is slow, up to ten times. @param prepare before each try */
function surely(env: Record<string, string> = {}, prepare = () => {}): ReturnType<typeof claim> {
  for (let left = 10; ; left--) {
    prepare()
    const done = claim(env)
    if (done.status !== 1 || !isLate(done.stdout) || left === 1) return done
  }
}

function held(): Holdings['blocks'] {
  const holdings: Holdings = JSON.parse(readFileSync(`${dataDir}/.patchbay-pool/net.json`, 'utf8'))
  return holdings.blocks
}

function claimed(): string[] {
  const lines = etcd.etcdctl('get', '--prefix', '--print-value-only', '/patchbay/blocks/').trim().split('\n')
  return lines.filter(Boolean).map((line) => (JSON.parse(line) as BlockValue).block)
}

/** Each block of the store is held, and no other. @returns how many there are */
function requireAgreement(what: string): number {
  const notes = held().map(({ block, state }) => `${state} ${block}`)
  assert.equal(
    notes.sort(),
    claimed()
      .map((block) => `held ${block}`)
      .sort(),
    what,
  )
  return notes.length
}

/** Takes every address of the blocks, so that another one is needed. */
function fill(): void {
  mkdirSync(`${dataDir}/net`, { recursive: true })
  for (const { block } of held()) {
    const first = parseCidr(block)?.address ?? assert.unreachable(block)
    if (!first) continue
    for (const at of [0n, 1n, 2n, 3n])
      writeFileSync(`${dataDir}/net/${formatAddress(plus(first, at))}`, 'c\r\neth0')
  }
}

/** The places where a claim changes a file: before the file has its name, and after. */
function places(): string[] {
  const calls = `${scratch}/calls`
  const anew = () => {
    rmSync(calls, { force: true })
    fill()
  }
  assert.is(surely({ ...faults, PATCHBAY_CALLS: calls }, anew).status, 0)
  return fileChanges(calls)
}

test('a claim that is killed before or after any of its files is written loses no block, and claims none twice', () => {
  assert.is(surely().status, 0)
  const all = places()
  assert.ok(all.length >= 8, `${all.length} places`)
  for (const place of all) {
    let before = 0
    const killed = surely({ ...faults, PATCHBAY_FAULT: `${place}:kill` }, () => {
      fill()
      before = requireAgreement(place)
    })
    assert.is(killed.status, null, `${place}: ${killed.stdout}${killed.stderr}`)
    const next = surely()
    assert.is(next.status, 0, `${place}: ${next.stdout}`)
    assert.is(requireAgreement(place), before + 1, place)
  }
})

test('a claim that etcd had before it stood still, and whose sender was killed, is void or found again', async () => {
  fill()
  const before = requireAgreement('before')
  const [member] = etcd.members
  assert.ok(member)
  const env = { ...process.env, ...faults, PATCHBAY_FAULT: `${renames().at(1)}:stop` }
  const stopped = start(file, ['pool', 'claim'], { input, env })
  await until('the claim is about to send', () =>
    /\) T/.test(readFileSync(`/proc/${stopped.pid}/stat`, 'utf8')),
  )
  member.pause()
  process.kill(stopped.pid, 'SIGCONT')
  await until('the transaction waits at etcd', () => unread() > 0)
  process.kill(stopped.pid, 'SIGKILL')
  await stopped.ended
  member.resume()
  assert.is(surely().status, 0)
  assert.is(requireAgreement('after'), before + 1)
})

/** Renames of a claim: the note of the block, the nonce to come, the nonce, the block. */
function renames(): string[] {
  return [1, 2, 3, 4].map((nth) => `${syscallNumbers.renameat2}:${nth}`)
}

/** Bytes that this namespace's TCP sockets have received, and no program has read (proc(5), rx_queue). */
function unread(): number {
  const sockets = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)
  return sockets
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '01')
    .reduce((sum, [, , , , queues = '']) => sum + Number.parseInt(queues.split(':')[1] ?? '0', 16), 0)
}

test.run()
