/** The configuration of sbr in a chain. The descriptions become the README's table and the JSON Schema. */

import { noRequests } from '../../shared/config/common.ts'
import { type Config, network } from '../../shared/config/config.ts'
import { boolean, describe, integer, ip, list, optional, withDefault } from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { parseAddress } from '../../shared/ip/address.ts'

const shape = {
  ...noRequests,
  table: describe(
    optional(integer({ min: 1, max: 0x7fffffff })),
    'A routing table that others fill: only rules are added. Default: a free table for each address, with the routes of the interface.',
  ),
  gateways: describe(
    optional(list(ip)),
    'Gateways of the default routes, at most one of each family. Default: those of the earlier result.',
  ),
  addSourceHints: describe(
    withDefault(boolean, false),
    'The routes to the subnets stay in table main, too, with the address as source.',
  ),
}

export type SbrConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleTable, oneOfEachFamily] })

/** The reference's. */
export const firstTable = 100

/** RT_TABLE_DEFAULT, MAIN and LOCAL, include/uapi/linux/rtnetlink.h. */
const reserved = [253, 254, 255]

/** Whether a table may be sbr's: not the kernel's own. */
export function isFreeNumber(table: number): boolean {
  return !reserved.includes(table)
}

function possibleTable({ table }: SbrConfig): Complaint | undefined {
  if (table === undefined || isFreeNumber(table)) return undefined
  return {
    msg: `table is ${table}, which is the kernel's own (default, main, local)`,
    hint: 'use another, or leave it out for a free table',
  }
}

function oneOfEachFamily({ gateways = [] }: SbrConfig): Complaint | undefined {
  const families = gateways.map((text) => parseAddress(text)?.family)
  const twice = families.find((family, index) => families.indexOf(family) !== index)
  if (twice === undefined) return undefined
  return {
    msg: `gateways has more than one IPv${twice} address: at most one of each family`,
    hint: 'remove the others: all addresses of a family have the same gateway',
  }
}
