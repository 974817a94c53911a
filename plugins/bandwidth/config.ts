/** The configuration of bandwidth in a chain. The descriptions become the README's table and the JSON Schema. */

import { requests } from '../../shared/config/common.ts'
import { type Config, network } from '../../shared/config/config.ts'
import {
  cidr,
  describe,
  integer,
  list,
  oneOf,
  open,
  optional,
  withDefault,
} from '../../shared/config/schema.ts'
import { faultOfLongBurst } from './longest.ts'
import { faultOfRequest } from './rules.ts'

const amount = optional(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))
const subnets = optional(list(cidr))

const burstWords =
  'Bits above the rate that may pass at once. Without it, or with what runtimes send for "no limit": a hundredth of the rate, at least 10 packets.'

const shape = {
  ...requests(
    () => ({
      bandwidth: optional(
        open({
          ingressRate: amount,
          ingressBurst: amount,
          egressRate: amount,
          egressBurst: amount,
          shapedSubnets: subnets,
          unshapedSubnets: subnets,
        }),
      ),
    }),
    () => ({}),
  ),
  ingressRate: describe(amount, 'Limit of what the container receives, bits per second. 0: none.'),
  ingressBurst: describe(amount, burstWords),
  egressRate: describe(amount, 'Limit of what the container sends, bits per second. 0: none.'),
  egressBurst: describe(amount, burstWords),
  shapedSubnets: describe(subnets, 'Only traffic with these addresses is limited.'),
  unshapedSubnets: describe(subnets, 'Traffic with these addresses is not limited.'),
  latency: describe(
    withDefault(integer({ min: 1, max: 60_000 }), 25),
    'How long a packet waits at most, milliseconds; with `"queue": "fifo"`.',
  ),
  queue: describe(
    withDefault(oneOf('fifo', 'fq_codel'), 'fifo'),
    'How packets wait: in one queue, or in one for each flow (fq_codel), so that none delays another.',
  ),
  egress: describe(
    withDefault(oneOf('interface', 'ifb'), 'interface'),
    "Where sent packets wait: at the container's interface, or at an IFB of the host, which a privileged container cannot remove.",
  ),
}

export type BandwidthConfig = Config<typeof shape>

export const config = network(shape, { rules: [faultOfRequest, faultOfLongBurst] })
