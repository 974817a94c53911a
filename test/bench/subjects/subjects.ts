/** All subjects of the benchmark. */

import { alone } from './alone.ts'
import { bridges } from './bridge.ts'
import { cables } from './cables.ts'
import { chains } from './chains.ts'
import { children } from './children.ts'
import { dhcp } from './dhcp.ts'
import { ipam } from './ipam.ts'
import { lent } from './lent.ts'
import { overlay } from './overlay.ts'
import type { Subject } from './subject.ts'

export const subjects: readonly Subject[] = [
  ...bridges,
  ...children,
  ...cables,
  ...overlay,
  ...alone,
  ...lent,
  ...ipam,
  ...dhcp,
  ...chains,
]

/** The subject with this name. @throws when there is none */
export function subjectOf(name: string): Subject {
  const found = subjects.find((subject) => subject.name === name)
  if (!found) throw new Error(`no subject ${name}: ${subjects.map((subject) => subject.name).join(', ')}`)
  return found
}
