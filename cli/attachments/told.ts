/** An attachment as answers tell it. */

import type * as z from 'zod'
import type { attachment } from '../answers/attachment.ts'
import { ageOf, isoTime } from '../form/age.ts'
import { optional } from '../form/optional.ts'
import type { AttachmentView } from '../host/attachment-view.ts'

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
