/** What the configuration of a network says of what its containers can do. */

import { isObject } from '../../shared/config/json.ts'
import { readSysctl } from '../../shared/kernel/sysctl.ts'
import type { List } from '../attach/list.ts'

type Raw = Record<string, unknown>

export interface Facts {
  /** Why a second container cannot be attached. */
  single?: string
  /** Why two containers cannot reach each other. */
  isolated?: string
  /** Why it does not depend on the network alone whether they do. */
  elsewhere?: string
  /** The plugin that masquerades. */
  masquerade?: string
  /** Whether a plugin opens host ports. */
  ports: boolean
  /** Why containers of the network are not answered at host ports. */
  unanswered?: string
  /** What a bridge would need, so that a container reaches itself by its host port. */
  hairpin?: string
}

/** Reads the keys that count, leniently: the plugins themselves refuse what is wrong. */
export function factsOf({ plugins }: List): Facts {
  const masquerading = plugins.find(({ ipMasq }) => ipMasq === true)
  return {
    single: first(plugins, singleIn),
    isolated: first(plugins, isolationIn),
    elsewhere: first(plugins, elsewhereIn),
    masquerade: masquerading && String(masquerading.type),
    ports: plugins.some(({ capabilities }) => isObject(capabilities) && capabilities.portMappings === true),
    unanswered: plugins.some(({ snat }) => snat === false) ? 'portmap has snat false' : undefined,
    hairpin: first(plugins, hairpinIn),
  }
}

function first(plugins: readonly Raw[], find: (plugin: Raw) => string | undefined): string | undefined {
  return plugins.map(find).find((found) => found !== undefined)
}

function singleIn({ type, mode, direct, ipam }: Raw): string | undefined {
  if (mode === 'passthru') return 'mode passthru: the parent has room for one'
  if (type === 'host-device') return 'host-device: there is one device'
  if (direct === true) return 'direct: the tunnel is one container’s'
  if (isObject(ipam) && ipam.type === 'static') return 'ipam static: the addresses are one container’s'
  return undefined
}

/** A bridge that the host's firewall sees leads packets back by the port they came from, which it does in hairpin mode only. */
function hairpinIn({ type, hairpinMode }: Raw): string | undefined {
  if (!String(type).endsWith('bridge') || hairpinMode === true) return undefined
  const isFiltered = readSysctl('bridge', 'bridge-nf-call-iptables') === '1'
  return isFiltered ? 'br_netfilter is on: set "hairpinMode": true on the bridge' : undefined
}

function isolationIn({ ingressPolicy, portIsolation, mode, flag }: Raw): string | undefined {
  if (ingressPolicy === 'isolated') return 'ingressPolicy isolated'
  if (portIsolation === true) return 'portIsolation'
  if (mode === 'private' || flag === 'private') return 'private'
  return undefined
}

/** Why one cannot tell from here whether the two reach each other. */
function elsewhereIn({ type, mode, flag }: Raw): string | undefined {
  if (type === 'tap') return 'tap: a program is at the other end'
  if (mode === 'vepa' || flag === 'vepa') return 'mode vepa: a switch would have to send the frames back'
  return mode === 'source' ? 'mode source: frames of the listed MAC addresses alone arrive' : undefined
}
