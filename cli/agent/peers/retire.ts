/** Takes back what a host has published of VNIs that it serves no more. `pool release` does it for a host that is gone. */

import type { Connection } from '../../../shared/store/connection.ts'
import { allBelow, type Keys } from '../../../shared/store/keys.ts'
import type { RangeAnswer } from '../../../shared/store/protocol.ts'

interface Where {
  connection: Connection
  keys: Keys
  host: string
}

/** Of one answer of the store. */
const PAGE = 5_000

/** The VNIs of which the store says that a host serves them. */
export async function servedInStore({ connection, keys, host }: Where): Promise<number[]> {
  const { from, to } = allBelow(keys.vteps())
  const vnis: number[] = []
  for (let begin = from; ; ) {
    const answer = await connection.ask({ kind: 'range', from: begin, to, limit: PAGE, keysOnly: true })
    const { entries, more } = answer as RangeAnswer
    for (const { key } of entries) {
      const [vni = '', name] = key.slice(from.length).split('/')
      if (name === host && /^\d{1,8}$/.test(vni)) vnis.push(Number(vni))
    }
    const last = entries.at(-1)
    if (!more || !last) return vnis
    begin = `${last.key}\0`
  }
}

/** Removes a host's keys of a VNI. */
export async function retire({ connection, keys, host }: Where, vni: number): Promise<void> {
  await connection.ask({
    kind: 'transact',
    when: [],
    do: [{ remove: { from: keys.vtep(vni, host) } }, { remove: allBelow(keys.neighbours(vni, host)) }],
    otherwise: [],
  })
}
