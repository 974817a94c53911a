/** What boxes say, in a terminal and in a picture. */

import { plain } from '../../shared/error/log.ts'
import { cut } from '../form/table.ts'
import type { AttachmentView } from '../host/attachment-view.ts'
import { formatPort } from '../host/host-ports.ts'
import { shortID } from '../host/words.ts'
import type { Graph, Group, HostLink } from './graph.ts'

/** A container's box. */
export interface Card {
  /** The pod's name, or the container's ID. */
  title: string
  /** All of the name: of a picture's tip. */
  whole: string
  /** The pod's namespace, or nothing. */
  below: string
  interface: string
  addresses: string[]
  ports: string[]
  isLive: boolean
  /** `ended` or `unknown`; empty for one that lives. */
  state: string
}

/** A name is cut at this many characters before anything is done with it: it may have a megabyte. */
const longest = 200

const clean = (text: string) => cut(plain(text.slice(0, longest * 2)), longest)

/** A name in the given number of characters: its end tells a pod from the others of its set, so the middle is left out. */
export function shortName(name: string, width: number): string {
  const characters = [...name]
  const room = Math.floor(width)
  if (characters.length <= room) return name
  if (room < 8) return cut(name, room)
  const tail = Math.min(7, Math.floor(room / 2) - 1)
  return `${characters.slice(0, room - tail - 1).join('')}…${characters.slice(-tail).join('')}`
}

/** Addresses and ports that are shown; the last one counts the others. */
const mostLines = 3

export function cardOf({ pod, containerID, ifname, addresses, ports, life }: AttachmentView): Card {
  const slash = pod?.indexOf('/') ?? -1
  const bare = addresses.map((one) => clean(one.split('/')[0] ?? ''))
  return {
    title: clean(pod === undefined ? shortID(containerID) : pod.slice(slash + 1)),
    whole: clean([pod, containerID].filter(Boolean).join(', container ')),
    below: pod === undefined || slash < 0 ? '' : clean(pod.slice(0, slash)),
    interface: clean(ifname),
    addresses: few(bare),
    ports: few(ports.map((port) => clean(formatPort(port).replace('->', ' → ')))),
    isLive: life === 'lives',
    state: life === 'lives' ? '' : life,
  }
}

function few(lines: readonly string[]): string[] {
  if (lines.length <= mostLines) return [...lines]
  return [...lines.slice(0, mostLines - 1), `and ${lines.length - mostLines + 1} more`]
}

/** What a network is on: `bridge br0 10.1.0.1/24`. */
export function placeOf({ on, onName, type, attachments }: Group): string {
  if (on) return linkWords(on)
  if (onName !== undefined) return clean(`${onName}, which is gone`)
  if (attachments.some(({ end }) => end)) return 'routed by the host'
  return attachments.length === 0 ? 'no containers' : clean(type)
}

/** Kinds that say nothing: of hardware, and of what a virtual machine or another program has made. */
const unnamed = ['NIC', 'veth', 'tun']

/** `bridge br0 10.1.0.1/24`, `vxlan vx10, VNI 10, over eth0`. */
export function linkWords({ name, kind, addresses, vni, vlan, over, up }: HostLink): string {
  return clean(
    [
      `${unnamed.includes(kind) ? '' : `${kind} `}${name}${addresses.length > 0 ? ` ${few(addresses).join(' ')}` : ''}`,
      ...(vni === undefined ? [] : [`VNI ${vni}`]),
      ...(vlan === undefined ? [] : [`VLAN ${vlan}`]),
      ...(over === undefined ? [] : [`over ${over}`]),
      ...(up ? [] : ['down']),
    ].join(', '),
  )
}

/** The host's links that are no bridge of a network: they have a line of their own. */
export function nicsOf({ groups, links }: Graph): HostLink[] {
  const shown = new Set(
    groups.flatMap(({ on, uplinks }) => [
      ...(on?.kind === 'bridge' ? [on] : []),
      ...uplinks.filter(({ kind }) => kind !== 'NIC'),
    ]),
  )
  return links.filter((link) => !shown.has(link))
}

/** `3 networks, 12 containers`. */
export function countsOf({ groups }: Graph): string {
  const all = groups.flatMap(({ attachments }) => attachments)
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  const networks = new Set(groups.map(({ network }) => network)).size
  const containers = new Set(all.map(({ containerID }) => containerID)).size
  const ended = new Set(all.filter(({ life }) => life === 'ended').map(({ containerID }) => containerID)).size
  const counts = [count(networks, 'network'), count(containers, 'container')]
  return [...counts, ...(ended > 0 ? [`${ended} of them ended`] : [])].join(', ')
}

/** What a group's title is: `frontend`. */
export const nameOf = ({ network }: Group): string => clean(network)

export const typeOf = ({ type }: Group): string => clean(type)
