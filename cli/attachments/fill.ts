/** Addresses that no cache and no record tells: the kernel has them in the container's namespace. */

import { formatCidr } from '../../shared/ip/subnet.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { listAllAddresses } from '../../shared/netlink/address.ts'
import { findLink } from '../../shared/netlink/link.ts'
import type { Call } from '../form/verb.ts'
import type { AttachmentView } from '../host/attachment-view.ts'
import { askInside, pathInto } from '../host/inside.ts'

/** Enters only the namespaces of live attachments without an address. Without root the first one says so, and the others stay as they are. */
export function fillAddresses(
  views: readonly AttachmentView[],
  call: Pick<Call, 'complain' | 'progress'>,
): void {
  for (const view of views) {
    if (view.life !== 'lives' || view.addresses.length > 0) continue
    const path = pathInto(view.places)
    if (!path) continue
    call.progress(`looks into ${path}`)
    try {
      view.addresses = addressesOf(path, view.ifname)
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EINVAL')) continue
      if (!isErrno(error, 'EPERM', 'EACCES')) throw error
      call.complain(path, { msg: 'left out: only root can look into a namespace' })
      return
    }
  }
}

/** Link-local addresses of IPv6 are those of any interface. */
function addressesOf(path: string, ifname: string): string[] {
  return askInside(path, (socket) => {
    const link = findLink(socket, ifname)
    const own = listAllAddresses(socket).filter((one) => one.link === link?.index && one.scope === 0)
    return own.map(formatCidr)
  })
}
