/** `patchbay pool check`. */

import { wallClock } from '../../shared/kernel/clock.ts'
import type { Answer, Call } from '../form/verb.ts'
import { type Checked, checkedText } from './checked-text.ts'
import { type Contents, readContents } from './contents.ts'
import { findingsIn } from './findings.ts'
import { heldBy } from './here.ts'
import { findingsHere } from './here-findings.ts'
import { inStore, type Session } from './session.ts'

/** Pages of the store are read one after another: what has changed between two of them is no finding of a second look. */
export async function checkPools(call: Call): Promise<Answer> {
  const data = await inStore(call, async (session) => {
    const first = await look(session, call)
    if (first.findings.length === 0) return first
    const again = await look(session, call)
    const seen = new Set(first.findings.map(keyOf))
    return { ...again, findings: again.findings.filter((one) => seen.has(keyOf(one))) }
  })
  return { data, text: (page) => checkedText(page, data), status: data.findings.length > 0 ? 1 : 0 }
}

const keyOf = ({ kind, subject }: Checked['findings'][number]) => `${kind} ${subject}`

async function look({ keys, host, run }: Session, call: Call): Promise<Checked> {
  const contents: Contents = await run(readContents(keys))
  const here = heldBy(call)
  const { pools, hosts, blocks, singles } = contents
  return {
    checked: {
      ...{ pools: pools.size, hosts: hosts.size, blocks: blocks.length, singles: singles.length },
      networks: here.networks.length,
    },
    findings: [
      ...findingsIn(contents, Number(wallClock() / 1_000_000n)),
      ...findingsHere(here, contents, host),
    ],
  }
}
