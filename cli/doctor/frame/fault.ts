/** A fault of a node as a value: what it is called, and how it is looked for. */

import type * as z from 'zod'
import type { Registry } from '../../../shared/cni/plugin.ts'
import type { answer } from '../../answers/doctor.ts'
import type { LeftOut } from '../../host/left-out.ts'

/**
 * What the faults of one run have in common. What they look at is asked once and remembered by `oncePer`, which takes the view as its
 * key: see `host.ts`.
 */
export interface View {
  plugins: Registry
  /** Is told what could not be looked at, and why: it is printed on standard error, and is no finding. */
  leftOut: LeftOut
}

/** A finding as `doctor` tells it, with what its fault says. */
export type Found = z.infer<typeof answer>[number]

/** `error`: it stops pods or their traffic. `warning`: it will, or may. `leak`: something is held that no container uses. */
export type Severity = Found['severity']

/** What was read, and where: a file, or a command that shows the same (`ip link show dev eth0`). */
export type Evidence = Found['evidence'][number]

/** One instance of a fault. Texts of other programs may be in it as they are: who prints it makes them harmless. */
export interface Finding {
  /** The thing that has the fault: a file, a link, a network. */
  subject: string
  /** What is wrong and what follows from it, in one sentence without a full stop. */
  cause: string
  evidence: readonly Evidence[]
  /** Commands for a shell, which mend it in this order: names in them are words of `form/shell.ts`. */
  mend: readonly string[]
  /** When it differs from that of the fault. */
  severity?: Severity
}

export interface Fault {
  /** In kebab-case: scripts know it by this. */
  id: string
  /** In a few words, without a full stop: `a list's plugin is not installed`. */
  title: string
  severity: Severity
  /** Whether it must not be so before the first pod: `doctor --before` looks for these alone. */
  before?: boolean
  /** The findings; none when all is well. @throws KernelError or CniError: it could not be looked for */
  look(view: View): readonly Finding[] | Promise<readonly Finding[]>
}
