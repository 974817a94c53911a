/** An attachment as answers tell it. */

import type * as z from 'zod'
import type { attachment } from '../answers/attachment.ts'
import { ageOf, isoTime } from '../form/age.ts'
import type { Cell } from '../form/table.ts'
import type { AttachmentView } from '../host/attachment-view.ts'
import type { Life } from '../host/containers.ts'

export type Told = z.infer<typeof attachment>

export function told(view: AttachmentView): Told {
  const { network, containerID, ifname, life, addresses, ports, types, since } = view
  return {
    ...{ network, container: containerID, interface: ifname },
    ...optional({ pod: view.pod }),
    ...{ life, addresses },
    ...optional({
      mac: view.mac,
      namespace: view.places[0]?.path,
      hostInterface: view.end?.name,
      parent: view.parent,
    }),
    ...{ plugins: types, ports },
    ...(since !== undefined && { since: isoTime(since), age: ageOf(since) }),
  }
}

/** The entries that have a value. */
export function optional<T extends object>(entries: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as never
}

/** Container IDs have 64 digits: twelve of them are enough for people. */
export function shortID(container: string): string {
  return /^[0-9a-f]{64}$/.test(container) ? container.slice(0, 12) : container
}

/** What is not as it should be has a colour. */
export function lifeCell(life: Life): Cell {
  if (life === 'lives') return life
  return { text: life, colour: life === 'ended' ? 'red' : 'yellow' }
}
