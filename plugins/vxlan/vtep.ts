/** VTEPs: made as configured, or, if they exist, changed to the configuration. */

import { findMade } from '../../shared/attachment/made.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import {
  changeLink,
  type Link,
  type LinkName,
  type LinkSettings,
  listLinks,
} from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { changeVxlan, newVxlan, parseVxlan, type VxlanOptions } from '../../shared/netlink/vxlan.ts'
import type { Change } from './change.ts'
import type { VxlanConfig } from './config.ts'
import { featureChanges } from './features.ts'
import { differences, optionInWords, optionsOf, requireFixed } from './options.ts'
import { remoteChanges } from './remotes.ts'
import type { Underlay } from './underlay.ts'

/**
 * Makes a VTEP, down and without remotes.
 * @param step the VTEP's settings, and the inverse for undo
 * @throws CniError when the kernel has no VXLAN, or the VNI is in use under another name
 */
export function makeVtep(
  host: Socket,
  config: VxlanConfig,
  underlay: Underlay,
  step: { settings: LinkSettings & { name: string }; undo: Undo; inverse: () => unknown },
): Link {
  const options = optionsOf(config, underlay)
  try {
    undoable(step.undo, () => ask(host, newVxlan(step.settings, options, underlay.family)), step.inverse)
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP')) requireKind(host, 'vxlan')
    throw isErrno(error, 'EEXIST') ? vniInUse(host, options, error) : error
  }
  const { name } = step.settings
  return findMade(host, name)
}

/** vxlan_vni_in_use, drivers/net/vxlan/vxlan_core.c: one VTEP for a VNI and UDP port, also if it was moved to another namespace. */
function vniInUse(host: Socket, { vni, dstport, external }: VxlanOptions, cause: unknown): CniError {
  const holder = listLinks(host).find(({ kind, data }) => {
    const other = kind === 'vxlan' && data ? parseVxlan(data) : undefined
    return other?.vni === vni && other.dstport === dstport
  })
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${external ? 'a VTEP in external mode' : `VNI ${vni}`} is in use on this host at UDP port ${dstport}${holder ? ` by ${holder.name}` : ', by a VTEP in a container'}`,
    hint: holder
      ? `choose another vni or dstport, or remove it: ip link delete ${holder.name}`
      : 'with "direct": true the VTEP is one container\'s alone; for several leave direct out, so that a bridge joins them',
    see: 'ip -all netns exec ip -d link show type vxlan',
    errno: 'EEXIST',
    cause,
  })
}

/**
 * The changes of the options, remotes and features that differ from the configuration, and of a VTEP that is down.
 * @throws CniError when an option differs that cannot be changed, or the link is no VTEP
 */
export function vtepChanges(host: Socket, vtep: Link, config: VxlanConfig, underlay: Underlay): Change[] {
  const wanted = optionsOf(config, underlay)
  if (vtep.kind !== 'vxlan') throw notAVtep(vtep)
  requireFixed(host, vtep, wanted)
  const { change } = differences(vtep, wanted)
  const changed = Object.keys(change) as (keyof VxlanOptions)[]
  const says = changed.map((key) => `set ${key} to ${optionInWords(host, key, wanted)}`)
  return [
    // First the changes that the kernel may refuse.
    ...contentChanges(host, vtep, config, underlay),
    ...(changed.length > 0 ? [{ says, make: () => void ask(host, changeVxlan(vtep, change)) }] : []),
    ...(vtep.up
      ? []
      : [{ says: ['bring it up'], make: () => void ask(host, changeLink(vtep, { up: true })) }]),
  ]
}

/** The changes of a VTEP's remotes and features. */
export function contentChanges(
  host: Socket,
  vtep: LinkName,
  config: VxlanConfig,
  underlay: Underlay,
): Change[] {
  return [...remoteChanges(host, vtep, underlay), ...featureChanges(vtep, config)]
}

function notAVtep({ name, kind }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the VTEP would be named ${name}, which exists and is ${kind ? `of kind ${kind}` : 'a network card'}`,
    hint: `rename it: ip link set dev ${name} name NAME; or choose another vni`,
    see: seeLink(name),
    errno: 'EEXIST',
  })
}
