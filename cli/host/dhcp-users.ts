/** Which networks of this host's configurations have their addresses from DHCP servers. */

import { nameWithin } from '../../shared/cni/name-within.ts'
import { isObject } from '../../shared/config/json.ts'

type Raw = Record<string, unknown>

/** The sections of type dhcp: `ipam` itself, or those in the list of ipam-list. */
export function dhcpSections(ipam: unknown): Raw[] {
  if (!isObject(ipam)) return []
  if (isDhcp(String(ipam.type ?? ''))) return [ipam]
  return Array.isArray(ipam.list) ? ipam.list.flatMap(dhcpSections) : []
}

/** Whether an `ipam.type` is our dhcp. */
export const isDhcp = (type: string) => !type.includes('/') && nameWithin(type, ['dhcp']) !== undefined
