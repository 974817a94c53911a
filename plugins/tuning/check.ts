/** CHECK: the sysctls and the attributes of the interface are as the configuration has them. What it leaves alone may be any way. */

import { broken, mismatch, wrongLink } from '../../shared/attachment/broken.ts'
import { requirePrevResult } from '../../shared/attachment/chained.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import { findLink, type Link, type LinkSettings } from '../../shared/netlink/link.ts'
import { checkSysctls } from './apply.ts'
import { type Attributes, attributesOf, isEmpty, settingOf, wantedOf } from './attributes.ts'
import { backupFile, readBackup } from './backup.ts'
import type { TuningConfig } from './config.ts'
import { sysctlsOf } from './sysctl.ts'

/** @throws CniError naming the first difference */
export function check(sides: Sides, request: Request<TuningConfig>): void {
  requirePrevResult(request, 'Required prevResult missing')
  const sysctls = sysctlsOf(request)
  const kept = sysctls.length > 0 ? readBackup(backupFile(request))?.kept : undefined
  checkSysctls(sides, sysctls, kept ?? {})
  const wanted = wantedOf(request)
  if (!isEmpty(wanted)) compare(linkOf(sides, request), wanted, request)
}

function linkOf({ inside }: Sides, request: Request): Link {
  const link = findLink(inside, request.ifname)
  if (link) return link
  // The reference's words.
  throw broken(`Cannot find container link ${request.ifname}`, { see: commandIn(request, 'ip link show') })
}

const words: Record<keyof Attributes, string> = {
  mac: 'MAC address',
  promisc: 'promisc',
  mtu: 'MTU',
  allmulti: 'allmulticast',
  txQLen: 'txqueuelen',
}

function compare(link: Link, wanted: Attributes, request: Request): void {
  const found = attributesOf(link)
  for (const name of Object.keys(wanted) as (keyof Attributes)[]) {
    const [now, value] = [found[name], wanted[name]]
    if (now === value) continue
    const settings: LinkSettings = settingOf(name, wanted)
    throw wrongLink(mismatch(link.name, words[name], now, value), link.name, settings, request)
  }
}
