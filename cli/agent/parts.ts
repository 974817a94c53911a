/** All parts of the agent. */

import type { MakePart } from './part.ts'

export const parts: readonly MakePart[] = []
