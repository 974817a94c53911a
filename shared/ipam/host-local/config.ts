/** Keys of the `ipam` section of type host-local. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../config/config.ts'
import { oncePer } from '../../config/once.ts'
import {
  boolean,
  cidr,
  describe,
  ip,
  ipOrCidr,
  list,
  object,
  optional,
  pluginName,
  withDefault,
} from '../../config/schema.ts'
import { CniError, Code, type Complaint } from '../../error/error.ts'
import { requireOnePerFamily } from '../family.ts'
import { parseRangeSet, type RangeConfig, type RangeSet, requireDistinct, withHoles } from '../range.ts'
import { rangeRequests } from '../schema.ts'
import { reservationKeys } from './keys.ts'

const bounds = {
  rangeStart: describe(optional(ip), 'First address to give. Default: the first of the subnet.'),
  rangeEnd: describe(optional(ip), 'Last address to give. Default: the last of the subnet.'),
  gateway: describe(
    optional(ip),
    'Gateway, which is never given out. Default: the first address of the subnet.',
  ),
}

const exclude = describe(optional(list(ipOrCidr)), 'Addresses and subnets that are never given.')

const range = object({ subnet: describe(cidr, 'Subnet of the addresses.'), ...bounds, exclude })

const shape = {
  ...rangeRequests,
  ipam: object({
    type: describe(optional(pluginName), '`host-local`.'),
    ranges: describe(
      optional(list(list(range))),
      'Range sets: a container gets one address of each. A set is a list of ranges of one family.',
    ),
    subnet: describe(
      optional(cidr),
      'Short form for one more range set of one range, before those of `ranges`.',
    ),
    ...bounds,
    exclude: describe(optional(list(ipOrCidr)), 'The same for all ranges.'),
    allowOutsideRange: describe(
      withDefault(boolean, false),
      'A requested address may lie outside of the ranges, in one of their subnets.',
    ),
    ...reservationKeys,
  }),
}

export type HostLocalConfig = Config<typeof shape>

export const config = network(shape, { delegate: true, rules: [soundRanges] })

function soundRanges(config: HostLocalConfig): Complaint | undefined {
  try {
    rangeSets(config)
    return undefined
  } catch (error) {
    if (error instanceof CniError) return error.complaint
    throw error
  }
}

/** Each range is compared with each other, and an excluded address makes two of one. */
const mostRanges = 1000

function requireFew(ranges: readonly RangeConfig[]): void {
  const parts = ranges.reduce((sum, { exclude = [] }) => sum + 1 + exclude.length, 0)
  if (parts <= mostRanges) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `ipam.ranges: there are ${parts} ranges and excluded addresses, at most ${mostRanges} are allowed`,
    hint: 'join ranges that lie side by side into larger ones, and addresses into subnets',
  })
}

/**
 * All range sets, numbered in this order: the runtime's, the short form's, and those of `ranges`. Parsed once.
 * @throws CniError of code 7 for invalid ranges
 */
export const rangeSets = oncePer(
  ({ ipam, runtimeConfig, cniVersion }: HostLocalConfig): readonly RangeSet[] => {
    const { subnet, rangeStart, rangeEnd, gateway, exclude: everywhere = [] } = ipam
    const excluding = (range: RangeConfig) => ({
      ...range,
      exclude: [...(range.exclude ?? []), ...everywhere],
    })
    const short = subnet === undefined ? [] : [excluding({ subnet, rangeStart, rangeEnd, gateway })]
    const dynamic = (runtimeConfig?.ipRanges ?? []).map((set) => set.map(excluding))
    const listed = (ipam.ranges ?? []).map((set) => set.map(excluding))
    requireFew([...dynamic.flat(), ...short, ...listed.flat()])
    const before = dynamic.length + short.length
    const sets = [
      ...dynamic.map((set, at) => parseRangeSet(set, `runtimeConfig.ipRanges[${at}]`, at)),
      ...short.map((range) => withHoles(range, 'ipam')),
      ...listed.map((set, at) => parseRangeSet(set, `ipam.ranges[${at}]`, before + at)),
    ]
    requireDistinct(sets)
    requireOnePerFamily(
      sets.flatMap(([first]) => first?.subnet.address ?? []),
      cniVersion,
    )
    return sets
  },
)
