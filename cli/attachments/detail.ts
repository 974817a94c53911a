/** All that is known of one container. */

import type * as z from 'zod'
import { isErrno } from '../../shared/kernel/errno.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import type { answer } from '../answers/show.ts'
import { optional } from '../form/optional.ts'
import type { Call } from '../form/verb.ts'
import type { AttachmentView } from '../host/attachment-view.ts'
import { pathInto } from '../host/inside.ts'
import { leasesOf } from '../host/leases.ts'
import { leftOutBy, trying } from '../host/left-out.ts'
import { inodeAt } from '../host/place.ts'
import { filesOf } from '../host/record-facts.ts'
import { limitsOf } from './limits.ts'
import { interfaceNow, type Now } from './now.ts'
import { rulesOf } from './rules.ts'
import { told } from './told.ts'
import { toldLease } from './told-lease.ts'

export type Detail = z.infer<typeof answer>
export type AttachmentDetail = Detail['attachments'][number]

type Complaining = Pick<Call, 'complain'>

/** @param views the attachments of one container, at least one */
export function detailOf(views: readonly AttachmentView[], call: Complaining): Detail {
  const [first] = views
  const path = pathInto(
    views.flatMap(({ places }) => places),
    true,
  )
  const shown = path ?? first?.places[0]?.path
  return {
    container: first?.containerID ?? '',
    ...optional({ pod: views.find(({ pod }) => pod)?.pod }),
    life: first?.life ?? 'unknown',
    ...optional({ namespace: shown, inode: path && inodeAt(path) }),
    attachments: views.map((view) => attachmentDetail(view, path, call)),
  }
}

function attachmentDetail(
  view: AttachmentView,
  path: string | undefined,
  call: Complaining,
): AttachmentDetail {
  const { end, result, cached, leased } = view
  const leftOut = leftOutBy(call)
  const now = path === undefined ? undefined : nowIn(path, view.ifname, call)
  return {
    ...told(view),
    gateways: result?.gateways ?? [],
    routes: result?.routes ?? [],
    leases: leased ? leasesOf(leased).map(toldLease) : [],
    ...(end && { hostEnd: { name: end.name, mac: end.mac, mtu: end.mtu, up: end.up } }),
    rules: trying(stateDirectory, () => rulesOf(view), leftOut),
    limits: limitsOf(cached),
    ...(cached && { cache: cached.file }),
    records: filesOf(view, view.seen).filter((file) => file !== cached?.file),
    ...(now && { now }),
  }
}

function nowIn(path: string, ifname: string, { complain }: Complaining): Now | undefined {
  try {
    return interfaceNow(path, ifname)
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EACCES', 'ENOENT', 'EINVAL')) throw error
    complain(path, {
      msg: `left out: what is in the namespace: ${error.message}`,
      hint: 'only root can enter it',
    })
    return undefined
  }
}
