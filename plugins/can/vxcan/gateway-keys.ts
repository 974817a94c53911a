/** The key `gateway`, between a host's CAN device and a container: identifiers and filters are written as for cansend and candump. */

import {
  boolean,
  describe,
  integer,
  linkName,
  list,
  type Output,
  object,
  oneOf,
  optional,
  pattern,
  withDefault,
} from '../../../shared/config/schema.ts'
import type { Complaint } from '../../../shared/error/error.ts'
import { type CanChange, type CanFilter, CanId } from '../../../shared/netlink/can-gateway.ts'

const set = object({
  id: describe(
    optional(
      pattern(
        'a CAN identifier: 3 hexadecimal digits, or 8 of an extended one',
        /^([0-7][0-9a-fA-F]{2}|[01][0-9a-fA-F]{7})$/,
      ),
    ),
    'The new CAN identifier of frames.',
  ),
  len: describe(optional(integer({ min: 0, max: 64 })), 'The new length of their data, in bytes.'),
  data: describe(
    optional(pattern('bytes as hexadecimal digits, at most 64', /^([0-9a-fA-F]{2}){1,64}$/)),
    'Their new data; the rest is zeros.',
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
    'Which frames pass: those whose identifier equals ID in the bits of MASK, with "~" all others. 3 digits: standard identifiers, 8: extended ones. Default: all.',
  ),
  frames: describe(withDefault(oneOf('classic', 'fd', 'both'), 'both'), 'Which kind of frames pass.'),
  echo: describe(
    optional(boolean),
    'Programs on the interface that frames leave by receive them, too. Default: only if that is a vcan of the host, which has no other receivers.',
  ),
  set: describe(optional(set), 'What the gateway writes into frames.'),
})

const everything = [{ frames: 'both' as const }]

export const gateway = object({
  device: describe(linkName, "The host's CAN device."),
  toContainer: describe(
    withDefault(list(rule), everything),
    'Rules from the device to the container. Default: all frames pass.',
  ),
  fromContainer: describe(
    withDefault(list(rule), everything),
    'Rules from the container to the device. Default: all frames pass.',
  ),
})

export type Gateway = Output<typeof gateway>
export type Rule = Output<typeof rule>

/** Refuses more data than a classic frame can have. */
export function possibleGateway({ gateway }: { gateway?: Gateway }): Complaint | undefined {
  const rules = [...(gateway?.toContainer ?? []), ...(gateway?.fromContainer ?? [])]
  const long = rules.find(({ frames, set }) => frames !== 'fd' && isLong(set))
  if (!long) return undefined
  return {
    msg: 'gateway: set gives classic frames more than 8 bytes: restrict the rule to FD frames',
    hint: 'set "frames": "fd" in this rule',
  }
}

function isLong({ len = 0, data = '' }: Rule['set'] = {}): boolean {
  return len > 8 || data.length > 16
}

/** A filter as the kernel has it; the mask includes the flag for extended identifiers. */
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

/** As in cansend: three digits are a standard identifier, eight an extended one. */
function parseId(text: string): number {
  return (Number.parseInt(text, 16) | (text.length === 8 ? CanId.EXTENDED : 0)) >>> 0
}
