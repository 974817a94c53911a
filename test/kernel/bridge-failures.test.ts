/** bridge: whichever system call of ADD fails, ADD succeeds nevertheless or leaves nothing at all. */
// needs: full speed, nft bridge, nft ip

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Fault, faultsOf, withFault } from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { type Answer, type Call, call } from '../harness/plugin.ts'
import { difference, type Snapshot, snapshot, snapshotOf } from '../harness/snapshot.ts'

await privateHost()

for (const keys of [
  { isDefaultGateway: true },
  { isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', macspoofchk: true },
  { isGateway: true, ipMasq: true, ipMasqBackend: 'iptables' },
]) {
  test(`${Object.keys(keys).join(', ')}: a failing call leaves nothing, or does no harm`, async () => {
    const config = single(bridgeNetwork(keys))
    await call({ verb: 'ADD', config, containerID: 'resident', netns: newContainer().path })
    const { path: netns, name } = newContainer()
    const request: Call = { verb: 'ADD', config, containerID: 'passing', netns }
    const faults = await faultsOf(request)
    assert.ok(faults.length > 20, `${faults.length} faults`)
    await call({ ...request, verb: 'DEL' })
    const look = (): Snapshot => [...snapshot(), ...snapshotOf(name)]
    const harm: string[] = []
    for (let [index, before] = [0, look()]; index < faults.length; index++) {
      const fault = faults[index] as Fault
      const { story, found, after } = await suffer(request, fault, before, look)
      harm.push(...found.map((line) => `${story}: ${line}`))
      before = found.length > 0 ? await cleaned(request, look) : after
    }
    assert.equal(harm, [])
  })
}

/** Lets one call fail, and says what it did that it should not have done. */
async function suffer(request: Call, fault: Fault, before: Snapshot, look: () => Snapshot) {
  const answer = await withFault(request, fault)
  if (answer.status === 0 || cannotAnswer(answer)) await call({ ...request, verb: 'DEL' })
  const after = look()
  const found = difference(before, after).slice(0, 5)
  if (!isAnswer(answer)) found.push('no answer')
  const story = `${fault.syscall} number ${fault.nth} (${answer.status}, ${answer.json?.msg ?? answer.stderr})`
  return { story, found, after }
}

/** After harm was done: a clean start for the next fault. */
async function cleaned(request: Call, look: () => Snapshot): Promise<Snapshot> {
  await call({ ...request, verb: 'DEL' })
  return look()
}

/** With standard output broken, the attachment stands and the runtime, left without an answer, sends DEL. */
function cannotAnswer({ json, stderr }: Answer): boolean {
  return json === undefined && stderr.includes('write stdout: EIO')
}

/** An answer is a result, or the specification's error with a message. Nothing in between. */
function isAnswer(answer: Answer): boolean {
  const { status, json } = answer
  if (cannotAnswer(answer)) return true
  return status === 0 ? json?.cniVersion !== undefined : typeof json?.code === 'number' && json?.msg !== ''
}

test.run()
