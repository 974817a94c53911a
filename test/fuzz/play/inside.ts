/** The program of a world: plays the cases that its parent sends, and answers with what was found. */

import type { Snapshot } from '../../harness/snapshot.ts'
import { replaceAgent } from './agent.ts'
import type { Case, Finding } from './case.ts'
import { arrangeHost, look, restore } from './host.ts'
import type { Place } from './outcome.ts'
import { play } from './play.ts'

/** The answer to a case. A world that is not usable again ends after it. */
export interface Reply {
  findings: Finding[]
  usable: boolean
}

/** What the parent passes on the command line. */
const place: Place = JSON.parse(process.argv[2] ?? '')

async function answer(input: Case, baseline: Snapshot): Promise<Reply> {
  const { findings, unchanged } = await play(input, baseline, place)
  return { findings, usable: unchanged || restore(baseline) }
}

arrangeHost()
replaceAgent(place)
const baseline = look()
process.on('message', async (input: Case) => process.send?.(await answer(input, baseline)))
process.on('disconnect', () => process.exit())
process.send?.('ready')
