/** host-local: hundreds of processes at once. */
// needs: full speed

import { readFileSync, rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type SyscallName, syscallNumbers } from '../../shared/kernel/syscall.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { type Call, call, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const dataDir = `${scratch}/networks`
const NETWORKS = 4

function attach(verb: 'ADD' | 'DEL', number: number, more: Partial<Call> = {}) {
  const network = number % NETWORKS
  const ranges = [[{ subnet: `10.${network}.0.0/16` }], [{ subnet: `fd00:${network}::/64` }]]
  const ipam = { type: 'host-local', dataDir, ranges }
  const config = { cniVersion: '1.0.0', name: `net${network}`, type: 'host-local', ipam }
  return call({ verb, containerID: `c${number}`, netns: '/none', config, ...more })
}

async function add(number: number): Promise<string[]> {
  const { status, json } = await attach('ADD', number)
  assert.is(status, 0, JSON.stringify(json))
  return (json as unknown as Result).ips.map(({ address }) => address)
}

/** A number of ADDs, all started at once. */
async function addAll(count: number): Promise<void> {
  const given = await Promise.all(Array.from({ length: count }, (_, number) => add(number)))
  assert.is(new Set(given.flat()).size, count * 2)
}

test.before.each(() => rmSync(dataDir, { recursive: true, force: true }))

const reserved = () =>
  Array.from({ length: NETWORKS }, (_, network) => reservedIn(`${dataDir}/net${network}`)).flat()

test('200 parallel ADDs in 4 networks: all addresses are distinct, and 200 parallel DELs leave none', async () => {
  await addAll(200)
  assert.is(reserved().length, 400)
  await Promise.all(
    Array.from({ length: 200 }, async (_, number) => assert.is((await attach('DEL', number)).status, 0)),
  )
  assert.equal(reserved(), [])
})

test('beside 100 others an ADD makes about as many system calls as alone, besides those that wait', async () => {
  await attach('ADD', 0, { engine: 'test', env: { PATCHBAY_CALLS: trace('alone') } })
  const many = Array.from({ length: 100 }, (_, number) => number + NETWORKS)
  await Promise.all(
    many.map((number) => attach('ADD', number, { engine: 'test', env: { PATCHBAY_CALLS: trace(number) } })),
  )
  const alone = callsOf('alone')
  assert.ok(alone > 20, `${alone} calls`)
  assert.equal(
    many.filter((number) => callsOf(number) > 1.2 * alone),
    [],
  )
})

const trace = (name: string | number) => `${scratch}/calls-${name}`
/** Attempts to take the lock, and the pauses between them. */
const waits = ['flock', 'clock_gettime', 'ppoll'].map((name) => syscallNumbers[name as SyscallName])

function callsOf(name: string | number): number {
  const numbers = readFileSync(trace(name), 'utf8').trimEnd().split('\n').map(Number.parseFloat)
  return numbers.filter((number) => !waits.includes(number)).length
}

test.run()
