/** The lines for iptables-restore, from those of iptables-save: what is missing is added, what is a container's own is removed. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { additionOf, firstMissing, removalOf, type Wanted } from '../../../shared/firewall/filter-layout.ts'
import { test } from '../../harness/test.ts'

const empty = [':INPUT ACCEPT [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]']

const wanted = (keys: Partial<Wanted> = {}): Wanted => ({
  addresses: ['10.1.0.2'],
  adminChain: 'CNI-ADMIN',
  hostIngress: false,
  policy: 'open',
  ...keys,
})

/** A table after lines of iptables-restore: chains in the order of their names, rules in their order. */
function applied(saved: readonly string[], lines: readonly string[]): string[] {
  let now = [...saved]
  for (const line of lines) {
    const [, command = '', chain = '', rest = ''] = /^(-\w) (\S+) ?(.*)$/.exec(line) ?? []
    const rule = `-A ${chain} ${rest}`
    const first = now.findIndex((one) => one.startsWith(`-A ${chain} `))
    if (command === '-N') {
      assert.not.ok(
        now.some((one) => one.startsWith(`:${chain} `)),
        line,
      )
      now.push(`:${chain} - [0:0]`)
    } else if (command === '-A') now.push(line)
    else if (command === '-I') now.splice(first < 0 ? now.length : first, 0, rule.replace(/ 1 /, ' '))
    else if (command === '-D') {
      assert.ok(now.includes(line.replace('-D', '-A')), line)
      now.splice(now.indexOf(line.replace('-D', '-A')), 1)
    } else if (command === '-F') now = now.filter((one) => !one.startsWith(`-A ${chain} `))
    else if (command === '-X') {
      assert.not.ok(
        now.some((one) => one.startsWith(`-A ${chain} `) || one.endsWith(` -j ${chain}`)),
        line,
      )
      now = now.filter((one) => !one.startsWith(`:${chain} `))
    } else assert.unreachable(line)
  }
  return now
}

const rulesIn = (table: readonly string[], chain: string) =>
  table.filter((line) => line.startsWith(`-A ${chain} `))

test('the layout is the reference’s: the policies first, then the admin chain, then two rules for each address', () => {
  const table = applied(
    empty,
    additionOf(empty, wanted({ policy: 'isolated', through: 'br0', adminChain: 'NOMAD-ADMIN' })),
  )
  assert.equal(rulesIn(table, 'FORWARD'), [
    '-A FORWARD -m comment --comment "CNI firewall plugin rules (ingressPolicy: same-bridge|isolated)" -j CNI-ISOLATION-STAGE-1',
    '-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD',
  ])
  assert.equal(rulesIn(table, 'CNI-FORWARD'), [
    '-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j NOMAD-ADMIN',
    '-A CNI-FORWARD -d 10.1.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT',
  ])
  assert.equal(rulesIn(table, 'CNI-ISOLATION-STAGE-1'), [
    '-A CNI-ISOLATION-STAGE-1 -i br0 -o br0 -m comment --comment "CNI firewall plugin rules (ingressPolicy: isolated)" -j DROP',
    '-A CNI-ISOLATION-STAGE-1 -i br0 ! -o br0 -m comment --comment "CNI firewall plugin rules (ingressPolicy: isolated)" -j CNI-ISOLATION-STAGE-2',
    '-A CNI-ISOLATION-STAGE-1 -m comment --comment "CNI firewall plugin rules (ingressPolicy: same-bridge|isolated)" -j RETURN',
  ])
})

const policy = fc.constantFrom('open', 'same-bridge', 'isolated') as fc.Arbitrary<Wanted['policy']>
const container = fc.record({
  address: fc.integer({ min: 2, max: 200 }),
  policy,
  through: fc.constantFrom('br0', 'br1'),
  hostIngress: fc.boolean(),
})

/** Bridges with the policies that rules are for. */
function policiesIn(table: string[]): string[] {
  const found = table.flatMap((line) => {
    const [, bridge, policy] = /-i (\S+) ! -o \S+ .*ingressPolicy: ([a-z-]+)\)/.exec(line) ?? []
    return bridge ? [`${bridge} ${policy}`] : []
  })
  return [...new Set(found)].sort()
}

function policiesOf(live: readonly Wanted[]): string[] {
  const all = live.flatMap(({ policy, through }) => (policy === 'open' ? [] : [`${through} ${policy}`]))
  return [...new Set(all)].sort()
}

test('after any ADDs and DELs, with the last the table is as before, and what lives is complete at any time', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(container, { selector: ({ address }) => address, minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (containers, numbers) => {
        const all = containers.map(({ address, ...keys }) =>
          wanted({ ...keys, addresses: [`10.1.0.${address}`] }),
        )
        let table: string[] = empty
        for (const one of all) {
          table = applied(table, additionOf(table, one))
          assert.equal(additionOf(table, one), [])
        }
        for (const live = [...all]; live.length > 0; ) {
          const [gone] = live.splice(Number(numbers.next().value) % live.length, 1)
          if (!gone) break
          const users = live.filter((one) => one.policy !== 'open' && one.through === gone.through)
          const isLast = gone.policy !== 'open' && users.length === 0
          const isLastOfPolicy = gone.policy !== 'open' && users.every(({ policy }) => policy !== gone.policy)
          table = applied(
            table,
            removalOf(table, gone, isLast ? 'bridge' : isLastOfPolicy ? 'policy' : undefined),
          )
          assert.equal(policiesIn(table), policiesOf(live))
          assert.equal(
            live.map((one) => firstMissing(table, one)),
            live.map(() => undefined),
          )
        }
        assert.equal(table, empty)
      },
    ),
  )
})

test('rules of the reference before 1.7, whose comments differ, are known and removed', () => {
  const one = wanted({ policy: 'same-bridge', through: 'br0' })
  const table = applied(empty, additionOf(empty, one)).map((line) =>
    line.replace('same-bridge|isolated', 'same-bridge'),
  )
  assert.is(firstMissing(table, one), undefined)
  assert.equal(additionOf(table, one), [])
  assert.equal(applied(table, removalOf(table, one, 'bridge')), empty)
})

test('a chain with rules of others stays, and so does an admin chain of another name', () => {
  const one = wanted()
  const table = [...applied(empty, additionOf(empty, one)), '-A CNI-ADMIN -s 192.0.2.1/32 -j DROP']
  const left = applied(table, removalOf(table, one, undefined))
  assert.ok(left.includes('-A CNI-ADMIN -s 192.0.2.1/32 -j DROP'))
  assert.ok(left.some((line) => line.endsWith('-j CNI-ADMIN')))
  const other = wanted({ adminChain: 'NOMAD-ADMIN' })
  const theirs = applied(empty, additionOf(empty, other))
  assert.ok(applied(theirs, removalOf(theirs, other, undefined)).includes(':NOMAD-ADMIN - [0:0]'))
})

test.run()
