/** What `patchbay pool check` finds. */

import type * as z from 'zod'
import type { answer } from '../answers/pool-check.ts'

export type Checked = z.infer<typeof answer>

/** One finding, with what to do. Texts of other programs may be in it as they are. */
export type Finding = Checked['findings'][number]
