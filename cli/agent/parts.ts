/** All parts of the agent. */

import type { MakePart } from './part.ts'
import { peers } from './peers/peers.ts'

export const parts: readonly MakePart[] = [peers]
