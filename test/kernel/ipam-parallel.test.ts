/** host-local: hundreds of processes at once. */
// needs: full speed

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { privateHost, scratch } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { call, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const dataDir = `${scratch}/networks`
const NETWORKS = 4

function attach(verb: 'ADD' | 'DEL', number: number) {
  const network = number % NETWORKS
  const ranges = [[{ subnet: `10.${network}.0.0/16` }], [{ subnet: `fd00:${network}::/64` }]]
  const ipam = { type: 'host-local', dataDir, ranges }
  const config = { cniVersion: '1.0.0', name: `net${network}`, type: 'host-local', ipam }
  return call({ verb, containerID: `c${number}`, netns: '/none', config })
}

async function add(number: number): Promise<string[]> {
  const { status, json } = await attach('ADD', number)
  assert.is(status, 0, JSON.stringify(json))
  return (json as unknown as Result).ips.map(({ address }) => address)
}

/** Milliseconds for a number of ADDs, all started at once. */
async function timed(count: number): Promise<number> {
  const before = performance.now()
  const given = await Promise.all(Array.from({ length: count }, (_, number) => add(number)))
  const time = performance.now() - before
  assert.is(new Set(given.flat()).size, count * 2)
  return time
}

test.before.each(() => rmSync(dataDir, { recursive: true, force: true }))

const reserved = () =>
  Array.from({ length: NETWORKS }, (_, network) => reservedIn(`${dataDir}/net${network}`)).flat()

test('200 parallel ADDs in 4 networks: all addresses are distinct, and 200 parallel DELs leave none', async () => {
  await timed(200)
  assert.is(reserved().length, 400)
  await Promise.all(
    Array.from({ length: 200 }, async (_, number) => assert.is((await attach('DEL', number)).status, 0)),
  )
  assert.equal(reserved(), [])
})

test('time grows with the number of ADDs, not with its square', async () => {
  const times: number[][] = []
  for (let round = 0; round < 3; round++) {
    const few = await timed(50)
    rmSync(dataDir, { recursive: true })
    const many = await timed(200)
    rmSync(dataDir, { recursive: true })
    times.push([few, many])
  }
  const [few = 0, many = 0] = [0, 1].map((which) => Math.min(...times.map((pair) => pair[which] ?? 0)))
  // Four times as many ADDs: with its square, the time would be sixteen times as long.
  assert.ok(many / few < 8, `50 took ${few} ms, 200 took ${many} ms`)
})

test.run()
