/** Any order of ADDs, DELs, late and repeated DELs, flushes: the rules are then those of the containers that live, and no others. */
// needs: nft ip, nft bridge

import { rmSync } from 'node:fs'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { closedIptables } from '../../shared/firewall/closed-chains.ts'
import { addFilter, reapplyFilter, removeFilter } from '../../shared/firewall/filter.ts'
import { type Filter, kept, plainFilter } from '../../shared/firewall/filter-record.ts'
import { command } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { rules } from './firewall-rules.ts'

await privateHost()

/** What happens to one of a few containers, which share a few addresses and bridges. */
type Step =
  | { is: 'ADD'; container: number; address: number; bridge: number; kind: number }
  | { is: 'DEL'; container: number }
  | { is: 'flush' }

const container = fc.nat({ max: 5 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      is: fc.constant('ADD' as const),
      container,
      address: fc.nat({ max: 4 }),
      bridge: fc.nat({ max: 1 }),
      kind: fc.nat({ max: 5 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('DEL' as const), container }) },
  { weight: 1, arbitrary: fc.constant({ is: 'flush' as const }) },
)

const kinds: Partial<Filter>[] = [
  { policy: 'same-bridge' },
  { policy: 'isolated' },
  { acceptInto: [{ family: 'inet', table: 'foreign', chain: 'fw' }] },
  { policy: 'isolated', acceptInto: [{ family: 'inet', table: 'foreign', chain: 'fw' }] },
  { backEnd: 'iptables', hostIngress: true },
  { backEnd: 'iptables', policy: 'isolated' },
]

function filterOf({ container, address, bridge, kind }: Step & { is: 'ADD' }): Filter {
  return {
    ...plainFilter({ network: 'net', containerID: `c${container}`, ifname: 'eth0' }),
    addresses: [`10.80.0.${address}`, `fd80::${address}`],
    through: `br${bridge}`,
    port: `port${container}`,
    ...kinds[kind],
  }
}

function reset(): void {
  command('nft', 'flush ruleset')
  rmSync('/run/patchbay/firewall', { recursive: true, force: true })
  foreign()
}

function foreign(): void {
  command('nft', 'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; }')
}

/** Plays the steps. @returns the containers that live, in the order of their ADDs */
async function play(steps: readonly Step[]): Promise<Filter[]> {
  let live: Filter[] = []
  // Those whose address another one has got: their DEL is late.
  const late: Filter[] = []
  const end = async (containerID: string) => {
    await removeFilter({ network: 'net', containerID, ifname: 'eth0' })
    live = live.filter((one) => one.containerID !== containerID)
  }
  for (const step of steps) {
    if (step.is === 'flush') {
      command('nft', 'flush ruleset')
      foreign()
      for (const filter of live) await reapplyFilter(recordOf(filter))
      for (const filter of late.splice(0)) await removeFilter(filter)
    } else if (step.is === 'DEL') await end(`c${step.container}`)
    else {
      const filter = filterOf(step)
      const isTaken = (one: Filter) =>
        one.containerID !== filter.containerID && one.addresses[0] === filter.addresses[0]
      late.push(...live.filter(isTaken))
      live = live.filter((one) => !isTaken(one) && one.containerID !== filter.containerID)
      late.splice(0, late.length, ...late.filter((one) => one.containerID !== filter.containerID))
      await addFilter(filter, closedIptables(['FORWARD']))
      live.push(filter)
    }
  }
  for (const filter of late)
    if (!live.some((one) => one.containerID === filter.containerID)) await removeFilter(filter)
  return live
}

function recordOf({ containerID }: Filter): Filter {
  const found = kept.all().find((one) => one.containerID === containerID)
  assert.ok(found)
  return found
}

test('the rules after any steps are those of the containers that live; with the last none is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      reset()
      const before = rules()
      const live = await play(steps)
      const found = rules()
      reset()
      for (const filter of live) await addFilter(filter, closedIptables(['FORWARD']))
      assert.equal(found, rules())
      for (const filter of [...live, ...live]) await removeFilter(filter)
      assert.equal(rules(), before)
    }),
    { numRuns: 100 },
  )
})

test.run()
