/** tuning: sets sysctls of the container and attributes of the interface that earlier plugins of the list have made. */

import { noInterface, requirePrevResult } from '../../shared/attachment/chained.ts'
import type { Life, Made } from '../../shared/attachment/device.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { openSidesIfAny } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { listAddresses } from '../../shared/netlink/address.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { withNamespaceLock } from '../../shared/state/lock.ts'
import { hasRecord, removeRecord } from '../../shared/state/records.ts'
import { requireAllowed } from './allow-list.ts'
import { applySysctls } from './apply.ts'
import {
  type Attributes,
  formerOf,
  isEmpty,
  restoreAttributes,
  setAttributes,
  wantedOf,
} from './attributes.ts'
import { backupFile, collectBackups, keepBackup, readBackup } from './backup.ts'
import { check } from './check.ts'
import { config, type TuningConfig } from './config.ts'
import { sysctlsOf } from './sysctl.ts'

interface Tuned extends Made {
  wanted: Attributes
}

export const tuning = interfacePlugin<TuningConfig, Tuned>({
  name: 'tuning',
  summary: "sets network sysctls of a container, and its interface's MAC address, MTU, queue and modes",
  config,
  device: {
    gives: 'nothing',
    leaves: [{ remove: leave, collect: collectBackups }],
    async prepare(request) {
      await allowedOf(request)
      wantedOf(request)
      requirePrevResult(request, 'Required prevResult missing')
    },
    create,
    complete: (result, { request }, { wanted }) => withAttributes(result, request, wanted),
    check,
    // STATUS has no interface: any name stands for it.
    status: async (request) => void (await allowedOf({ ...request, ifname: 'IFNAME' })),
  },
})

/** The sysctls of a call. @throws CniError when one is none of the network's, or not allowed */
async function allowedOf(request: Request<TuningConfig>) {
  const { config } = request
  await requireAllowed(Object.keys({ ...config.sysctl, ...config.args?.cni?.sysctl }))
  return sysctlsOf(request)
}

function create(life: Life<TuningConfig>): Tuned {
  const { request, inside, undo } = life
  const wanted = wantedOf(request)
  const kept = applySysctls(life, sysctlsOf(request), undo)
  const link = isEmpty(wanted) ? undefined : linkOf(inside, request)
  const former = link ? formerOf(link, wanted) : {}
  if (link) refuseSmallMtu(inside, link, wanted)
  if (link || !isEmpty(kept))
    withNamespaceLock(life.container, () => {
      keepBackup(request, { former, kept }, undo)
      if (!link) return
      undo(() => restoreAttributes(inside, request.ifname, former, request.log))
      setAttributes(inside, link, wanted)
    })
  return { wanted }
}

function linkOf(inside: Socket, request: Request): Link {
  const link = findLink(inside, request.ifname)
  if (!link) throw noInterface(request)
  return link
}

/** IPV6_MIN_MTU of the kernel: below it, the interface loses its IPv6 addresses. */
const smallestForIPv6 = 1280

function refuseSmallMtu(inside: Socket, link: Link, { mtu }: Attributes): void {
  if (mtu === undefined || mtu >= smallestForIPv6) return
  const isLost = listAddresses(inside, link).some(({ address, scope }) => address.family === 6 && scope === 0)
  if (!isLost) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `${link.name} cannot have MTU ${mtu}: it has an IPv6 address, and IPv6 needs ${smallestForIPv6}`,
    hint: `set an mtu of ${smallestForIPv6} or more, or take the IPv6 range out of ipam`,
  })
}

/** The result with what was changed, so that CHECK of the earlier plugins expects it. */
function withAttributes(result: Result, { ifname }: Request, { mac, mtu }: Attributes): Result {
  const changed = { ...(mac !== undefined && { mac }), ...(mtu !== undefined && { mtu }) }
  const interfaces = result.interfaces.map((one) =>
    one.name === ifname && one.sandbox ? { ...one, ...changed } : one,
  )
  return { ...result, interfaces }
}

/** DEL: gives the interface its former attributes, and removes the file. What is gone counts as done. */
function leave(request: Request<TuningConfig>): void {
  const file = backupFile(request)
  if (!hasRecord(file)) return
  const sides = openSidesIfAny(request)
  if (sides)
    withNamespaceLock(sides.container, () => {
      restoreAttributes(sides.inside, request.ifname, readBackup(file)?.former ?? {}, request.log)
      removeRecord(file)
    })
  else removeRecord(file)
}
