/** Which options podman's user may give: keys of the plugin, but for those that podman and this driver set themselves. */

import type { Plugin } from '../shared/cni/plugin.ts'
import { nearest } from '../shared/config/near.ts'
import type { Shape } from '../shared/config/schema.ts'
import { isForeign } from '../shared/config/unknown.ts'
import { CniError, Code, shortened } from '../shared/error/error.ts'

type Options = Readonly<Record<string, string>>

/** podman's name for the interface of the host, which every driver takes. */
export const parentKey = 'parent'

/** In lower case. */
const reserved = [
  'cniversion',
  'name',
  'type',
  'capabilities',
  'runtimeconfig',
  'args',
  'prevresult',
  'ifname',
]

/** Whether podman or this driver sets a key, and not the user. */
export function isReserved(key: string): boolean {
  const lower = key.toLowerCase()
  return reserved.includes(lower) || lower.startsWith('cni.dev/')
}

/** A key as the schema spells it: upper and lower case match, as in every configuration. */
export function spelt(key: string, shape: Shape): string {
  if (Object.hasOwn(shape, key)) return key
  const lower = key.toLowerCase()
  return Object.keys(shape).find((known) => known.toLowerCase() === lower) ?? key
}

/** @throws CniError of code 7 for a key that podman or this driver sets */
export function refuseReserved(options: Options = {}): void {
  const key = Object.keys(options).find(isReserved)
  if (key === undefined) return
  if (key.toLowerCase() === 'ifname')
    throw refusal(
      'option ifname cannot be set: podman names the interface',
      'name it by podman run --network NETWORK:interface_name=NAME',
    )
  throw refusal(`option ${shortened(key, 60)} cannot be set: the driver sets it`, 'leave it out')
}

/** @throws CniError of code 7 for a key that the plugin does not have. One with a dot or a leading underscore is another program's. */
export function refuseUnknown(options: Options = {}, { config }: Plugin): void {
  const known = [parentKey, ...Object.keys(config.shape)].filter((key) => !isReserved(key))
  const key = Object.keys(options).find((one) => !isForeign(one) && !known.includes(spelt(one, config.shape)))
  if (key === undefined) return
  const meant = nearest(key, known)
  throw refusal(
    `unknown key ${shortened(key, 60)}${meant === undefined ? '' : `, did you mean ${meant}?`}`,
    `the options of this driver are ${known.join(', ')}`,
  )
}

function refusal(msg: string, hint: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint })
}
