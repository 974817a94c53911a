import * as assert from 'uvu/assert'
import { config } from '../../../plugins/vlan/config.ts'
import { optionsOf } from '../../../plugins/vlan/options.ts'
import { tagsOf } from '../../../plugins/vlan/tags.ts'
import type { CniError } from '../../../shared/error/error.ts'
import { test } from '../../harness/test.ts'

const quiet = { warn: () => {}, info: () => {} }
const parse = (keys: object) =>
  config.parse({ cniVersion: '1.0.0', name: 'net', type: 'vlan', ...keys }, quiet)

function refused(keys: object): string {
  try {
    parse(keys)
  } catch (error) {
    const { code, message, details } = error as CniError
    assert.is(code, 7)
    return `${message}; ${details}`
  }
  throw new Error('it was accepted')
}

const wrong: [object, ...string[]][] = [
  [{ vlanId: 4095 }, 'vlanId is 4095, must be a whole number from 0 to 4094'],
  [{ vlanId: -1 }, 'vlanId is -1'],
  [{ vlanId: '100' }, 'vlanId is "100"'],
  [{ vlanId: 1.5 }, 'vlanId is 1.5'],
  [{ vlanId: 1, tags: [1, 2] }, 'vlanId and tags cannot be set together'],
  [{ vlanId: 0, tags: [1, 2] }, 'vlanId and tags cannot be set together'],
  [{ tags: [] }, 'tags must have 2 to 7 entries, found 0'],
  [{ tags: [100] }, 'tags must have 2 to 7 entries, found 1', '"vlanId": 100'],
  [{ tags: [1, 2, 3, 4, 5, 6, 7, 8] }, 'tags must have 2 to 7 entries, found 8'],
  [{ tags: [100, 4095] }, 'tags[1] is 4095'],
  [{ tags: 100 }, 'tags is 100, must be a list'],
  [{ tags: [1, 2], linkInContainer: true }, 'tags and linkInContainer cannot be set together', 'on the host'],
  [{ vlanId: 1, protocol: '802.1q' }, 'protocol is "802.1q", must be "802.1Q" or "802.1ad"'],
  [{ vlanId: 1, protocol: '802.1ad', gvrp: true }, 'gvrp is set but protocol is "802.1ad"'],
  [{ vlanId: 1, protocol: '802.1ad', mvrp: true }, 'mvrp is set but protocol is "802.1ad"'],
  [{ vlanId: 1, ingressPriorities: { 8: 1 } }, 'ingressPriorities has "8"', '0 to 7'],
  [{ vlanId: 1, ingressPriorities: { high: 1 } }, 'ingressPriorities has "high"'],
  [{ vlanId: 1, ingressPriorities: { '03': 1 } }, 'ingressPriorities has "03"'],
  [{ vlanId: 1, ingressPriorities: { 1: 4294967296 } }, 'ingressPriorities.1 is 4294967296'],
  [{ vlanId: 1, egressPriorities: { 1: 8 } }, 'egressPriorities.1 is 8, must be a whole number from 0 to 7'],
  [{ vlanId: 1, egressPriorities: { 4294967296: 1 } }, 'egressPriorities has "4294967296"'],
  [{ vlanId: 1, egressPriorities: [1] }, 'egressPriorities'],
  [{ vlanId: 1, reorder: 'yes' }, 'reorder is "yes", must be true or false'],
  [{ vlanId: 1, mtu: 60 }, 'mtu: must be 0 or from 68'],
  [{ vlanID: 1, valnId: 2 }, 'unknown key valnId, did you mean vlanId?'],
]

for (const [keys, ...parts] of wrong)
  test(`${JSON.stringify(keys)} is refused`, () => {
    const said = refused(keys)
    for (const part of parts) assert.ok(said.includes(part), said)
  })

test('the default protocol of a single tag is 802.1Q', () => {
  const tags = (keys: object) => tagsOf(parse(keys))
  assert.equal(tags({ vlanId: 7 }), { outer: [], inner: { id: 7, protocol: '802.1Q' } })
  assert.equal(tags({ vlanId: 0, protocol: '802.1ad' }).inner, { id: 0, protocol: '802.1ad' })
})

test('of stacked tags the outermost has the configured protocol, by default 802.1ad; the others are 802.1Q', () => {
  const tags = (keys: object) => tagsOf(parse({ tags: [100, 50, 20], ...keys }))
  assert.equal(tags({}), {
    outer: [
      { id: 100, protocol: '802.1ad' },
      { id: 50, protocol: '802.1Q' },
    ],
    inner: { id: 20, protocol: '802.1Q' },
  })
  assert.equal(tags({ protocol: '802.1Q' }).outer[0], { id: 100, protocol: '802.1Q' })
})

test('priorities become numbers, and absent ones have the kernel’s default', () => {
  const { ingress, egress, ...rest } = optionsOf(parse({ vlanId: 5, egressPriorities: { 4294967295: 7 } }))
  assert.equal([...egress], [[4294967295, 7]])
  assert.is(ingress.size, 0)
  const flags = { reorder: true, gvrp: false, mvrp: false, looseBinding: false }
  assert.equal(rest, { id: 5, protocol: '802.1Q', ...flags })
})

test.run()
