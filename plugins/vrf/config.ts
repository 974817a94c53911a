/** The configuration of vrf in a chain. The descriptions become the README's table and the JSON Schema. */

import { noRequests } from '../../shared/config/common.ts'
import { type Config, network } from '../../shared/config/config.ts'
import { describe, ifname, integer, withDefault } from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'

const shape = {
  ...noRequests,
  vrfname: describe(ifname, "The VRF's name in the container. The VRF is made if it does not exist."),
  table: describe(
    withDefault(integer({ min: 0, max: 0xffffffff }), 0),
    'Its routing table. 0: that of the existing VRF, else the first table that no VRF has.',
  ),
}

export type VrfConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleTable] })

/** RT_TABLE_DEFAULT, MAIN and LOCAL, include/uapi/linux/rtnetlink.h. */
export const reserved = [253, 254, 255]

function possibleTable({ table }: VrfConfig): Complaint | undefined {
  if (!reserved.includes(table)) return undefined
  return {
    msg: `table is ${table}, which is the kernel's own (default, main, local)`,
    hint: 'use another, or 0 for any free table',
  }
}
