/** GC: the IFBs of attachments that are not valid any more, ours by alias, those of the reference when no link redirects to them. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { parseAlias } from '../../shared/cni/identity.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { listLinks, removeIfThere } from '../../shared/netlink/link.ts'
import { amongValid } from '../../shared/state/valid.ts'
import { namesOf, prefix } from './ifb.ts'
import { unused } from './unused.ts'

/** Deletes the IFBs of a network's attachments that are not valid any more. */
export function collectIfbs({ network, validAttachments }: Request): void {
  const host = hostSocket()
  const ifbs = listLinks(host, 'ifb')
  const isValid = amongValid(validAttachments)
  const stale = ifbs.filter(({ alias }) => {
    const owner = parseAlias(alias)
    return owner?.network === network && !isValid(owner)
  })
  const names = validAttachments.flatMap((valid) => namesOf({ network, ...valid }))
  const nameless = ifbs.filter(
    ({ name, alias }) => !alias && name.startsWith(prefix) && !names.includes(name),
  )
  for (const ifb of [...stale, ...unused(host, nameless)]) removeIfThere(host, ifb)
}
