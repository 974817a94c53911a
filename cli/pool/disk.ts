/** The steps of protocols that change this host's files. */

import { ifEmpty, lend, takeBack } from '../../shared/ipam/pool/lend.ts'
import type { Disk } from '../../shared/store/connection.ts'
import { home, writeHoldings, writeHost } from '../../shared/store/files.ts'
import type { DiskAnswer } from '../../shared/store/protocol.ts'

const done: DiskAnswer = { done: true }

/** @param directory of the host's identity */
export function diskIn(directory = home): Disk {
  return (step) => {
    if (step.kind === 'leave') return ifEmpty(step.holdings, step.part, () => writeHoldings(step.holdings))
    if (step.kind === 'reserve') return lend(step)
    if (step.kind === 'release') return takeBack(step)
    if (step.kind === 'remember') writeHost(step.memory, directory)
    else writeHoldings(step.holdings)
    return done
  }
}
