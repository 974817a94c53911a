/** All parts of the agent. */

import type { MakePart } from './part.ts'
import { peers } from './peers/peers.ts'
import { poolPart } from './pool/part.ts'

export const parts: readonly MakePart[] = [poolPart, peers]
