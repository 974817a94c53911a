/** wire: when any system call of ADD fails, ADD still succeeds or leaves all unchanged; after a kill, DEL cleans up. */
// needs: full speed

import * as assert from 'uvu/assert'
import { lasting } from '../harness/expect.ts'
import { changesSomething, harmOfFailures } from '../harness/failing.ts'
import { faultsOf, killedAt } from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { single, wireNetwork } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { type Snapshot, snapshot, snapshotOf, withoutNumbers } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

const [first, second] = [newContainer(), newContainer()]

/** Random parts of a new pair of ends: numbers and MAC addresses. */
function look(): Snapshot {
  const lines = [...snapshot(), ...snapshotOf(first.name), ...snapshotOf(second.name)]
  return withoutNumbers(lines).filter((line) => !/^link \S+ address: /.test(line))
}

/** The two ADDs of a wire. The first container has the same addresses at each ADD. */
function adds(): { one: Call; two: Call } {
  const config = single(wireNetwork({ mtu: 1400 }))
  const addresses = [{ address: '10.240.0.1/24' }, { address: 'fd00:240::1/64' }]
  return {
    one: {
      verb: 'ADD',
      config: { ...config, ipam: { type: 'static', addresses } },
      containerID: 'one',
      netns: first.path,
    },
    two: { verb: 'ADD', config, containerID: 'two', netns: second.path, args: 'MAC=02:00:5e:00:00:07' },
  }
}

async function done(request: Call): Promise<void> {
  const { status, json } = await call(request)
  assert.is(status, 0, JSON.stringify(json))
}

testTrouble('wire', {
  config: { type: 'wire', mtu: 1400 },
  subnets: ['10.241.0.0/24', 'fd00:241::/64'],
  atOnce: 2,
})

test('as the second of a wire, a failing call leaves the end on the host unchanged, or does no harm', async () => {
  const { one, two } = adds()
  const layAnew = async () => {
    await done({ ...one, verb: 'DEL' })
    await done(one)
  }
  await layAnew()
  assert.equal(await harmOfFailures(two, { look, tidy: layAnew }), [])
  await done({ ...one, verb: 'DEL' })
})

test('the second of a wire, killed before any of its calls: DEL of both leaves nothing', async () => {
  const { one, two } = adds()
  const before = look()
  const removeBoth = async () => {
    await done({ ...two, verb: 'DEL' })
    await done({ ...one, verb: 'DEL' })
  }
  await done(one)
  const faults = await faultsOf(two)
  await removeBoth()
  const left: string[] = []
  for (const fault of faults.filter(changesSomething)) {
    await done(one)
    await killedAt(two, fault)
    await removeBoth()
    left.push(...lasting(before, look).map((line) => `${fault.syscall} ${fault.nth}: ${line}`))
  }
  assert.ok(faults.length > 20)
  assert.equal(left, [])
  for (const add of [one, two]) await done(add)
  await removeBoth()
})

test.run()
