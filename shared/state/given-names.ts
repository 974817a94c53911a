/**
 * The key `ifname` names an interface, which the runtime knows by CNI_IFNAME. Both names are noted: GC's list has the runtime's,
 * and DEL finds the interface also after the key has left the configuration.
 */

import type { ValidAttachment } from '../cni/attachments.ts'
import { attachmentKey, interfaceHash } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { now } from '../kernel/clock.ts'
import { pointers } from './pointers.ts'

/** An interface with a name of its own; `givenName` is CNI_IFNAME. */
export interface Named extends ValidAttachment {
  givenName: string
}

interface Note extends Attachment, Named {
  /** The kind of the plugin. */
  plugin: string
  /** When it was noted: microseconds since boot. */
  time: number
}

/** By the hash of container and CNI_IFNAME, which DEL knows, and that of container and own name. */
const notes = pointers('given-names')

/** For ADD, before anything has the name. */
export function noteGivenName(named: Omit<Note, 'time'>): void {
  const time = Math.round(now() * 1000)
  notes.set(nameOf(named), [attachmentKey(named), named.givenName, named.plugin, time].join('/'))
}

export function forgetGivenName(named: Named): void {
  notes.remove(nameOf(named))
}

/** Whether ADD has named an interface instead of a CNI_IFNAME. */
export function isNoted(named: Named): boolean {
  return notes.get(nameOf(named)) !== undefined
}

/**
 * The request of a DEL with the name that ADD gave, if the key is gone or has another value. DEL goes through a list backwards:
 * of several plugins of one kind, the newest name is this one's.
 */
export function asNamed<Config>(request: Request<Config>): Request<Config> {
  const { givenName = request.ifname } = request
  if (request.givenName !== undefined && isNoted({ ...request, givenName })) return request
  const newest = notesOf(request, givenName).sort((one, other) => other.time - one.time)[0]
  return newest ? { ...request, ifname: newest.ifname, givenName } : request
}

/** The notes of one plugin's attachments. */
function notesOf({ network, containerID, plugin }: Request, givenName: string): Note[] {
  const wanted = [network, containerID, plugin, givenName].join('/')
  return allNotes(interfaceHash({ containerID, ifname: givenName })).filter(
    (one) => [one.network, one.containerID, one.plugin, one.givenName].join('/') === wanted,
  )
}

/** @param prefix the beginning of the notes' names */
export function allNotes(prefix = ''): Note[] {
  const names = notes.names().filter((name) => name.startsWith(prefix))
  return names.flatMap((name) => parse(notes.get(name)) ?? [])
}

function parse(text = ''): Note | undefined {
  const [network, containerID, ifname, givenName, plugin, time] = text.split('/')
  if (!(network && containerID && ifname && givenName && plugin)) return undefined
  return { network, containerID, ifname, givenName, plugin, time: Number(time) }
}

function nameOf({ containerID, ifname, givenName }: Named): string {
  return interfaceHash({ containerID, ifname: givenName }) + interfaceHash({ containerID, ifname })
}
