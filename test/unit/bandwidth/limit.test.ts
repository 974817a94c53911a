/** The limits that a shaper gets, and the faults of what is asked for. */

import * as assert from 'uvu/assert'
import { isTooSmall, limitOf, literalLimits } from '../../../plugins/bandwidth/limit.ts'
import { faultOfLongBurst } from '../../../plugins/bandwidth/longest.ts'
import { faultOfRequest, subnetsOf, wishOf } from '../../../plugins/bandwidth/rules.ts'
import { test } from '../../harness/test.ts'

const MBIT = 1_000_000

test('without a wish, or with a runtime’s word for none, a hundredth of the rate passes at once', () => {
  for (const burst of [0, 4_294_967_295, 34_359_738_359])
    assert.equal(limitOf({ rate: 100 * MBIT, burst }, 25, 1500), {
      rate: 12_500_000,
      burst: 125_000,
      limit: 437_500,
    })
})

test('at least ten packets of the usual size pass at once, and two of the link’s', () => {
  assert.is(limitOf({ rate: MBIT, burst: 0 }, 25, 1500).burst, 15_140)
  assert.is(limitOf({ rate: MBIT, burst: 0 }, 25, 9000).burst, 18_036)
  assert.is(limitOf({ rate: MBIT, burst: 8 * 3036 }, 25, 1500).burst, 3036)
  assert.is(limitOf({ rate: MBIT, burst: 8 * 3035 }, 25, 1500).burst, 15_140)
  assert.equal(
    [isTooSmall({ rate: MBIT, burst: 8 * 3035 }, 1500), isTooSmall({ rate: MBIT, burst: 0 }, 1500)],
    [true, false],
  )
})

test('what waits is what the latency allows and the burst, at most 2^32 - 1 bytes', () => {
  assert.is(limitOf({ rate: 8 * MBIT, burst: 8 * 100_000 }, 100, 1500).limit, 200_000)
  assert.is(limitOf({ rate: 1e12, burst: 0 }, 1000, 1500).limit, 2 ** 32 - 1)
})

test('the reference’s limit has the burst that was asked for, and sums of 32 bits', () => {
  assert.equal(literalLimits({ rate: 8 * MBIT, burst: 34_359_738_359 }, 25), [
    { rate: MBIT, burst: 4_294_967_294, limit: 24_998 },
  ])
  assert.equal(literalLimits({ rate: 8 * MBIT, burst: 800_000 }, 50), [])
})

test('one of the four amounts in the configuration, even 0, is preferred to all of the runtime’s', () => {
  const bandwidth = { ingressRate: 8000, ingressBurst: 800, egressRate: 8000 }
  assert.equal(wishOf({ runtimeConfig: { bandwidth } }, 'ingress'), { rate: 8000, burst: 800 })
  assert.equal(wishOf({ runtimeConfig: { bandwidth } }, 'egress'), { rate: 8000, burst: 0 })
  assert.is(wishOf({ egressBurst: 0, runtimeConfig: { bandwidth } }, 'ingress'), undefined)
  assert.is(wishOf({}, 'ingress'), undefined)
})

test('subnets are those of the configuration, else the runtime’s', () => {
  const runtimeConfig = { bandwidth: { shapedSubnets: ['10.0.0.0/8'] } }
  assert.is(subnetsOf({ runtimeConfig })?.isShaped, true)
  assert.is(subnetsOf({ shapedSubnets: [], unshapedSubnets: ['fd00::/8'], runtimeConfig })?.isShaped, false)
  assert.is(subnetsOf({ shapedSubnets: [] }), undefined)
})

test('a burst without a rate, one of 4 GB, and less than a byte a second are refused, of the configuration and of the runtime', () => {
  const said = (config: Parameters<typeof faultOfRequest>[0]) => faultOfRequest(config)?.msg
  for (const block of [{ egressBurst: 8 }, { ingressRate: 0, ingressBurst: 8 }])
    for (const config of [block, { runtimeConfig: { bandwidth: block } }])
      assert.is(said(config), 'if burst is set, rate must also be set')
  assert.is(said({ egressRate: 8, egressBurst: 34_359_738_360 }), 'burst cannot be more than 4GB')
  assert.is(said({ egressRate: 8, egressBurst: 34_359_738_359 }), undefined)
  assert.is(said({ egressRate: 7 }), 'egressRate is 7, less than a byte per second')
  assert.is(said({ egressRate: 8 }), undefined)
})

test('with subnets, a burst that lasts longer than htb can tell is refused; without them it is not', () => {
  const shapedSubnets = ['10.0.0.0/8']
  const said = (config: Parameters<typeof faultOfLongBurst>[0]) => faultOfLongBurst(config)?.msg
  assert.is(said({ egressRate: 448, shapedSubnets }), undefined)
  assert.is(said({ egressRate: 8 }), undefined)
  assert.match(
    `${said({ egressRate: 440, shapedSubnets })}`,
    'its burst of 15140 bytes would last more than 274 s',
  )
  assert.match(
    `${said({ ingressRate: MBIT, ingressBurst: 300 * MBIT, shapedSubnets })}`,
    'ingressRate of 1000000',
  )
  assert.is(said({ ingressRate: MBIT, ingressBurst: 4_294_967_295, shapedSubnets }), undefined)
})

test.run()
