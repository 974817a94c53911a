/** VTEPs: born as configured, and one that is there already brought to what the configuration says. */

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
import { keepFeatures } from './features.ts'
import { differences, optionInWords, optionsOf, requireFixed } from './options.ts'
import { keepRemotes } from './remotes.ts'
import type { Underlay } from './underlay.ts'

/** The VTEP of a VNI on this host. Ten bytes at most, and the VNI in sight. */
export function vtepName(vni: number): string {
  return `vx${vni}`
}

/**
 * Makes a VTEP, down and without remotes.
 * @param step the VTEP's settings, and how it is taken back
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

/** vxlan_vni_in_use, drivers/net/vxlan/vxlan_core.c: one VTEP for a VNI and a port, wherever it was moved to. */
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
 * Changes what differs from the configuration: options, remotes, features. Up it is in the end.
 * @returns what was done, in words
 * @throws CniError when it differs in what cannot be changed, or is no VTEP
 */
export function keepVtep(host: Socket, vtep: Link, config: VxlanConfig, underlay: Underlay): string[] {
  const wanted = optionsOf(config, underlay)
  if (vtep.kind !== 'vxlan') throw notAVtep(vtep)
  requireFixed(host, vtep, wanted)
  const { change } = differences(vtep, wanted)
  const changed = Object.keys(change) as (keyof VxlanOptions)[]
  // What may be refused comes first.
  const filled = fillVtep(host, vtep, config, underlay)
  if (changed.length > 0) ask(host, changeVxlan(vtep, change))
  const done = [...changed.map((key) => `set ${key} to ${optionInWords(host, key, wanted)}`), ...filled]
  if (vtep.up) return done
  ask(host, changeLink(vtep, { up: true }))
  return [...done, 'brought up']
}

/** What a VTEP is given after its birth: remotes and features. @returns what was done, in words */
export function fillVtep(host: Socket, vtep: Link, config: VxlanConfig, underlay: Underlay): string[] {
  return [...keepRemotes(host, vtep, underlay), ...keepFeatures(vtep, config)]
}

function notAVtep({ name, kind }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the VTEP would be named ${name}, which exists and is ${kind ? `of kind ${kind}` : 'a network card'}`,
    hint: `rename it: ip link set dev ${name} name NAME; or choose another vni`,
    see: seeLink(name),
    errno: 'EEXIST',
  })
}
