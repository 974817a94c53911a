/** VTEPs: made as configured, or, if they exist, changed to the configuration. */

import { findMade } from '../../shared/attachment/made.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, type Link, type LinkSettings, listLinks } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { changeVxlan, newVxlan, parseVxlan, type VxlanOptions } from '../../shared/netlink/vxlan.ts'
import type { VxlanConfig } from './config.ts'
import { reconcileFeatures } from './features.ts'
import { differences, optionInWords, optionsOf, requireFixed } from './options.ts'
import { reconcileRemotes } from './remotes.ts'
import type { Underlay } from './underlay.ts'

/** The name of a VNI's VTEP on this host, at most ten characters. */
export function vtepName(vni: number): string {
  return `vx${vni}`
}

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
 * Changes the options, remotes and features that differ from the configuration, and sets the VTEP up.
 * @returns the changes, in words
 * @throws CniError when an option differs that cannot be changed, or the link is no VTEP
 */
export function reconcileVtep(host: Socket, vtep: Link, config: VxlanConfig, underlay: Underlay): string[] {
  const wanted = optionsOf(config, underlay)
  if (vtep.kind !== 'vxlan') throw notAVtep(vtep)
  requireFixed(host, vtep, wanted)
  const { change } = differences(vtep, wanted)
  const changed = Object.keys(change) as (keyof VxlanOptions)[]
  // First the changes that the kernel may refuse.
  const filled = fillVtep(host, vtep, config, underlay)
  if (changed.length > 0) ask(host, changeVxlan(vtep, change))
  const done = [...changed.map((key) => `set ${key} to ${optionInWords(host, key, wanted)}`), ...filled]
  if (vtep.up) return done
  ask(host, changeLink(vtep, { up: true }))
  return [...done, 'brought up']
}

/** Sets the remotes and features of a VTEP. @returns the changes, in words */
export function fillVtep(host: Socket, vtep: Link, config: VxlanConfig, underlay: Underlay): string[] {
  return [...reconcileRemotes(host, vtep, underlay), ...reconcileFeatures(vtep, config)]
}

function notAVtep({ name, kind }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the VTEP would be named ${name}, which exists and is ${kind ? `of kind ${kind}` : 'a network card'}`,
    hint: `rename it: ip link set dev ${name} name NAME; or choose another vni`,
    see: seeLink(name),
    errno: 'EEXIST',
  })
}
