/** bridge: whichever system call of ADD fails, ADD succeeds nevertheless or leaves nothing at all. */
// needs: full speed, nft bridge, nft ip

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { type Fault, faultsOf, withFault } from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { type Answer, type Call, call } from '../harness/plugin.ts'
import { difference, type Snapshot, snapshot, snapshotOf } from '../harness/snapshot.ts'

await privateHost()

/** The variants of a network, and whether a container is there before, so that the bridge exists. */
const variants = [
  { keys: { isDefaultGateway: true }, resident: true },
  { keys: { isDefaultGateway: true, mtu: 1400 }, resident: false },
  { keys: { isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', macspoofchk: true }, resident: true },
  { keys: { isGateway: true, ipMasq: true, ipMasqBackend: 'iptables' }, resident: true },
]

for (const { keys, resident } of variants) {
  const where = resident ? 'beside another container' : 'as the bridge’s first container'
  test(`${Object.keys(keys).join(', ')}, ${where}: a failing call leaves nothing, or does no harm`, async () => {
    const config = single(bridgeNetwork(keys))
    if (resident) await call({ verb: 'ADD', config, containerID: 'resident', netns: newContainer().path })
    const { path: netns, name } = newContainer()
    const request: Call = { verb: 'ADD', config, containerID: 'passing', netns }
    const faults = await faultsOf(request)
    assert.ok(faults.length > 20, `${faults.length} faults`)
    await takeDown(request, resident)
    const look = (): Snapshot => [...snapshot(), ...snapshotOf(name)]
    const harm: string[] = []
    for (let [index, before] = [0, look()]; index < faults.length; index++) {
      const { story, found, after } = await suffer(request, faults[index] as Fault, before, look, resident)
      harm.push(...found.map((line) => `${story}: ${line}`))
      before = found.length > 0 ? await cleaned(request, look, resident) : after
    }
    assert.equal(harm, [])
  })
}

/** DEL, and the bridge away that DEL leaves, where the next ADD is to be the first again. */
async function takeDown(request: Call, resident: boolean): Promise<void> {
  await call({ ...request, verb: 'DEL' })
  const { bridge } = request.config as { bridge?: string }
  if (!resident && bridge && exists(bridge)) ip(`link delete ${bridge}`)
}

/** Lets one call fail, and says what it did that it should not have done. */
async function suffer(
  request: Call,
  fault: Fault,
  before: Snapshot,
  look: () => Snapshot,
  resident: boolean,
) {
  const answer = await withFault(request, fault)
  if (answer.status === 0 || cannotAnswer(answer)) await takeDown(request, resident)
  const after = look()
  const found = difference(before, after).slice(0, 5)
  if (!isAnswer(answer)) found.push('no answer')
  const story = `${fault.syscall} number ${fault.nth} (${answer.status}, ${answer.json?.msg ?? answer.stderr})`
  return { story, found, after }
}

/** After harm was done: a clean start for the next fault. */
async function cleaned(request: Call, look: () => Snapshot, resident: boolean): Promise<Snapshot> {
  await takeDown(request, resident)
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
