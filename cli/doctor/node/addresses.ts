/** Faults of addresses: ranges that are full, and addresses that two containers have. */

import { attachmentKey } from '../../../shared/cni/identity.ts'
import type { Attachment } from '../../../shared/cni/plugin.ts'
import { isObject } from '../../../shared/config/json.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { word } from '../../form/shell.ts'
import { holderOf } from '../../host/addresses.ts'
import type { Cached } from '../../host/cache-entry.ts'
import { cachedChain } from '../../host/chain.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { hostOf, knownOf } from '../frame/host.ts'
import { patchbay } from '../frame/own-call.ts'
import { type RangeUse, rangeUses } from './range-use.ts'
import { storesOf } from './records.ts'

/** The ranges of all networks and how full they are. @throws KernelError */
export const rangeUsesOf: (view: View) => RangeUse[] = oncePer((view: View) =>
  rangeUses(knownOf(view).configurations, storesOf(view)),
)

export const rangeFull: Fault = {
  id: 'range-full',
  title: 'a range of addresses is full, or nearly',
  severity: 'error',
  look: (view) =>
    rangeUsesOf(view)
      .filter(isNearlyFull)
      .map((use) => fullness(use, hasEnded(view, use.network))),
}

/** A range of a few addresses is full by design, such as one for a single container. Blocks of a pool are: the next is claimed then. */
const fewest = 4n

export function isNearlyFull({ total, used, pool }: RangeUse): boolean {
  return pool === undefined && total >= fewest && BigInt(used) * 10n >= total * 9n
}

function hasEnded(view: View, network: string): boolean {
  return hostOf(view).containers.some(
    ({ life, attachments }) => life === 'ended' && attachments.some((one) => one.network === network),
  )
}

function fullness(
  { network, range, total, used, file, directory, oldest }: RangeUse,
  canCollect: boolean,
): Finding {
  const isFull = BigInt(used) >= total
  return {
    subject: network,
    severity: isFull ? 'error' : 'warning',
    cause: isFull
      ? `the next container gets no address: all ${total} of ${range} are taken`
      : `${used} of ${total} addresses of ${range} are taken`,
    evidence: [
      { where: file, value: `range ${range}` },
      { where: directory, value: `${used} addresses` },
      ...(oldest
        ? [{ where: `${directory}/${oldest.address}`, value: `the oldest, of ${oldest.container}` }]
        : []),
    ],
    mend: canCollect ? [patchbay(`gc ${word(network)}`)] : [`\${EDITOR:-vi} ${word(file)} # widen the range`],
  }
}

/** An address, and a container that has it by a file. */
interface Claim {
  attachment: Attachment
  address: string
  file: string
  /** Whether the runtime's cache says so, which has the result of ADD. */
  cached: boolean
}

export const duplicateAddress: Fault = {
  id: 'duplicate-address',
  title: 'two containers have the same address of a network',
  severity: 'error',
  look(view) {
    const { containers, configurations } = hostOf(view)
    const living = new Set(
      containers
        .filter(({ life }) => life !== 'ended')
        .flatMap(({ attachments }) => attachments.map(attachmentKey)),
    )
    const claims = [
      ...configurations.cached.filter((one) => !isAlone(one)).flatMap(inResult),
      ...inStores(view),
    ].filter(({ attachment }) => living.has(attachmentKey(attachment)))
    return [...Map.groupBy(claims, ({ attachment, address }) => `${attachment.network} ${address}`).values()]
      .filter((group) => new Set(group.map(({ attachment }) => attachmentKey(attachment))).size > 1)
      .map(duplicate)
  },
}

/** An interface of the kind dummy leads nowhere: each container may have the address of the same service. */
function isAlone(cached: Cached): boolean {
  return cachedChain(cached).plugins.some(({ type }) => String(type).includes('dummy'))
}

/** The addresses of a result; those of loopback are each container's own. */
function inResult({ network, containerID, ifname, file, result }: Cached): Claim[] {
  const ips = Array.isArray(result?.ips) ? result.ips : []
  return ips.flatMap((ip) => {
    const text = isObject(ip) && typeof ip.address === 'string' ? ip.address : ''
    const [address = ''] = text.split('/')
    if (address === '' || /^(127\.|::1$|fe80:)/.test(address)) return []
    return [{ attachment: { network, containerID, ifname }, address, file, cached: true }]
  })
}

function inStores(view: View): Claim[] {
  return storesOf(view).flatMap(({ network, directory, held }) =>
    held.map((one) => ({
      attachment: holderOf(network, one),
      address: one.file,
      file: `${directory}/${one.file}`,
      cached: false,
    })),
  )
}

/** A record that no result confirms is the wrong one; of two results the runtime must end one container. */
function duplicate(group: readonly Claim[]): Finding {
  const confirmed = new Set(
    group.filter(({ cached }) => cached).map(({ attachment }) => attachmentKey(attachment)),
  )
  const unconfirmed = group.filter(
    ({ cached, attachment }) => !cached && !confirmed.has(attachmentKey(attachment)),
  )
  const others = [...new Set(group.map(({ attachment }) => attachment.containerID))].slice(1)
  const [{ address, attachment }] = group as [Claim]
  return {
    subject: `${attachment.network} ${address}`,
    cause: 'packets for it reach one of them alone',
    evidence: group.map((claim) => ({ where: claim.file, value: attachmentKey(claim.attachment) })),
    mend:
      confirmed.size > 0 && unconfirmed.length > 0
        ? unconfirmed.map(({ file }) => `rm ${word(file)}`)
        : others.map((id) => `crictl rmp -f ${word(id)} || podman restart ${word(id)}`),
  }
}
