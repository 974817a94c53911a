/** The keys for the VLANs of a bridge's port: the container's, or an uplink's. */

import {
  describe,
  integer,
  list,
  type Output,
  object,
  optional,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'

const vlanID = integer({ min: 1, max: 4094 })

const vlanRange = object({
  id: describe(optional(vlanID), 'A single VLAN.'),
  minID: describe(optional(vlanID), 'First VLAN of a range.'),
  maxID: describe(optional(vlanID), 'Last VLAN of a range.'),
})

export type VlanRange = Output<typeof vlanRange>

/** @param none what `vlan` 0 means */
export function vlanKeys(none: string) {
  return {
    vlan: describe(
      withDefault(integer({ min: 0, max: 4094 }), 0),
      `The VLAN of untagged frames on the port. 0: ${none}.`,
    ),
    vlanTrunk: describe(
      optional(list(vlanRange)),
      'VLANs that pass tagged: each entry an `id`, or `minID` and `maxID`.',
    ),
  }
}

export interface VlanConfig {
  vlan: number
  vlanTrunk?: VlanRange[]
}

/** Whether a port has VLANs of its own. */
export function wantsVlans({ vlan, vlanTrunk }: VlanConfig): boolean {
  return vlan !== 0 || vlanTrunk !== undefined
}

/** @param place the path of the port's keys: `uplinks[0].` */
export function trunkComplaint({ vlanTrunk = [] }: VlanConfig, place = ''): Complaint | undefined {
  const index = vlanTrunk.findIndex((range) => trunkFault(range))
  const range = vlanTrunk[index]
  return (
    range && {
      msg: `${place}vlanTrunk[${index}]: ${trunkFault(range)}`,
      hint: 'allowed are {"id": 100}, or {"minID": 100, "maxID": 200}',
    }
  )
}

function trunkFault({ id, minID, maxID }: VlanRange): string | undefined {
  if (id !== undefined)
    return minID === undefined && maxID === undefined
      ? undefined
      : 'id cannot be set together with minID or maxID'
  if (minID === undefined && maxID === undefined) return 'neither an id nor a range'
  if (maxID === undefined) return 'minID needs maxID'
  if (minID === undefined) return 'maxID needs minID'
  return minID > maxID ? `minID ${minID} is greater than maxID ${maxID}` : undefined
}
