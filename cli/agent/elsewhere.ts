/** `#agent` on QuickJS, which has neither TLS nor a loop of events: the Node executable runs the agent. */

import type { Options } from './agent.ts'

/** Undefined: this engine cannot. */
export const runAgent: ((options: Options) => Promise<void>) | undefined = undefined
