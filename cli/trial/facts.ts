/** What the configuration of a network says of what its containers can do. */

import { isObject } from '../../shared/config/json.ts'
import type { List } from '../attach/list.ts'

type Raw = Record<string, unknown>

export interface Facts {
  /** Why a second container cannot be attached. */
  single?: string
  /** Why two containers cannot reach each other. */
  isolated?: string
  /** The plugin that masquerades. */
  masquerade?: string
  /** Whether a plugin opens host ports. */
  ports: boolean
}

/** Reads the keys that count, leniently: the plugins themselves refuse what is wrong. */
export function factsOf({ plugins }: List): Facts {
  const masquerading = plugins.find(({ ipMasq }) => ipMasq === true)
  return {
    single: first(plugins, singleIn),
    isolated: first(plugins, isolationIn),
    masquerade: masquerading && String(masquerading.type),
    ports: plugins.some(({ capabilities }) => isObject(capabilities) && capabilities.portMappings === true),
  }
}

function first(plugins: readonly Raw[], find: (plugin: Raw) => string | undefined): string | undefined {
  return plugins.map(find).find((found) => found !== undefined)
}

function singleIn({ type, mode, ipam }: Raw): string | undefined {
  if (mode === 'passthru') return 'mode passthru: the parent has room for one'
  if (type === 'host-device') return 'host-device: there is one device'
  if (isObject(ipam) && ipam.type === 'static') return 'ipam static: the addresses are one container’s'
  return undefined
}

function isolationIn({ ingressPolicy, portIsolation, mode, flag }: Raw): string | undefined {
  if (ingressPolicy === 'isolated') return 'ingressPolicy isolated'
  if (portIsolation === true) return 'portIsolation'
  if (mode === 'private' || flag === 'private') return 'private'
  return undefined
}

/** vepa: frames go to the switch, which may send them back. */
export function isByVepa({ plugins }: List): boolean {
  return plugins.some(({ mode, flag }) => mode === 'vepa' || flag === 'vepa')
}
