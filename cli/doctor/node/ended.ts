/** What containers that ended without DEL have left. */

import { attachmentHash, attachmentKey } from '../../../shared/cni/identity.ts'
import type { Attachment } from '../../../shared/cni/plugin.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { stateDirectory } from '../../../shared/kernel/state-directory.ts'
import { word } from '../../form/shell.ts'
import { holderOf } from '../../host/addresses.ts'
import { cachedChain, chainOf, podmanNetwork } from '../../host/chain.ts'
import type { Judged } from '../../host/containers.ts'
import { isOfOurs } from '../../host/executable.ts'
import { requireHostNetwork } from '../../host/host-network.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { hostOf } from '../frame/host.ts'
import { patchbay } from '../frame/own-call.ts'
import { inParts, storesOf } from './records.ts'

/** Which file tells of it: a runtime's cache, an address alone, or a record alone. */
type Trace = 'entry' | 'address' | 'record'

interface Ended {
  attachment: Attachment
  container: Judged
  trace: Trace
  /** The files that name it, where they are known. */
  files: readonly string[]
}

/** The attachments of ended containers, by their trace. @throws CniError when this process cannot judge that, KernelError */
const endedOf = oncePer((view: View): Ended[] => {
  requireHostNetwork()
  const { containers, configurations } = hostOf(view)
  const entries = Map.groupBy(configurations.cached, attachmentKey)
  const addresses = Map.groupBy(heldBy(view), ({ key }) => key)
  const dead = containers.filter(({ life }) => life === 'ended')
  return dead.flatMap((container) =>
    container.attachments.map((attachment) => {
      const key = attachmentKey(attachment)
      const [cached, held] = [entries.get(key), addresses.get(key)]
      const files = [...(cached ?? []), ...(held ?? [])].map(({ file }) => file)
      return { attachment, container, files, trace: cached ? 'entry' : held ? 'address' : 'record' }
    }),
  )
})

function heldBy(view: View): { key: string; file: string }[] {
  return storesOf(view).flatMap(({ network, directory, held }) =>
    held.map((one) => ({
      key: attachmentKey(holderOf(network, one)),
      file: `${directory}/${one.file}`,
    })),
  )
}

/** How many attachments have ended. */
export const countEnded = (view: View): number => endedOf(view).length

export const endedAttachment: Fault = {
  id: 'ended-attachment',
  title: 'containers have ended without DEL',
  severity: 'leak',
  look: (view) =>
    of(view, 'entry', 'hold their addresses, host ports and rules; no runtime but CRI-O collects them'),
}

export const orphanAddress: Fault = {
  id: 'orphan-address',
  title: 'addresses are reserved for containers that have ended',
  severity: 'leak',
  look: (view) =>
    of(view, 'address', 'hold addresses that no other container gets, and no cache knows them any more'),
}

export const orphanRecord: Fault = {
  id: 'orphan-record',
  title: 'records of containers that have ended',
  severity: 'leak',
  look: (view) => of(view, 'record', 'have left what Patchbay recorded, such as rules or lent links'),
}

/** One finding for each network. */
function of(view: View, trace: Trace, how: string): Finding[] {
  const found = Map.groupBy(
    endedOf(view).filter((one) => one.trace === trace),
    ({ attachment }) => attachment.network,
  )
  return [...found].flatMap(([network, ended]) => {
    const mend = mendOf(view, network, ended)
    if (mend.length === 0) return []
    const cause = `${ended.length} ${ended.length === 1 ? 'attachment' : 'attachments'} of containers that have ended ${how}`
    return [{ subject: network, cause, evidence: ended.slice(0, 3).flatMap(evidenceOf), mend }]
  })
}

function evidenceOf({ attachment, container, files }: Ended) {
  const where = files[0] ?? `${stateDirectory}, attachment ${attachmentKey(attachment)}`
  const [place] = container.places
  return [{ where, value: `its namespace ${place?.path ?? ''} is gone` }]
}

/** Nothing for a network of other projects' plugins, which gc leaves to them. */
function mendOf(view: View, network: string, ended: readonly Ended[]): string[] {
  const { configurations } = hostOf(view)
  const [{ attachment, files }] = ended as [Ended]
  const entry = configurations.cached.find(({ file }) => files.includes(file))
  const chain = entry ? cachedChain(entry) : chainOf(attachment, configurations)
  if (
    chain?.plugins.some(({ type }) => isOfOurs(String(type), view.plugins)) ||
    podmanNetwork(attachment, configurations)
  )
    return [patchbay(`gc ${word(network)}`)]
  return chain ? [] : withoutNetwork(ended)
}

/** No file has the network any more, so gc does not know its plugins. */
function withoutNetwork(ended: readonly Ended[]): string[] {
  const files = ended.flatMap((one) => one.files)
  const records = ended
    .filter((one) => one.trace === 'record')
    .map(({ attachment }) => attachmentHash(attachment))
  return [
    ...inParts(files).map((part) => `rm ${part.map(word).join(' ')}`),
    ...records.map((hash) => `find ${stateDirectory} -name '${hash}*' -delete`),
  ]
}
