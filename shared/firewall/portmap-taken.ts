/** The refusal of a host port that another attachment has, by the name of that one; of what has ended nothing is refused. */

import { CniError, Code } from '../error/error.ts'
import { isSameInterface, type Recorded } from '../state/former.ts'
import type { Holder } from './portmap-iptables-holders.ts'
import { isOver, kept, recordOf } from './portmap-record.ts'
import { hostPortOf, type Mapping } from './portmap-rules.ts'
import { areOfOneContainer, noteShared } from './portmap-shared.ts'
import { owner } from './table.ts'

/** Refuse ports of attachments that have not ended, for an attachment that asks for them. */
export function refusals(attachment: Recorded) {
  // A container may have thousands of ports: its record is read once.
  const known = new Map<string, 'stays' | undefined>()
  return {
    ofElement(mapping: Mapping, comment: string): 'stays' | undefined {
      if (known.has(comment)) return known.get(comment)
      const holder = recordOf(comment)
      const isEnded = holder !== undefined && hasEnded(holder, attachment)
      if (!isEnded && !(holder && areOfOneContainer(holder, attachment)))
        throw taken(mapping, comment, 'nft list ruleset')
      if (!isEnded) noteShared(attachment)
      const answer = isEnded ? undefined : 'stays'
      known.set(comment, answer)
      return answer
    },
    ofContainer(mapping: Mapping, { network, containerID }: Holder): 'stays' | undefined {
      const holder = kept.all().find((one) => one.network === network && one.containerID === containerID)
      if (holder && hasEnded(holder, attachment)) return undefined
      // Of the reference there is no record.
      const isOwn = holder ? areOfOneContainer(holder, attachment) : containerID === attachment.containerID
      if (isOwn) return 'stays'
      const name = holder ? owner(holder) : `${network}/${containerID}`
      throw taken(mapping, name, `iptables-save -t nat | grep -F ${containerID}`)
    },
  }
}

/** Whether the attachment of a record has ended, or is the same interface of the same container under another name of its network. */
function hasEnded(holder: Parameters<typeof isOver>[0], newer: Recorded): boolean {
  return isSameInterface(holder, newer) || isOver(holder)
}

function taken(mapping: Mapping, name: string, see: string): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `host port ${hostPortOf(mapping)} is taken by ${name}: stop that container, or map another port`,
    hint: 'its name is network/container ID/interface; if it has ended without DEL, GC of its network removes it',
    see,
  })
}
