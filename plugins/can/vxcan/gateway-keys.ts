/** What may be said of the gateway between a host's CAN device and a container, in the words of cansend and candump. */

import type { Complaint } from '../../../shared/cni/error.ts'
import {
  boolean,
  describe,
  ifname,
  integer,
  list,
  type Output,
  object,
  oneOf,
  optional,
  pattern,
  withDefault,
} from '../../../shared/cni/schema.ts'
import { type CanChange, type CanFilter, CanId } from '../../../shared/netlink/can-gateway.ts'

const set = object({
  id: describe(
    optional(
      pattern(
        'a CAN identifier: 3 hexadecimal digits, or 8 of an extended one',
        /^([0-7][0-9a-fA-F]{2}|[01][0-9a-fA-F]{7})$/,
      ),
    ),
    'The identifier that frames get.',
  ),
  len: describe(optional(integer({ min: 0, max: 64 })), 'The length that their data get.'),
  data: describe(
    optional(pattern('bytes as hexadecimal digits, at most 64', /^([0-9a-fA-F]{2}){1,64}$/)),
    'The data that they get; zeros follow.',
  ),
})

const rule = object({
  filter: describe(
    optional(
      pattern(
        'ID:MASK or ID~MASK in 3 or 8 hexadecimal digits each, such as 123:7FF',
        /^([0-7][0-9a-fA-F]{2}[:~][0-7][0-9a-fA-F]{2}|[01][0-9a-fA-F]{7}[:~][01][0-9a-fA-F]{7})$/,
      ),
    ),
    'Which frames pass: those that have the bits of ID where MASK has ones, of 3 digits standard ones, of 8 extended ones; with "~", all others. Default: all.',
  ),
  frames: describe(withDefault(oneOf('classic', 'fd', 'both'), 'both'), 'Which kind of frames.'),
  echo: describe(
    withDefault(boolean, false),
    'Programs that listen at the interface that frames leave by hear them, too.',
  ),
  set: describe(optional(set), 'What is written into frames on their way.'),
})

const everything = [{ frames: 'both' as const, echo: false }]

export const gateway = object({
  device: describe(ifname, "The host's CAN device."),
  toContainer: describe(withDefault(list(rule), everything), 'What passes from the device. Default: all.'),
  fromContainer: describe(withDefault(list(rule), everything), 'What passes to the device. Default: all.'),
})

export type Gateway = Output<typeof gateway>
export type Rule = Output<typeof rule>

/** What a classic frame cannot be. */
export function possibleGateway({ gateway }: { gateway?: Gateway }): Complaint | undefined {
  const rules = [...(gateway?.toContainer ?? []), ...(gateway?.fromContainer ?? [])]
  const long = rules.find(({ frames, set }) => frames !== 'fd' && isLong(set))
  if (!long) return undefined
  return {
    msg: 'gateway: set gives frames more than the 8 bytes that a classic one can have',
    hint: 'restrict the rule to FD frames: "frames": "fd"',
  }
}

function isLong({ len = 0, data = '' }: Rule['set'] = {}): boolean {
  return len > 8 || data.length > 16
}

/** A filter as the kernel has it; the mask includes the flag that tells extended identifiers from standard ones. */
export function parseFilter(text: string): CanFilter {
  const [, id = '', sign, mask = ''] = /^(\w+)([:~])(\w+)$/.exec(text) ?? []
  const inverted = sign === '~' ? CanId.INVERTED : 0
  return { id: (parseId(id) | inverted) >>> 0, mask: (Number.parseInt(mask, 16) | CanId.EXTENDED) >>> 0 }
}

export function parseChange({ id, len, data }: NonNullable<Rule['set']>): CanChange {
  return {
    id: id === undefined ? undefined : parseId(id),
    len,
    data: data ? Buffer.from(data, 'hex') : undefined,
  }
}

/** Three digits are a standard identifier, eight an extended one, as cansend has it. */
function parseId(text: string): number {
  return (Number.parseInt(text, 16) | (text.length === 8 ? CanId.EXTENDED : 0)) >>> 0
}
